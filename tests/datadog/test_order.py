"""Deliveries overtake each other; the sender's clock says what came last."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.datadog.conftest import NIGHT, Night
from warroom.usecases import progress


async def told(night: Night, word: str, minute: float, event: str = "", **more: object) -> None:
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
def later(night: Night) -> None:
    """Half an hour into the night."""
    night.clock.time += timedelta(minutes=30)


async def test_a_trigger_that_its_recovery_overtook_opens_nothing(night: Night) -> None:
    await told(night, "Recovered", 10)
    await told(night, "Triggered", 9)
    assert await night.count() == 0
    last = (await night.world.store.alerts(1))[0][1]
    assert last is not None
    assert "recovered" in last.why
    await told(night, "Triggered", 11)
    assert await night.count() == 1


async def test_the_recovery_of_another_group_stops_nothing(night: Night) -> None:
    await told(night, "Recovered", 10, alert_scope="service:a")
    await told(night, "Triggered", 9, alert_scope="service:b")
    assert await night.count() == 1


async def test_a_repeat_that_comes_after_a_newer_recovery_fires_nothing(night: Night) -> None:
    await told(night, "Triggered", 1)
    await told(night, "Recovered", 10)
    await told(night, "Re-Triggered", 5)
    incident = await night.incident()
    assert (incident.alerts.count, incident.alerts.firing) == (2, 0)
    assert incident.alerts.recovered_at is not None
    await told(night, "Triggered", 12)
    assert (await night.incident()).alerts.firing == 1


async def test_a_late_trigger_opens_no_second_room_after_the_end(night: Night) -> None:
    await told(night, "Triggered", 1)
    await told(night, "Recovered", 10)
    incident = await night.incident()
    await progress.resolve_incident(night.world, incident.id, "UADA")
    await night.settle()
    await told(night, "Triggered", 5, "8000000000000000009")
    assert await night.count() == 1
    await told(night, "Triggered", 12)
    assert await night.count() == 2


async def test_a_recovery_that_was_older_than_the_trigger_is_not_remembered(night: Night) -> None:
    await told(night, "Triggered", 10)
    await told(night, "Recovered", 9)
    await told(night, "Re-Triggered", 9.5)
    assert (await night.incident()).alerts.firing == 1
