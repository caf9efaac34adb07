"""Deliveries overtake each other; the sender's clock says what came last."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clock import NIGHT, ManualClock
from tests.integrations.datadog.conftest import DatadogWarRoom, NoRooms
from tests.people import StoredPeople
from tests.stores import fresh_store
from warroom.alerts import usecases as alerts
from warroom.alerts.parsing import parse
from warroom.incident import usecases as incidents
from warroom.policy import Policy, check
from warroom.ports import Store, World


async def told(night: DatadogWarRoom, word: str, minute: float, event: str = "", **more: object) -> None:
    """Monitor 42 said that so many minutes into the night; it arrives now."""
    at = NIGHT + timedelta(minutes=minute)
    await night.hook(
        alert_id="42",
        alert_title="Errors",
        alert_transition=word,
        event_id=event,
        date=str(int(at.timestamp() * 1000)),
        **more,
    )


@pytest.fixture(autouse=True)
def later(night: DatadogWarRoom) -> None:
    """Half an hour into the night."""
    night.clock.time += timedelta(minutes=30)


async def test_a_trigger_that_its_recovery_overtook_opens_nothing(night: DatadogWarRoom) -> None:
    await told(night, "Recovered", 10)
    await told(night, "Triggered", 9)
    assert await night.count() == 0
    last = (await night.world.store.alerts(1))[0][1]
    assert last is not None
    assert "recovered" in last.why
    await told(night, "Triggered", 11)
    assert await night.count() == 1


async def test_a_recovery_that_is_told_together_with_its_trigger_comes_after_it(night: DatadogWarRoom) -> None:
    both = [
        {"alert_id": "42", "alert_title": "Errors", "alert_transition": word, "date": int(at.timestamp() * 1000)}
        for word, at in (("Triggered", NIGHT), ("Recovered", NIGHT + timedelta(minutes=1)))
    ]
    parsed = parse(json.dumps(both).encode(), "application/json", night.clock.now())
    await alerts.receive(night.world, parsed.alerts, "webhook")
    await night.settle()
    incident = await night.incident()
    assert (incident.alerts.count, incident.alerts.firing) == (1, 0)


async def test_the_recovery_of_another_group_stops_nothing(night: DatadogWarRoom) -> None:
    await told(night, "Recovered", 10, alert_scope="service:a")
    await told(night, "Triggered", 9, alert_scope="service:b")
    assert await night.count() == 1


async def test_a_repeat_that_comes_after_a_newer_recovery_fires_nothing(night: DatadogWarRoom) -> None:
    await told(night, "Triggered", 1)
    await told(night, "Recovered", 10)
    await told(night, "Re-Triggered", 5)
    incident = await night.incident()
    assert (incident.alerts.count, incident.alerts.firing) == (2, 0)
    assert incident.alerts.recovered_at is not None
    await told(night, "Triggered", 12)
    assert (await night.incident()).alerts.firing == 1


async def test_the_newest_of_two_recoveries_counts(night: DatadogWarRoom) -> None:
    for word, minute in [("Triggered", 1), ("Recovered", 3), ("Recovered", 5), ("Triggered", 4)]:
        await told(night, word, minute)
    assert (await night.incident()).alerts.firing == 0


async def test_a_late_trigger_opens_no_second_room_after_the_end(night: DatadogWarRoom) -> None:
    await told(night, "Triggered", 1)
    await told(night, "Recovered", 10)
    incident = await night.incident()
    await incidents.resolve_incident(night.world, incident.id, "UADA")
    await night.settle()
    await told(night, "Triggered", 5, "8000000000000000009")
    assert await night.count() == 1
    await told(night, "Triggered", 12)
    assert await night.count() == 2


async def test_a_recovery_that_was_older_than_the_trigger_is_not_remembered(night: DatadogWarRoom) -> None:
    await told(night, "Triggered", 10)
    await told(night, "Recovered", 9)
    await told(night, "Re-Triggered", 9.5)
    assert (await night.incident()).alerts.firing == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spells=st.lists(st.integers(1, 3), min_size=1, max_size=4), order=st.randoms(use_true_random=False))
def test_in_whatever_order_they_come_the_last_word_counts(spells: list[int], order: Random) -> None:
    """Each spell is so many words that it fires, and a recovery; the last one goes on, or not."""
    words = [word for spell in spells for word in [*["Triggered", "Re-Triggered", "Renotify"][:spell], "Recovered"]]
    words = words[: -1 if order.random() < 0.5 else None]
    story = list(enumerate(words))
    deliveries = [*story, *story[:2]]
    order.shuffle(deliveries)
    assert asyncio.run(fires_after(deliveries)) == (words[-1] != "Recovered")


async def fires_after(deliveries: list[tuple[int, str]]) -> bool:
    """Whether anything fires after deliveries of (minute, word) in that order; there is at most one room."""
    clock, policy = ManualClock(), check({}).policy
    assert policy is not None
    clock.time += timedelta(hours=1)
    async with fresh_store() as store:
        return await _fires(store, clock, policy, deliveries)


async def _fires(store: Store, clock: ManualClock, policy: Policy, deliveries: list[tuple[int, str]]) -> bool:
    world = World(
        store=store, directory=StoredPeople(store), policy=policy, clock=clock, rooms=NoRooms(), nudge=lambda: None
    )
    for minute, word in deliveries:
        at = int((NIGHT + timedelta(minutes=minute)).timestamp() * 1000)
        body = {"alert_id": "42", "alert_title": "Errors", "alert_transition": word, "date": at, "alert_type": "error"}
        parsed = parse(json.dumps(body).encode(), "application/json", clock.now())
        await alerts.receive(world, parsed.alerts, "webhook")
        await alerts.decide_pending(world)
        clock.time += timedelta(seconds=5)
    assert await store.last_number() <= 1
    room = await store.incident_numbered(1)
    return room is not None and room.alerts.firing > 0
