"""Calendars that people's own programs read: who may, and that they show what is so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import icalendar
import pytest

from blocks.ical import LINE, calendar_text
from tests.clock import ManualClock
from tests.people import StoredPeople
from tests.stores import fresh_store
from tests.warroom.oncall.oracle import minutes
from warroom.oncall import feeds, rules
from warroom.oncall.duty import duty_of
from warroom.oncall.feeds import Feed, FeedShift, feed_of, new_link, revoke, window
from warroom.oncall.model import Override, OverrideState
from warroom.outbox.changes import Changeset
from warroom.people.model import Person
from warroom.policy import check
from warroom.ports import World

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
SCHEDULES = {
    "platform": {
        "timezone": "Europe/Berlin",
        "layers": [
            {
                "people": ["ada@example.com", "ben@example.com"],
                "every": "1d",
                "handoff": "09:00",
                "from": date(2026, 1, 1),
            }
        ],
    },
    "web; and, more": {"layers": [{"people": [["ben@example.com", "lost@example.com"]]}]},
}
PEOPLE = (
    Person(id="UADA", display_name="Ada\x1b[31m, the first", email="ada@example.com", tz="Europe/Berlin"),
    Person(id="UBEN", real_name="Ben", email="ben@example.com"),
    Person(id="UKWAME", display_name="Kwame", email="kwame@example.com"),
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A record with three people and two schedules."""
    checked = check({"schedules": SCHEDULES})
    assert checked.policy is not None, checked.mistakes
    async with fresh_store() as store:
        await store.commit(Changeset(now=NOW, people=PEOPLE))
        yield World(
            store=store,
            directory=StoredPeople(store),
            policy=checked.policy,
            clock=ManualClock(NOW),
            rooms=None,  # type: ignore[arg-type]  # nothing is read from the chat
            nudge=lambda: None,
        )


def events_of(feed: Feed | None) -> list[icalendar.Event]:
    """What a calendar program reads."""
    assert feed is not None
    said = calendar_text(feed, NOW)
    assert all(len(line.encode()) <= LINE for line in said.split("\r\n"))
    assert "\x1b" not in said
    return [each for each in icalendar.Calendar.from_ical(said).walk() if isinstance(each, icalendar.Event)]


def moment(at: date | None) -> datetime:
    """Every edge of a shift is a moment."""
    assert isinstance(at, datetime)
    return at


async def cover(world: World, start: datetime, end: datetime, person: str = "UKWAME") -> None:
    override = Override(id=f"o{start:%d%H}", schedule="platform", start=start, end=end, person=person, made_at=NOW)
    await world.store.commit(Changeset(now=NOW, overrides=(override,)))


async def test_every_moment_of_the_calendar_is_as_brute_force_says(world: World) -> None:
    overnight = datetime(2026, 3, 28, 20, 0, tzinfo=UTC), datetime(2026, 3, 29, 4, 0, tzinfo=UTC)
    await cover(world, *overnight)
    events = events_of(await feed_of(world, await new_link(world, "UADA", "platform"), schedule="platform"))
    schedule, overrides = world.policy.schedules["platform"], await world.store.overrides(*window(NOW))
    called = {"ada@example.com": "Ada[31m, the first", "ben@example.com": "Ben", "<@UKWAME>": "Kwame"}
    start, end = window(NOW)
    spans = [(event.start, event.end, str(event["SUMMARY"])) for event in events]
    for at, (expected,) in minutes(schedule, overrides, NOW, NOW + timedelta(days=14))[::17]:
        (summary,) = [said for begins, ends, said in spans if begins <= at < ends]
        assert summary.startswith(called[expected]), at
    lengths = {moment(event.start).date(): (event.end - event.start) for event in events}
    assert lengths[date(2026, 10, 24)] == timedelta(hours=25), "the day on which the clock is put back"
    (covered,) = [said for begins, _, said in spans if begins == overnight[0]]
    assert covered == "Kwame: on call in platform (cover for Ada[31m, the first)"
    assert sum((ends - begins for begins, ends, _ in spans), timedelta(0)) == end - start


async def test_the_day_with_23_hours(world: World) -> None:
    events = events_of(await feed_of(world, await new_link(world, "UADA", "platform"), schedule="platform"))
    (spring,) = [event for event in events if moment(event.start).astimezone(BERLIN).date() == date(2026, 3, 28)]
    assert (spring.end - spring.start, moment(spring.start).astimezone(BERLIN).hour) == (timedelta(hours=23), 9)


async def test_entries_stay_the_same_ones_and_are_unique(world: World) -> None:
    key = await new_link(world, "UADA", "platform")
    before = {event.start: str(event["UID"]) for event in events_of(await feed_of(world, key, schedule="platform"))}
    assert len(set(before.values())) == len(before)
    shift = rules.shift_at(world.policy.schedules["platform"], [], NOW + timedelta(days=2))
    world.clock.advance(86_400)  # type: ignore[attr-defined]
    await cover(world, shift.start + timedelta(hours=1), shift.end)
    after = {event.start: str(event["UID"]) for event in events_of(await feed_of(world, key, schedule="platform"))}
    assert all(after[start] == uid for start, uid in before.items()), "an override adds an entry and moves none"
    assert set(after) - set(before) == {shift.start + timedelta(hours=1)}


