"""The alarm clock: APScheduler rings, the database remembers.

A one-second tick is the guarantee, one date job at the next due time the precision, and a watchdog re-arms both when the wall
clock jumps (APScheduler waits by the steady clock for times of the wall clock). Nothing is kept in the scheduler.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import clock
from warroom.ports import Clock

TICK = "tick"
NEXT = "next-due"
JUMP = 1.0
"""Seconds by which wall and steady clock may drift apart in one second before it counts as a jump."""


class Scheduler:
    """Calls `ring` every second, and at the moment given to `set`."""

    def __init__(self, ring: Callable[[], None], time: Clock) -> None:
        self._ring, self._time = ring, time
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 10}
        )
        self._watch: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.add_job(self._rung, "interval", seconds=1, id=TICK)
        self._scheduler.start()
        self._watch = asyncio.create_task(self._watchdog(), name="clock watchdog")

    def set(self, at: datetime | None) -> None:
        """Ring at that moment of the injected clock too; None leaves it to the tick."""
        if at is None or not self._scheduler.running:
            return
        run_at = datetime.fromtimestamp(clock.wall(), UTC) + (at - self._time.now())
        self._scheduler.add_job(self._rung, "date", run_date=run_at, id=NEXT, replace_existing=True)

    async def _rung(self) -> None:
        self._ring()

    async def stop(self) -> None:
        """Ring no more."""
        if self._watch:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _watchdog(self) -> None:
        drift = clock.wall() - clock.steady()
        while True:
            await clock.sleep(1)
            now = clock.wall() - clock.steady()
            if abs(now - drift) > JUMP:
                self._scheduler.modify_job(TICK, next_run_time=datetime.fromtimestamp(clock.wall(), UTC))
            drift = now
