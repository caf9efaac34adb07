"""Whose work begins next: every room in turn, so that a crowd in one does not keep the others waiting."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class Pace:
    """A lock that goes round among the rooms that wait for it, and within a room from the first to the last."""

    def __init__(self) -> None:
        self._busy = False
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        """Rooms in the order in which they are served next; none of them is empty."""

    @asynccontextmanager
    async def taken(self, room: Hashable) -> AsyncIterator[None]:
        """Hold it. Who is cancelled while waiting hands it on."""
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
