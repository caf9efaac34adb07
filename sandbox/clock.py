"""The sandbox's clock. The only file of the sandbox that reads the machine's clock or sleeps."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """The workspace's clock. It runs at the speed of the machine's unless frozen, and can be moved forward.

    Timestamps, trigger and response_url lifetimes, rate limits, scheduled messages and redelivery follow it.
    Acknowledgement deadlines and injected delays take real time, because the app under test runs in real time.
    """

    def __init__(self, start: datetime | None = None, *, frozen: bool = False) -> None:
        self._origin = time.time() if start is None else start.timestamp()
        self._began = time.monotonic()
        self._advanced = 0.0
        self._frozen = frozen
        self._moved: set[asyncio.Future[None]] = set()

    def seconds(self) -> float:
        """Seconds since 1970 by the workspace's clock."""
        running = 0.0 if self._frozen else time.monotonic() - self._began
        return self._origin + running + self._advanced

    def now(self) -> datetime:
        """Aware UTC, by the workspace's clock."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def advance(self, by: float | timedelta) -> None:
        """Move forward by that many seconds and wake everything that is due. ValueError for a negative number."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else float(by)
        if seconds < 0:
            raise ValueError(f"the sandbox clock only goes forward, not by {seconds} s")
        self._advanced += seconds
        for waiter in self._moved:
            if not waiter.done():
                waiter.set_result(None)

    @property
    def waiting(self) -> int:
        """How many tasks wait in `until`."""
        return len(self._moved)

    async def until(self, moment: float) -> None:
        """Return once the workspace's clock shows `moment` (seconds since 1970)."""
        while (missing := moment - self.seconds()) > 0:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._moved.add(waiter)
            try:
                await asyncio.wait({waiter}, timeout=None if self._frozen else missing)
            finally:
                self._moved.discard(waiter)


def steady() -> float:
    """Seconds of real time, by a clock that never jumps; only differences mean something."""
    return time.monotonic()


async def really_wait(seconds: float) -> None:
    """Wait that many seconds of real time."""
    await asyncio.sleep(seconds)
