"""In which order deliveries are worked on.

Those of one room are worked on side by side, `ROOM_AT_ONCE` of them, but change the incident in the order in which they arrived
(`Lanes`). Whose work begins next goes round among the rooms (`RoundRobinLock`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import structlog

from warroom.outbox.changes import Envelope

log = structlog.get_logger(__name__)

EVENT = "events_api"
"""The kind of a delivery that Slack sends on its own account, not because a person did something in the app."""

PATIENCE = 2.0
"""Seconds in all that a gesture is waited for while it waits for another system: Slack must not hold up a room. For what our
own database takes it is waited for without that limit, so that the order holds under load too.
"""
LONGEST = 60.0
"""Seconds after which a gesture is overtaken whatever it waits for. Nothing should take so long."""

ROOM_AT_ONCE = 64
"""Deliveries of one lane at work at once. Each step of each of them is a step of the event loop and a wait for the database:
were a whole crowd at work together, somebody elsewhere would wait for all of it at every step.
"""

Lane = tuple[bool, str]
"""Whether it is an event, and the channel. People do not wait for a flood of events."""


def lane_of(kept: Envelope) -> Lane | None:
    """The lane of a delivery; None when it happened in no channel."""
    body = kept.body
    event = _part(body, "event")
    for found in (
        body.get("channel_id"),
        body.get("channel"),
        _part(body, "container").get("channel_id"),
        event.get("channel"),
        _part(event, "item").get("channel"),
        _part(event, "channel").get("id"),
    ):
        channel = found.get("id") if isinstance(found, dict) else found
        if isinstance(channel, str) and channel:
            return kept.kind == EVENT, channel
    return None


def _part(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


class LanePlace:
    """`warroom.ports.QueuePlace`: the place of one delivery in its lane."""

    def __init__(self, lanes: Lanes, lane: Lane | None) -> None:
        self._lanes, self.lane = lanes, lane
        self._patience = PATIENCE
        self._at_work = False
        self.gone = False
        self.first = asyncio.Event()
        """Set when everybody before has left."""

    async def begin(self) -> None:
        """Returns when it may be worked on: until `released` it counts among those of its lane that are at work."""
        if self.lane is not None:
            await self._lanes.enter(self.lane)
            self._at_work = True

    def released(self) -> None:
        """It is over, or waits for something else than our own database: another one of its lane may begin."""
        if self._at_work and self.lane is not None:
            self._at_work = False
            self._lanes.leave(self.lane)

    async def reached(self) -> None:
        """See `warroom.ports.QueuePlace.reached`."""
        if self.lane is None or self.gone:
            return
        try:
            async with asyncio.timeout(LONGEST):
                await self.first.wait()
        except TimeoutError:
            log.warning("a gesture overtakes one that does not end", channel=self.lane[1], seconds=LONGEST)

    @contextmanager
    def outside(self) -> Iterator[None]:
        """See `warroom.ports.QueuePlace.outside`."""
        self.released()
        loop = asyncio.get_running_loop()
        began, late = loop.time(), loop.call_later(self._patience, self.left)
        try:
            yield
        finally:
            late.cancel()
            self._patience = max(0.0, self._patience - (loop.time() - began))

    def left(self) -> None:
        """See `warroom.ports.QueuePlace.left`."""
        if not self.gone:
            self.gone = True
            if self.lane is not None:
                self._lanes.advance(self.lane)


class Lanes:
    """Everybody who has a place, by lane."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, deque[LanePlace]] = {}
        self._at_work: dict[Lane, int] = {}
        self._outside: dict[Lane, deque[asyncio.Future[None]]] = {}
        """Who waits to begin, by lane, in the order of arrival."""

    async def enter(self, lane: Lane) -> None:
        """Returns when fewer than ROOM_AT_ONCE of the lane are at work. Each who entered leaves again."""
        if self._at_work.get(lane, 0) < ROOM_AT_ONCE:
            self._at_work[lane] = self._at_work.get(lane, 0) + 1
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outside.setdefault(lane, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.leave(lane)
            raise

    def leave(self, lane: Lane) -> None:
        """The next of the lane takes the place, where one waits."""
        waiting = self._outside.get(lane)
        while waiting:
            following = waiting.popleft()
            if not following.done():
                following.set_result(None)
                return
        self._outside.pop(lane, None)
        left = self._at_work[lane] - 1
        if left:
            self._at_work[lane] = left
        else:
            del self._at_work[lane]

    def join(self, lane: Lane | None) -> LanePlace:
        """The place behind everybody who is there; it must be left."""
        place = LanePlace(self, lane)
        if lane is not None:
            self._lanes.setdefault(lane, deque()).append(place)
            self.advance(lane)
        return place

    def advance(self, lane: Lane) -> None:
        """Whoever has nobody before them may go on."""
        waiting = self._lanes.get(lane)
        while waiting and waiting[0].gone:
            waiting.popleft()
        if waiting:
            waiting[0].first.set()
        elif waiting is not None:
            del self._lanes[lane]


class RoundRobinLock:
    """A lock for whose work begins next: each waiting room in turn, so that a crowd in one does not keep the others
    waiting; within a room in the order of asking.
    """

    def __init__(self) -> None:
        self._busy = False
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        """Rooms in the order in which they are served next; none of them is empty."""

    @asynccontextmanager
    async def taken(self, room: Hashable) -> AsyncIterator[None]:
        """Hold it. One that is cancelled while waiting passes it on."""
        await self._take(room)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, room: Hashable) -> None:
        if not self._busy:
            self._busy = True
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(room, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            room = next(iter(self._waiting))
            waiting = self._waiting.pop(room)
            following = waiting.popleft()
            if waiting:
                self._waiting[room] = waiting  # last in the round again
            if not following.done():
                following.set_result(None)
                return
        self._busy = False
