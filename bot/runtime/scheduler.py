"""When the dispatcher is woken: by APScheduler; what is due is in the database.

A one-second tick is the guarantee, one date job at the next due time the precision, and a watchdog re-arms both when the wall
clock jumps (APScheduler waits by the steady clock for times of the wall clock). Nothing is kept in the scheduler.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import clock
from bot.runtime.supervised import Supervised
from warroom.ports import Clock

NAME = "scheduler"
TICK = "tick"
NEXT = "next-due"
JUMP = 1.0
"""Seconds by which wall and steady clock may drift apart in one second before it counts as a jump."""
SILENT = 5
"""Looks, one a second, at a scheduler that did not ring; then it is replaced by another."""


class Silent(Exception):
    """The scheduler does not ring any more."""


class Scheduler:
    """Calls `ring` every second, and at the moment given to `set`."""

    def __init__(
        self,
        ring: Callable[[], None],
        time: Clock,
        tasks: Supervised | None = None,
        sleep: Callable[[float], Awaitable[None]] = clock.sleep,
    ) -> None:
        self._ring, self._time, self._sleep = ring, time, sleep
        self._kept = tasks or Supervised()
        self._scheduler: AsyncIOScheduler | None = None
        self._unheard = 0
        logging.getLogger("apscheduler").setLevel(logging.WARNING)

    def start(self) -> None:
        """Begin to tick."""
        self._kept.keep(NAME, self._run)

    def set(self, at: datetime | None) -> None:
        """Ring at that moment of the injected clock too; None leaves it to the tick."""
        if at is None or self._scheduler is None or not self._scheduler.running:
            return
        run_at = datetime.fromtimestamp(clock.wall(), UTC) + (at - self._time.now())
        self._scheduler.add_job(self._ticked, "date", run_date=run_at, id=NEXT, replace_existing=True)

    async def _ticked(self) -> None:
        self._unheard = 0
        self._ring()

    async def stop(self) -> None:
        """Ring no more."""
        await self._kept.end(NAME)

    async def _run(self) -> None:
        """The life of one scheduler. Raises Silent when it does not ring any more."""
        scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 10}
        )
        scheduler.add_job(self._ticked, "interval", seconds=1, id=TICK)
        scheduler.start()
        self._scheduler, self._unheard = scheduler, 0
        try:
            await self._watch(scheduler)
        finally:
            if scheduler.running:
                scheduler.shutdown(wait=False)

    async def _watch(self, scheduler: AsyncIOScheduler) -> None:
        drift = clock.wall() - clock.steady()
        while True:
            await self._sleep(1)
            self._unheard += 1
            if not scheduler.running or self._unheard > SILENT:
                raise Silent(f"the scheduler did not ring for {self._unheard} s")
            now = clock.wall() - clock.steady()
            if abs(now - drift) > JUMP:
                scheduler.modify_job(TICK, next_run_time=datetime.fromtimestamp(clock.wall(), UTC))
            drift = now
