"""The replay of a stored night: on the unchanged policy it is what happened; on another one it says what would differ."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.cli.oncall import stored_alerts
from bot.runtime.directory import CachedDirectory
from integrations.slack.reader import Reader
from tests.scenarios.conftest import COMPANY, WarRoom
from warroom.oncall.directory import OnCallDirectory
from warroom.oncall.model import Override
from warroom.oncall.read_once import KnownOverrides, ReadOnce
from warroom.oncall.replay import MovedClock, ReplayedIncident
from warroom.oncall.simulation import Simulation, simulate
from warroom.outbox.changes import Changeset
from warroom.policy import Policy, check

ESCALATION = [
    {"after": "0m", "notify": ["schedule:platform"]},
    {"after": "15m", "notify": ["grace@example.com"]},
    {"after": "30m", "notify": ["Linus Pauling"], "only": ["SEV-1"]},
]
RULES: list[dict[str, Any]] = [
    {"name": "staging", "when": {"tags": ["env:staging"]}, "drop": True},
    {"name": "memory", "when": {"monitor": "*Memory*"}, "declare": {"severity": "SEV-1"}},
]


def company(rules: list[dict[str, Any]], people: list[str]) -> Policy:
    """The company with a schedule and these rules."""
    layer = {"people": people, "every": "1h", "from": date(2026, 1, 1)}
    platform = COMPANY["teams"]["platform"] | {"escalation": ESCALATION}
    checked = check(
        COMPANY | {"teams": {"platform": platform}, "schedules": {"platform": {"layers": [layer]}}, "rules": rules}
    )
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest.fixture
def policy() -> Policy:
    return company(RULES, ["ada@example.com", "ben@example.com"])


def alert(monitor: str, transition: str = "Triggered", tags: str = "env:prod", number: int = 1) -> dict[str, Any]:
    """As Datadog's webhook sends it."""
    return {
        "id": f"{monitor}-{transition}-{number}",
        "alert_id": str(sum(map(ord, monitor))),
        "alert_cycle_key": f"{monitor}-{number}",
        "alert_title": monitor,
        "alert_transition": transition,
        "alert_type": "success" if transition == "Recovered" else "error",
        "tags": tags,
    }


async def passed(room: WarRoom, minutes: int) -> None:
    """Minute by minute, so that what is due comes when it is due."""
    for _ in range(minutes):
        await room.wait(minutes=1)


async def night(room: WarRoom) -> None:
    """A room by an alert that nobody acknowledges, one that is acknowledged, one declared by hand, a storm, a cover."""
    slack, store = room.slack, room.bot.store
    assert await room.hook(alert("High Memory on api")) == 202
    await room.settle()
    await passed(room, 3)
    for number in range(3):
        await room.hook(alert("High Memory on api", "Renotify", number=1) | {"id": f"again-{number}"})
    await room.hook(alert("CPU of staging", tags="env:staging"))
    await room.hook(alert("Latency of checkout"))
    await room.settle()
    channel = room.channel_of(await room.incident(2))
    await slack.click(slack.person("ben"), channel.name, channel.messages_by_bot()[0], "Acknowledge")
    await room.settle()
    now = slack.clock.now()
    cover = Override(
        id="o",
        schedule="platform",
        start=now,
        end=now + timedelta(hours=1),
        person=slack.person("kwame").id,
        made_at=now,
    )
    await store.commit(Changeset(now=now, overrides=(cover,)))
    await room.declare("chidi", "search is slow --sev 2")
    await passed(room, 35)
    first = room.channel_of(await room.incident(1))
    await slack.click(slack.person("grace"), first.name, first.messages_by_bot()[0], "Acknowledge")
    await room.settle()
    await passed(room, 17)
    await room.hook(alert("High Memory on api", "Recovered"))
    await room.settle()
    await slack.slash(slack.person("grace"), first.name, "/incident", "resolve restarted")
    await room.settle()
    await passed(room, 5)


async def simulated(room: WarRoom, policy: Policy, since: datetime) -> Simulation:
    """The night again under that policy, up to now."""
    store, clock = room.bot.store, MovedClock(since)
    people = CachedDirectory(store, room.bot.world.rooms)  # type: ignore[arg-type]  # the reader is both
    assert isinstance(room.bot.world.rooms, Reader)
    past = [ReplayedIncident(each, await store.timeline(each.id)) for each in await store.incidents()]
    known = await store.overrides(since, since + timedelta(days=1))
    directory = OnCallDirectory(ReadOnce(people), KnownOverrides(known), policy, clock)
    before = await store.store_stats()
    found = await simulate(
        policy, directory, clock, room.bot.world.rooms, stored_alerts(store, since), past, room.slack.clock.now()
    )
    assert await store.store_stats() == before
    return found


async def test_on_the_unchanged_policy_it_is_what_happened_and_on_another_it_says_what_differs(
    room: WarRoom, policy: Policy
) -> None:
    since = room.slack.clock.now()
    await night(room)
    same = await simulated(room, policy, since)
    assert same.pages_before >= 6, "the night is worth replaying"
    assert (same.pages_added, same.pages_gone, same.rooms_gone) == ((), (), ())
    assert [each.happened_as for each in same.rooms] == ["INC-1", "INC-2", "INC-3"]
    assert [(each.severity, each.title) for each in same.rooms] == [
        (each.severity, each.title) for each in reversed(await room.bot.store.incidents())
    ]
    assert len(same.pages) == same.pages_before
    assert same.woken == same.woken_before
    other = company([{"when": {"monitor": "*Memory*"}, "drop": True}], ["mary.j@example.com"])
    differs = await simulated(room, other, since)
    assert differs.rooms_gone == ("INC-1",)
    assert [each.happened_as for each in differs.rooms] == [None, "INC-2", "INC-3"], "staging would have a room"
    mary = room.slack.person("mary.j").id
    assert mary in {page.person for page in differs.pages_added}
    linus = room.slack.person("linus").id
    assert linus in {page.person for page in differs.pages_gone}, "nobody would have been paged for the memory"
