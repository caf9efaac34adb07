"""The time as the process knows it: the only file that reads the wall clock or sleeps."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)


def wall() -> float:
    """Seconds since 1970 by the wall clock, which may jump."""
    return time.time()


def steady() -> float:
    """Seconds by a clock that never jumps."""
    return time.monotonic()


async def sleep(seconds: float) -> None:
    """Wait that long by the steady clock."""
    await asyncio.sleep(seconds)
