"""Deliveries of one room are worked on side by side, but change things in the order in which they arrived."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from integrations.slack.inbox import EVENT
from warroom.outbox.changes import Envelope

PATIENCE = 2.0
"""Seconds that a gesture waits at most for those before it: one that waits for Slack must not hold up a room."""

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
    """`warroom.order.QueuePlace`: the place of one delivery in its lane."""

    def __init__(self, lanes: Lanes, lane: Lane | None) -> None:
        self._lanes, self.lane = lanes, lane
        self.gone = False
        self.first = asyncio.Event()
        """Set when everybody before has left."""

    async def reached(self) -> None:
        """See `warroom.order.QueuePlace.reached`."""
        if self.lane is None or self.gone:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self.first.wait()
        except TimeoutError:
            return

    def left(self) -> None:
        """See `warroom.order.QueuePlace.left`."""
        if not self.gone:
            self.gone = True
            if self.lane is not None:
                self._lanes.advance(self.lane)


class Lanes:
    """Everybody who has a place, by lane."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, deque[LanePlace]] = {}

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
