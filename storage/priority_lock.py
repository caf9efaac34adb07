"""Whose turn it is to write to a database that takes few writers at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

IN_A_ROW = 4


class PriorityLock:
    """A lock with two queues, each first come first served: urgent writers, for whom somebody waits, go before the others.

    As many hold it at the same time as there are `places`. Of those who wait, one that is not urgent is let in after every
    `IN_A_ROW` urgent ones: what a crowd does must not keep the outbox from being settled until leases run out.
    """

    def __init__(self, places: int = 1) -> None:
        self._free = places
        self._in_a_row = 0
        self._queues: tuple[deque[asyncio.Future[None]], ...] = (deque(), deque())

    @asynccontextmanager
    async def taken(self, *, urgent: bool) -> AsyncIterator[None]:
        """Hold it. A writer that is cancelled while waiting hands its turn on."""
        await self.take(urgent=urgent)
        try:
            yield
        finally:
            self.pass_on()

    async def take(self, *, urgent: bool) -> None:
        """Hold it until `pass_on`. Queues before it suspends."""
        if self._free:
            self._free -= 1
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues[0 if urgent else 1].append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.pass_on()
            raise

    def pass_on(self) -> None:
        """To whoever is next."""
        for queue in reversed(self._queues) if self._in_a_row >= IN_A_ROW else self._queues:
            while queue:
                following = queue.popleft()
                if not following.done():
                    self._in_a_row = self._in_a_row + 1 if queue is self._queues[0] else 0
                    following.set_result(None)
                    return
        self._free += 1
