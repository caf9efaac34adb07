"""A task that lasts as long as the process is started again when it ends, or the process ends with one clear line."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.runtime.app import _until_over
from bot.runtime.scheduler import SILENT, Scheduler
from bot.runtime.supervised import LASTED, PAUSES, Supervised, TaskEnded
from tests.clock import ManualClock

ROOT = Path(__file__).parents[2]


class Time:
    """Pauses take no time; the steady clock shows what the test says."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def steady(self) -> float:
        return self.now


class Work:
    """A task that says when it runs, and ends as the test wants."""

    def __init__(self) -> None:
        self.lives: asyncio.Queue[int] = asyncio.Queue()
        self.end = asyncio.Event()
        self.count = 0
        self.error: Exception | None = None

    async def run(self) -> None:
        self.count += 1
        self.lives.put_nowait(self.count)
        await self.end.wait()
        self.end.clear()
        if self.error is not None:
            raise self.error

    async def life(self) -> int:
        """The number of the next life, once it has begun."""
        async with asyncio.timeout(5):
            return await self.lives.get()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def tasks(time: Time) -> AsyncIterator[Supervised]:
    tasks = Supervised(time.sleep, time.steady)
    yield tasks
    await tasks.end()


def cancel(tasks: Supervised, _work: Work) -> None:
    tasks.task("work").cancel()


def fail(_tasks: Supervised, work: Work) -> None:
    work.error = ArithmeticError("broken")
    work.end.set()


def give_back(_tasks: Supervised, work: Work) -> None:
    work.end.set()


@pytest.mark.parametrize("end", [cancel, fail, give_back])
async def test_it_runs_again_however_it_ended(tasks: Supervised, end: Callable[[Supervised, Work], None]) -> None:
    work = Work()
    tasks.keep("work", work.run)
    for number in (1, 2, 3):
        assert await work.life() == number
        end(tasks, work)
    assert await work.life() == 4


async def test_one_that_keeps_ending_is_given_ever_longer_pauses_and_then_up(tasks: Supervised, time: Time) -> None:
    work = Work()
    tasks.keep("work", work.run)
    for _ in range(len(PAUSES) + 1):
        await work.life()
        fail(tasks, work)
    async with asyncio.timeout(5):
        failure = await tasks.failure()
    assert time.pauses == list(PAUSES)
    assert "“work” cannot be kept running: it failed with ArithmeticError: broken" in str(failure)


async def test_one_that_ran_well_for_a_while_starts_afresh(tasks: Supervised, time: Time) -> None:
    work = Work()
    tasks.keep("work", work.run)
    for _ in range(2 * len(PAUSES)):
        await work.life()
        time.now += LASTED
        fail(tasks, work)
    await work.life()
    assert set(time.pauses) == {PAUSES[0]}


async def test_what_is_ended_stays_so(tasks: Supervised) -> None:
    work, other = Work(), Work()
    tasks.keep("work", work.run)
    tasks.keep("other", other.run)
    await work.life()
    await tasks.end("work")
    assert tasks.names == ["other"]
    assert tasks.task("work").cancelled()
    await tasks.end()
    assert (work.count, other.count) == (1, 1)


async def test_without_its_keeper_the_process_ends(tasks: Supervised) -> None:
    work = Work()
    tasks.keep("work", work.run)
    await work.life()
    (keeper,) = (task for task in asyncio.all_tasks() if task.get_name() == "keeper of work")
    keeper.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(TaskEnded, match="lost its keeper"):
            await _until_over(asyncio.Event(), tasks)


async def test_told_to_stop_it_stops(tasks: Supervised) -> None:
    stop = asyncio.Event()
    over = asyncio.create_task(_until_over(stop, tasks))
    stop.set()
    async with asyncio.timeout(5):
        await over


async def test_a_scheduler_that_does_not_ring_is_replaced(tasks: Supervised) -> None:
    rung = asyncio.Event()
    looks: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    async def sleep(_seconds: float) -> None:
        look = asyncio.get_running_loop().create_future()
        looks.put_nowait(look)
        await look

    scheduler = Scheduler(rung.set, ManualClock(), tasks, sleep)
    scheduler.start()
    broken = None
    for _ in range(SILENT + 1):
        look = await looks.get()
        broken = broken or scheduler._scheduler
        assert broken is not None
        broken.pause()
        look.set_result(None)
    async with asyncio.timeout(5):
        await looks.get()
        await rung.wait()
    assert scheduler._scheduler is not broken
    await scheduler.stop()


MODULES = ["typer", "bot.policy_file", "slack_bolt", "storage"]

INTERRUPTED = """
import importlib.abc, os, runpy, signal, sys

class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            print("importing", name, flush=True)
            os.kill(os.getpid(), {number})

sys.meta_path.insert(0, Interrupt())
sys.argv = ["bot", "run"]
runpy.run_module("bot", run_name="__main__")
"""


async def run(code: str, env: dict[str, str]) -> tuple[int | None, str, str]:
    """A Python process: (exit code, what it printed, its errors)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, said.decode(), errors.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("module", MODULES)
async def test_a_signal_while_it_imports_ends_it_with_0(module: str, number: signal.Signals, tmp_path: Path) -> None:
    env = {
        "SLACK_BOT_TOKEN": "xoxb-sandbox-1",
        "SLACK_APP_TOKEN": "xapp-sandbox-1",
        "DATABASE_URL": f"sqlite:///{tmp_path}/warroom.db",
    }
    code, said, errors = await run(INTERRUPTED.format(module=module, number=int(number)), env)
    assert f"importing {module}" in said, errors
    assert (code, errors) == (0, "")