async def test_a_persons_own_calendar_has_all_their_shifts_and_nobody_elses(world: World) -> None:
    start = NOW + timedelta(days=1)
    await cover(world, start, start + timedelta(hours=2))
    key = await new_link(world, "UKWAME", None)
    (event,) = events_of(await feed_of(world, key, person="UKWAME"))
    assert (str(event["SUMMARY"]), event.start) == ("On call: platform (cover for Ben)", start)
    bens = events_of(await feed_of(world, await new_link(world, "UBEN", None), person="UBEN"))
    web = [event for event in bens if "web" in str(event["SUMMARY"])]
    assert [str(event["DESCRIPTION"]) for event in web] == ["Together: Ben, lost@example.com"]
    assert str(web[0]["SUMMARY"]) == "On call: web; and, more"


async def test_whatever_is_wrong_with_a_link_it_shows_nothing(world: World) -> None:
    key = await new_link(world, "UADA", "platform")
    link_id, _, secret = key.partition(".")
    other = (await new_link(world, "UBEN", "platform")).partition(".")[2]
    wrong = [
        "",
        "x",
        link_id,
        secret,
        f"{link_id}.",
        f"{link_id}.{other}",
        f"{'0' * 16}.{secret}",
        f"{key}x",
        f" {key}",
    ]
    for each in wrong:
        assert await feed_of(world, each, schedule="platform") is None, each
    assert await feed_of(world, key, schedule="web; and, more") is None, "another schedule's"
    assert await feed_of(world, key, person="UADA") is None
    mine = await new_link(world, "UADA", None)
    assert await feed_of(world, mine, person="UBEN") is None
    assert await feed_of(world, key, schedule="platform") is not None


async def test_a_link_ends_when_it_is_revoked_or_replaced_and_when_its_person_or_schedule_is_gone(world: World) -> None:
    first = await new_link(world, "UADA", "platform")
    second = await new_link(world, "UADA", "platform")
    mine = await new_link(world, "UADA", None)
    assert await feed_of(world, first, schedule="platform") is None
    assert await feed_of(world, second, schedule="platform") is not None
    elsewhere = check({"schedules": {"web; and, more": SCHEDULES["web; and, more"]}}).policy
    assert elsewhere is not None
    assert await feed_of(replace(world, policy=elsewhere), second, schedule="platform") is None
    assert await revoke(world, "UADA", None) == 1
    assert await feed_of(world, mine, person="UADA") is None
    assert await feed_of(world, second, schedule="platform") is not None
    gone = PEOPLE[0].model_copy(update={"deleted": True})
    await world.store.commit(Changeset(now=NOW, people=(gone,)))
    assert await feed_of(world, second, schedule="platform") is None
    assert await revoke(world, "UADA", everything=True) == 1
    assert await world.store.feed_links("UADA") == []


async def test_no_key_is_kept_and_no_two_are_alike(world: World) -> None:
    keys = {await new_link(world, "UADA", "platform") for _ in range(20)}
    assert len(keys) == 20
    (kept,) = await world.store.feed_links("UADA")
    assert not any(key.partition(".")[2] in kept.model_dump_json() for key in keys)


def test_long_and_hostile_words_are_folded_and_escaped() -> None:
    said = "Ä" * 300 + "\r\nBEGIN:VEVENT\nSUMMARY:forged; a, b\\n"
    shift = FeedShift(uid="u@warroom", schedule=said, start=NOW, end=NOW + timedelta(hours=1), people=(said,))
    (event,) = events_of(Feed(schedule="x", person="y", timezone="UTC", shifts=(shift,)))
    assert str(event["SUMMARY"]).startswith("Ä" * 300)
    assert str(event["UID"]) == "u@warroom"


def test_the_window_stands_still_within_a_month() -> None:
    assert (
        window(NOW)
        == window(NOW + timedelta(days=10))
        == (datetime(2026, 2, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC))
    )
    assert window(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == (
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2028, 2, 1, tzinfo=UTC),
    )
    assert feeds.MOST >= 3 * 366


async def test_duty_is_now_what_comes_and_what_is_asked(world: World) -> None:
    async def duty(person: str) -> tuple[list[str], list[str], list[str]]:
        found = await duty_of(world.store, world.directory, world.policy, NOW, person)
        return (
            [each.schedule for each in found.now],
            [each.schedule for each in found.coming],
            [each.override.id for each in found.asked],
        )

    assert await duty("UKWAME") == ([], [], [])
    mine = await duty_of(world.store, world.directory, world.policy, NOW, "UADA")
    others = await duty_of(world.store, world.directory, world.policy, NOW, "UBEN")
    (now,) = [each for each in (*mine.now, *others.now) if each.schedule == "platform"]
    assert now.end.astimezone(BERLIN).hour == 9
    assert [each.endless for each in others.now if each.schedule == "web; and, more"] == [True]
    assert len(mine.coming) == 3
    assert {later.start.date() - first.start.date() for first, later in pairwise(mine.coming)} == {timedelta(days=2)}
    start = NOW + timedelta(days=1)
    usual = {"schedule": "platform", "start": start, "end": start + timedelta(hours=2), "state": OverrideState.ASKED}
    asked = [
        Override.model_validate(usual | {"id": "all", "by": "UADA", "made_at": NOW}),
        Override.model_validate(usual | {"id": "ben", "by": "UADA", "asked": "UBEN", "made_at": NOW}),
    ]
    await world.store.commit(Changeset(now=NOW, overrides=tuple(asked)))
    assert (await duty("UBEN"))[2] == ["ben", "all"]
    assert (await duty("UADA"))[2] == []
    assert (await duty("UKWAME"))[2] == [], "who is in no schedule is not asked"
