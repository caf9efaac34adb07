"""Tasks that last as long as the process: whichever ends is started again, or the process ends for its supervisor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from bot import clock
from warroom.errors import WarroomError

log = structlog.get_logger(__name__)

PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before the first, second, ... restart of a task that keeps ending. After the last one the process ends."""
LASTED = 60.0
"""A task that ran for so many seconds before it ended counts as ending for the first time."""

Run = Callable[[], Coroutine[Any, Any, None]]


class TaskEnded(WarroomError):
    """A task without which the process is of no use could not be kept running. The text names it and says why."""


class Supervised:
    """Keeps tasks running, each under a name.

    Every task has a keeper, a task of its own that starts it again when it returns, raises or is cancelled by mistake. A
    keeper that is cancelled by mistake, and a task that ends again and again, end the process: see `failure`.
    """

    def __init__(
        self, sleep: Callable[[float], Awaitable[None]] = clock.sleep, steady: Callable[[], float] = clock.steady
    ) -> None:
        self._sleep, self._steady = sleep, steady
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ending: set[str] = set()
        self._failed = asyncio.Event()
        self._failure = TaskEnded()

    @property
    def names(self) -> list[str]:
        """The tasks that are kept running, in the order in which they were begun."""
        return [name for name in self._keepers if name not in self._ending]

    def task(self, name: str) -> asyncio.Task[None]:
        """The task as it runs now; another one after each restart. Raises KeyError."""
        return self._running[name]

    def keep(self, name: str, run: Run) -> None:
        """Run it until `end`."""
        self._ending.discard(name)
        self._start(name, run)
        self._keepers[name] = asyncio.create_task(self._keep(name, run), name=f"keeper of {name}")

    async def end(self, *names: str) -> None:
        """Cancel these, or all of them without names, and wait until they ended. They are not started again."""
        ending = [name for name in names or list(self._keepers) if name in self._keepers]
        self._ending.update(ending)
        tasks = [tasks[name] for name in ending for tasks in (self._keepers, self._running)]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def failure(self) -> TaskEnded:
        """Returns when a task cannot be kept running: the process should end then, with this error."""
        await self._failed.wait()
        return self._failure

    def _start(self, name: str, run: Run) -> asyncio.Task[None]:
        task = self._running[name] = asyncio.create_task(run(), name=name)
        return task

    async def _keep(self, name: str, run: Run) -> None:
        restarts = 0
        try:
            while True:
                begun = self._steady()
                task = self._running[name]
                await asyncio.wait({task})
                restarts = 0 if self._steady() - begun >= LASTED else restarts
                why, error = _why(task)
                if restarts == len(PAUSES):
                    self._fail(f"The task “{name}” cannot be kept running: {why}.", error)
                    return
                pause = PAUSES[restarts]
                log.error(
                    "a background task ended; it is started again", task=name, why=why, seconds=pause, exc_info=error
                )
                await self._sleep(pause)
                restarts += 1
                self._start(name, run)
        except asyncio.CancelledError:
            if name not in self._ending:
                self._fail(f"The task “{name}” lost its keeper, which was cancelled.", None)
                task = self._running[name]
                if not task.cancelling():
                    task.cancel()
            raise

    def _fail(self, text: str, error: BaseException | None) -> None:
        if not self._failed.is_set():
            self._failure = TaskEnded(f"{text} Warroom ends, so that it can be started again.")
            self._failure.__cause__ = error
            self._failed.set()


def _why(task: asyncio.Task[None]) -> tuple[str, BaseException | None]:
    if task.cancelled():
        return "it was cancelled", None
    error = task.exception()
    return ("it returned", None) if error is None else (f"it failed with {type(error).__name__}: {error}", error)
