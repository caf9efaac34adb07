"""Deliveries of one room change things in the order in which they arrived, and none of them holds up a room for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import pytest

from bot import clock
from integrations.slack.delivery_order import ROOM_AT_ONCE, Lanes, RoundRobinLock, lane_of
from tests.clock import NIGHT
from warroom.outbox.changes import Envelope
from warroom.ports import PLACE, outside, step_aside

ROOM = (False, "C1")


def delivered(body: dict[str, Any], kind: str = "interactive") -> Envelope:
    return Envelope(key="1", kind=kind, body=body, received_at=NIGHT)


@pytest.mark.parametrize(
    ("body", "channel"),
    [
        ({"command": "/incident", "channel_id": "C1"}, "C1"),
        ({"type": "block_actions", "channel": {"id": "C1", "name": "inc-1"}}, "C1"),
        ({"type": "block_actions", "container": {"channel_id": "C1"}}, "C1"),
        ({"event": {"type": "member_joined_channel", "channel": "C1"}}, "C1"),
        ({"event": {"type": "reaction_added", "item": {"channel": "C1", "ts": "1"}}}, "C1"),
        ({"event": {"type": "channel_rename", "channel": {"id": "C1"}}}, "C1"),
        ({"event": {"type": "team_join", "user": {"id": "U1"}}}, None),
        ({"event": "odd", "channel": ["odd"]}, None),
    ],
)
def test_the_lane_of_a_delivery_is_its_room(body: dict[str, Any], channel: str | None) -> None:
    assert lane_of(delivered(body)) == ((False, channel) if channel else None)


def test_events_have_lanes_of_their_own() -> None:
    assert lane_of(delivered({"event": {"channel": "C1"}}, "events_api")) == (True, "C1")


class Room:
    """Gestures that change the room when they reach their place."""

    def __init__(self) -> None:
        self.lanes = Lanes()
        self.changed: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    def arrives(
        self, name: str, ready: asyncio.Event | None = None, *, changes: bool = True, elsewhere: bool = False
    ) -> None:
        place = self.lanes.join(ROOM)

        async def work() -> None:
            if ready is not None:
                with place.outside() if elsewhere else nullcontext():
                    await ready.wait()
            if changes:
                await place.reached()
                self.changed.append(name)
            place.left()

        self.tasks.append(asyncio.create_task(work()))

    async def done(self) -> list[str]:
        async with asyncio.timeout(5):
            await asyncio.gather(*self.tasks)
        return self.changed


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    yield room
    for task in room.tasks:
        task.cancel()


async def test_whoever_was_slow_still_comes_first(room: Room) -> None:
    slow = asyncio.Event()
    room.arrives("1", slow)
    room.arrives("2")
    room.arrives("3")
    await asyncio.wait(room.tasks, timeout=0)
    assert room.changed == []
    slow.set()
    assert await room.done() == ["1", "2", "3"]


async def test_who_changes_nothing_holds_nobody_up(room: Room) -> None:
    room.arrives("1", changes=False)
    room.arrives("2")
    assert await room.done() == ["2"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.slack.delivery_order.PATIENCE", 0.0)


@pytest.mark.usefixtures("impatient")
async def test_one_that_waits_for_another_system_is_overtaken(room: Room) -> None:
    answered = asyncio.Event()
    room.arrives("1", answered, elsewhere=True)
    room.arrives("2")
    await asyncio.wait(room.tasks[1:])
    answered.set()
    assert await room.done() == ["2", "1"]


@pytest.mark.usefixtures("impatient")
async def test_one_that_waits_for_our_own_database_keeps_its_place(room: Room) -> None:
    stored = asyncio.Event()
    room.arrives("1", stored)
    room.arrives("2", elsewhere=True)
    room.arrives("3")
    await asyncio.wait(room.tasks, timeout=0)
    assert room.changed == []
    stored.set()
    assert (await room.done())[0] == "1"


async def test_a_short_call_of_another_system_costs_nobody_their_place(room: Room) -> None:
    answered = asyncio.Event()
    room.arrives("1", answered, elsewhere=True)
    room.arrives("2")
    await asyncio.wait(room.tasks, timeout=0)
    answered.set()
    assert await room.done() == ["1", "2"]


async def test_one_that_does_not_end_is_overtaken_at_last(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.slack.delivery_order.LONGEST", 0.0)
    never = asyncio.Event()
    room.arrives("1", never)
    room.arrives("2")
    await asyncio.wait(room.tasks[1:])
    assert room.changed == ["2"]


async def test_calls_of_other_systems_say_so() -> None:
    lanes = Lanes()
    first, second = lanes.join(ROOM), lanes.join(ROOM)
    PLACE.set(first)
    with outside():
        assert not second.first.is_set()
    assert not first.gone
    PLACE.set(None)
    with outside():
        assert not first.gone


async def test_who_steps_aside_is_not_waited_for() -> None:
    lanes = Lanes()
    first, second = lanes.join(ROOM), lanes.join(ROOM)
    PLACE.set(first)
    assert not second.first.is_set()
    step_aside()
    async with asyncio.timeout(5):
        await second.reached()
    second.left()
    assert lanes.join(ROOM).first.is_set(), "an empty lane is forgotten"


async def test_without_a_room_nobody_waits() -> None:
    lanes = Lanes()
    lanes.join(None)
    async with asyncio.timeout(5):
        await lanes.join(None).reached()


async def test_every_room_has_its_turn_and_within_a_room_the_first_comes_first() -> None:
    lock, order = RoundRobinLock(), list[str]()
    inside, leave = asyncio.Event(), asyncio.Event()

    async def begin(room: str, name: str) -> None:
        async with lock.taken(room):
            inside.set()
            if name == "first":
                await leave.wait()
            order.append(name)

    tasks = [asyncio.create_task(begin("crowd", "first"))]
    await inside.wait()
    for room, name in (("crowd", "1"), ("crowd", "gone"), ("crowd", "2"), ("crowd", "3"), ("other", "list")):
        tasks.append(asyncio.create_task(begin(room, name)))
    await asyncio.wait(tasks, timeout=0)
    tasks[2].cancel()
    leave.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["first", "1", "list", "2", "3"]
    await begin("other", "free again")


async def test_so_many_of_a_lane_are_at_work_at_once_and_the_others_begin_in_their_order() -> None:
    lanes, began = Lanes(), list[int]()
    places = [lanes.join(ROOM) for _ in range(ROOM_AT_ONCE + 3)]

    async def begin(number: int) -> None:
        await places[number].begin()
        began.append(number)

    tasks = [asyncio.create_task(begin(number)) for number in range(len(places))]
    elsewhere = lanes.join((False, "C2"))
    await elsewhere.begin()
    await clock.sleep(0)
    assert began == list(range(ROOM_AT_ONCE)), "another lane takes no place from this one"
    with places[7].outside():
        await clock.sleep(0)
        assert began[ROOM_AT_ONCE:] == [ROOM_AT_ONCE], "who waits for another system makes room"
    places[7].released()
    tasks[ROOM_AT_ONCE + 1].cancel()
    places[8].released()
    places[8].released()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert began[ROOM_AT_ONCE:] == [ROOM_AT_ONCE, ROOM_AT_ONCE + 2], "a place that is given back twice is one place"


async def test_one_that_is_cancelled_as_it_is_let_in_leaves_its_place_to_the_next() -> None:
    lanes = Lanes()
    places = [lanes.join(ROOM) for _ in range(ROOM_AT_ONCE + 2)]
    for place in places[:ROOM_AT_ONCE]:
        await place.begin()
    first, second = (asyncio.create_task(place.begin()) for place in places[ROOM_AT_ONCE:])
    await clock.sleep(0)
    places[0].released()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    async with asyncio.timeout(10):
        await second
