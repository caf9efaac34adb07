"""Overrides: kept, found by time, and changed by one writer at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from storage import Database
from tests.clock import ManualClock
from tests.people import StoredPeople
from tests.storage.conftest import Opener
from tests.storage.values import NOW, after, alert, put, take
from warroom.errors import AlreadyDone, Conflict, LeaseLost
from warroom.oncall import shift_change, usecases, user_groups
from warroom.oncall.model import FeedLink, Override, OverrideState, ScheduleState
from warroom.outbox.results import UserGroupKept
from warroom.people.model import Person
from warroom.policy import Policy, check
from warroom.ports import World


def override(name: str, start: float, end: float, **fields: object) -> Override:
    usual: dict[str, object] = {"id": name, "schedule": "sre", "person": "UADA", "made_at": NOW}
    return Override.model_validate(usual | {"start": after(start), "end": after(end)} | fields)


async def test_those_that_touch_a_time_are_found_by_start(store: Database) -> None:
    late, early, other = override("late", 50, 90), override("early", 0, 60), override("other", 10, 20, schedule="web")
    await put(store, overrides=(late, early, other))
    assert [each.id for each in await store.overrides(after(10), after(60))] == ["early", "other", "late"]
    assert [each.id for each in await store.overrides(after(60), after(61))] == ["late"], "the end is not within"
    assert await store.overrides(after(-10), after(0)) == []
    assert await store.override("early") == early.copy_with(version=1)
    assert await store.override("nobody") is None


async def test_the_second_of_two_writers_is_refused_and_writes_nothing(store: Database) -> None:
    await put(store, overrides=(override("o", 0, 60, person=None, state=OverrideState.ASKED),))
    asked = await store.override("o")
    assert asked is not None
    taken = asked.copy_with(person="UADA", state=OverrideState.TAKEN)
    await put(store, overrides=(taken,))
    for late in (asked.copy_with(person="UBEN"), override("o", 0, 60)):
        with pytest.raises(Conflict):
            await put(store, overrides=(override("beside", 0, 60), late))
    assert await store.override("o") == taken.copy_with(version=2)
    assert await store.override("beside") is None


async def test_alerts_are_read_page_by_page_in_order_of_arrival(store: Database) -> None:
    for place, name in enumerate(("old", "a", "b", "c")):
        received = alert(name).copy_with(received_at=after(10 * place))
        await put(store, received=(received,))
    first = await store.alerts_after(0, after(10), 2)
    assert [each.alert.delivery_id for each, _ in first] == ["a", "b"]
    rest = await store.alerts_after(first[-1][0].seq, after(10), 2)
    assert [(each.alert.delivery_id, decision) for each, decision in rest] == [("c", None)]


async def test_what_is_known_of_a_schedule_has_one_writer_at_a_time(store: Database) -> None:
    assert await store.schedule_state("sre") is None
    first = ScheduleState(schedule="sre", people=("UADA",), since=NOW)
    await put(store, schedule_states=(first,))
    known = await store.schedule_state("sre")
    assert known == first.copy_with(version=1)
    with pytest.raises(Conflict):
        await put(store, schedule_states=(first,))
    await put(store, schedule_states=(known.copy_with(people=("UBEN",)),))
    with pytest.raises(Conflict):
        await put(store, schedule_states=(known.copy_with(group=("UADA",)),))
    assert await store.schedule_state("sre") == known.copy_with(people=("UBEN",), version=2)


async def test_links_to_calendars_are_found_by_id_and_by_person_until_they_are_revoked(store: Database) -> None:
    first = FeedLink(id="a1", person="UADA", schedule="sre", digest="d1", made_at=NOW)
    second, other = first.copy_with(id="a0", schedule=None, made_at=after(5)), first.copy_with(id="b1", person="UBEN")
    await put(store, feed_links=(second, other, first))
    assert await store.feed_links("UADA") == [first, second]
    assert [each.id for each in await store.feed_links()] == ["a1", "b1", "a0"], "everybody's, oldest first"
    assert await store.feed_link("b1") == other
    assert await store.feed_link("nobody") is None
    await put(store, feed_links=(first.copy_with(id="a2"),), revoked_feed_links=("a1", "nobody"))
    assert [each.id for each in await store.feed_links("UADA")] == ["a2", "a0"]
    assert await store.feed_link("a1") is None


def world_of(store: Database, policy: Policy) -> World:
    """What one of several processes has."""
    return World(
        store=store,
        directory=StoredPeople(store),
        policy=policy,
        clock=ManualClock(after(0)),
        rooms=None,  # type: ignore[arg-type]  # nothing is read from the chat
        nudge=lambda: None,
    )


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "dynamodb"], indirect=True)
async def test_cover_that_many_take_at_once_in_two_processes_has_one_who_took_it(
    database: str, opening: Opener
) -> None:
    checked = check({"schedules": {"sre": {"layers": [{"people": "ada@example.com"}]}}})
    assert checked.policy is not None
    worlds = [world_of(await opening(database), checked.policy) for _ in range(2)]
    people = tuple(Person(id=f"U{n}", email=f"p{n}@example.com") for n in range(6))
    asked = Override(
        id="o1", schedule="sre", start=NOW, end=after(500), state=OverrideState.ASKED, by="UADA", made_at=NOW
    )
    await put(worlds[0].store, people=people, overrides=(asked,))
    results = await asyncio.gather(
        *(usecases.take(worlds[n % 2], "o1", each.id) for n, each in enumerate(people)), return_exceptions=True
    )
    taken = await worlds[0].store.override("o1")
    assert taken is not None
    assert [each.person for each in results if isinstance(each, Override)] == [taken.person]
    assert [type(each) for each in results if not isinstance(each, Override)] == [AlreadyDone] * 5
    ended = await asyncio.gather(*(usecases.undo(world, "o1", "UADA") for world in worlds), return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["AlreadyDone", "Override"]


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "dynamodb"], indirect=True)
async def test_two_processes_at_once_tell_a_shift_change_once_and_keep_the_group_once(
    database: str, opening: Opener
) -> None:
    checked = check({"schedules": {"sre": {"layers": [{"people": "ada@example.com"}], "user_group": "@sre-oncall"}}})
    assert checked.policy is not None
    ada, ben = Person(id="UADA", email="ada@example.com"), Person(id="UBEN", email="ben@example.com")
    one, two = await opening(database), await opening(database)
    before = ScheduleState(schedule="sre", people=("UBEN",), group=("UBEN",), since=NOW)
    await put(one, people=(ada, ben), schedule_states=(before,), directory_complete=True)
    worlds = [world_of(each, checked.policy) for each in (one, two)]
    await put(one, timers=(shift_change.timer("sre", NOW),))
    (claim,) = await one.claim(now=after(0), limit=10, lease=timedelta(seconds=1))
    (again,) = await two.claim(now=after(60), limit=10, lease=timedelta(minutes=1))
    results = await asyncio.gather(
        *(shift_change.fire(world, each) for world, each in zip(worlds, (claim, again), strict=True)),
        return_exceptions=True,
    )
    assert [type(each) for each in results if each is not None] == [LeaseLost], "the one whose lease was over"
    assert (await two.schedule_state("sre")) == before.copy_with(people=("UADA",), since=after(0), version=2)
    due = {each.effect.kind: each for each in await take(two, after(60)) if each.effect}
    assert sorted(due) == ["keep_user_group", "tell_shift"]
    kept, group = UserGroupKept(schedule="sre", members=("UADA",), by_hand=("UKWAME",)), due["keep_user_group"]
    both = await asyncio.gather(*(user_groups.kept(world, group, kept) for world in worlds), return_exceptions=True)
    assert sorted(type(each).__name__ for each in both) in (["Conflict", "NoneType"], ["LeaseLost", "NoneType"])
    state = await one.schedule_state("sre")
    assert state is not None
    assert (state.group, state.version) == (("UADA",), 3)
    told = [each.effect.kind for each in await take(two, after(60)) if each.effect]
    assert told == ["tell_user_group"]
