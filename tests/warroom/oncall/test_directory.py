"""Names of schedules become the people of the moment; who cannot be reached is said, and the next in turn is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage import Database
from tests.clock import ManualClock
from tests.people import StoredPeople
from tests.stores import fresh_store
from warroom.errors import Retryable
from warroom.incident.declare import unfound
from warroom.oncall.directory import OnCallDirectory
from warroom.oncall.model import Override
from warroom.outbox.changes import Changeset
from warroom.people.model import Person, Resolution, Why
from warroom.people.resolution import nobody_on_call, resolve
from warroom.policy import check

MONDAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PEOPLE = tuple(
    Person(id=f"U{name.upper()}", name=name, email=f"{name}@example.com", deleted=name == "ben")
    for name in ("ada", "ben", "grace", "linus")
)
WEEKLY = {"people": ["ada@example.com", "@ben", "grace"], "handoff": "mon 09:00", "from": "2026-01-05"}


class ElsewhereOnCall:
    """Another system; `people` None: it does not answer."""

    on_call_prefixes: tuple[str, ...] = ("Vendor:",)

    def __init__(self) -> None:
        self.people: tuple[str, ...] | None = ("linus@example.com",)
        self.asked: list[tuple[str, str, datetime]] = []

    async def on_call(self, prefix: str, schedule: str, at: datetime) -> Sequence[str]:
        self.asked.append((prefix, schedule, at))
        if self.people is None:
            raise Retryable("no answer")
        return self.people


class Desk:
    """A directory with two schedules, at a time that the test sets."""

    def __init__(self, store: Database) -> None:
        self.store, self.clock, self.elsewhere = store, ManualClock(MONDAY), ElsewhereOnCall()
        teams = {"sre": {"escalation": [{"after": "0m", "notify": ["schedule:platform", "vendor:P1"]}]}}
        short = {"people": "ada@example.com", "hours": "08:00-10:00"}
        layers: dict[str, Any] = {"platform": {"layers": [WEEKLY]}, "short": {"layers": [short]}}
        checked = check({"teams": teams, "schedules": layers})
        assert checked.policy is not None, checked.mistakes
        self.policy = checked.policy
        people = StoredPeople(store)
        self.directory = OnCallDirectory(people, store, self.policy, self.clock, [self.elsewhere])

    async def ask(self, *names: str) -> Resolution:
        return await resolve(names, self.directory, self.policy)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with fresh_store() as store:
        await store.commit(Changeset(now=MONDAY, people=PEOPLE))
        yield Desk(store)


def ids(people: Resolution) -> list[str]:
    return [match.person.id for match in people.found]


async def test_whoever_is_on_call_at_this_moment_is_meant(desk: Desk) -> None:
    assert ids(await desk.ask("schedule:platform")) == ["UADA"]
    desk.clock.time = MONDAY + timedelta(weeks=2)
    people = await desk.ask("Schedule: PLATFORM")
    assert [(match.person.id, match.via, match.said) for match in people.found] == [
        ("UGRACE", ("schedule platform",), "grace")
    ]
    assert not people.unknown


async def test_who_is_deactivated_is_said_and_the_next_in_turn_is_told(desk: Desk) -> None:
    desk.clock.time = MONDAY + timedelta(weeks=1)
    people = await desk.ask("schedule:platform")
    assert ids(people) == ["UGRACE"]
    assert [(each.said, each.why) for each in people.unknown] == [("@ben", Why.DEACTIVATED)]
    assert unfound(people) == ("@ben",), "it is not passed over in silence"
    assert not nobody_on_call(people)


async def test_the_next_in_turn_skips_whoever_is_on_call_now(desk: Desk) -> None:
    assert ids(await desk.ask("schedule:platform+2")) == ["UGRACE"]
    people = await desk.ask("schedule:platform+1")
    assert (ids(people), [each.said for each in people.unknown]) == (["UGRACE"], ["@ben"])
    assert [each.why for each in (await desk.ask("schedule:platform+3")).unknown] == [Why.NOBODY_ON_CALL]


async def test_an_override_is_followed_from_its_first_moment(desk: Desk) -> None:
    cover = Override(
        id="o1", schedule="platform", start=MONDAY + timedelta(hours=1), end=MONDAY + timedelta(hours=2),
        person="ULINUS", made_at=MONDAY,
    )  # fmt: skip
    elsewhere = cover.copy_with(id="o2", schedule="short", person="UGRACE")
    await desk.store.commit(Changeset(now=MONDAY, overrides=(cover, elsewhere)))
    desk.clock.time = cover.start - timedelta(seconds=1)
    assert ids(await desk.ask("schedule:platform")) == ["UADA"]
    desk.clock.time = cover.start
    assert ids(await desk.ask("schedule:platform")) == ["ULINUS"]
    assert ids(await desk.ask("schedule:platform+1")) == ["UADA"], "whose turn it is comes back"


async def test_a_gap_a_wrong_name_and_everybody_gone_lead_to_nobody_and_say_so(desk: Desk) -> None:
    desk.clock.time = MONDAY + timedelta(hours=2)
    gap = await desk.ask("schedule:short")
    assert [each.why for each in gap.unknown] == [Why.NOBODY_ON_CALL]
    assert [each.why for each in (await desk.ask("schedule:wrong")).unknown] == [Why.NO_SUCH_SCHEDULE]
    await desk.store.commit(Changeset(now=MONDAY, people=tuple(each.copy_with(deleted=True) for each in PEOPLE)))
    gone = await desk.ask("schedule:platform")
    assert [each.why for each in gone.unknown] == [Why.DEACTIVATED] * 3 + [Why.NOBODY_ON_CALL]
    assert nobody_on_call(gap)
    assert nobody_on_call(gone)


async def test_another_systems_schedule_is_asked_there(desk: Desk) -> None:
    assert ids(await desk.ask("vendor:P7KXG1")) == ["ULINUS"]
    assert desk.elsewhere.asked == [("Vendor:", "P7KXG1", MONDAY)]
    assert ids(await desk.ask("sre")) == ["UADA", "ULINUS"], "a team leads there too"
    desk.elsewhere.people = ()
    assert [each.why for each in (await desk.ask("vendor:P7KXG1")).unknown] == [Why.NOBODY_ON_CALL]


async def test_while_another_system_does_not_answer_its_last_answer_holds_for_a_day_and_that_is_said(
    desk: Desk,
) -> None:
    await desk.ask("vendor:P1")
    desk.elsewhere.people = None
    desk.clock.time += timedelta(hours=23)
    people = await desk.ask("vendor:P1")
    assert (ids(people), unfound(people)) == (["ULINUS"], ("vendor:P1",))
    assert [each.why for each in people.unknown] == [Why.ON_CALL_UNREACHABLE]
    desk.clock.time += timedelta(hours=2)
    people = await desk.ask("vendor:P1")
    assert (ids(people), nobody_on_call(people)) == ([], True)
