"""A process is alive or it ends: whatever of it ends by mistake, work goes on, or its supervisor hears of it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.demo.workspace import installation
from bot.runtime.app import running
from bot.runtime.supervised import Run, Supervised
from sandbox import Sandbox
from tests.scenarios.conftest import WarRoom, settings_for
from warroom.policy import Policy

ROOT = Path(__file__).parents[2]

TASKS = {
    "scheduler",
    "replica",
    "dispatcher",
    "socket",
    "socket watchdog",
    "inbox",
    "memory",
    "directory",
    "figures",
    "private rooms",
    "tidy",
}
"""Everything that must run while the process lives."""


class Fragile(Supervised):
    """Each task can be made to fail or to return; afterwards it works as it should."""

    def __init__(self) -> None:
        super().__init__()
        self.how: dict[str, asyncio.Future[None]] = {}
        self.again: asyncio.Queue[str] = asyncio.Queue()

    def keep(self, name: str, run: Run) -> None:
        end = self.how[name] = asyncio.get_running_loop().create_future()

        async def fragile() -> None:
            if end.done():
                self.again.put_nowait(name)
                await run()
                return
            work = asyncio.create_task(run())
            try:
                await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                by_itself = work.done()
                work.cancel()
                await asyncio.wait({work})
            await (work if by_itself else end)

        super().keep(name, fragile)


def cancel(tasks: Fragile, name: str) -> None:
    tasks.how[name].cancel()
    tasks.task(name).cancel()


def fail(tasks: Fragile, name: str) -> None:
    tasks.how[name].set_exception(ArithmeticError(f"{name} is broken"))


def give_back(tasks: Fragile, name: str) -> None:
    tasks.how[name].set_result(None)


@pytest.fixture
async def room(
    slack: Sandbox, policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WarRoom]:
    monkeypatch.setattr("bot.runtime.app.Supervised", Fragile)
    async with AsyncExitStack() as stack:
        settings = settings_for(slack, f"sqlite:///{tmp_path}/warroom.db")
        bot = await stack.enter_async_context(running(settings, policy, slack.clock))
        await slack.until_connected()
        await bot.idle()
        yield WarRoom(slack, bot)


@pytest.mark.parametrize("end", [cancel, fail, give_back])
async def test_each_task_that_ends_is_begun_again_and_work_goes_on(
    room: WarRoom, end: Callable[[Fragile, str], None]
) -> None:
    tasks = room.bot.tasks
    assert isinstance(tasks, Fragile)
    assert set(tasks.names) == TASKS
    for name in TASKS:
        end(tasks, name)
    async with asyncio.timeout(10):
        assert {await tasks.again.get() for _ in TASKS} == TASKS
    await assert_alive(room)


async def assert_alive(room: WarRoom) -> None:
    """A command is taken in, its effects are performed, and a timer fires because the scheduler rings."""
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    channel = room.channel_of(incident)
    grace = room.slack.person("grace").id
    assert channel.pins
    assert grace not in channel.members
    room.slack.clock.advance(16 * 60)
    await room.slack.until(lambda: grace in channel.members, 10, "the next level is called")


SDK_TASKS = ["message_receiver", "current_session_monitor", "message_processor"]


@pytest.mark.parametrize("name", SDK_TASKS)
async def test_a_task_of_the_sdk_that_ends_costs_seconds_not_the_connection(room: WarRoom, name: str) -> None:
    client = room.bot.socket.client
    before, connections = getattr(client, name), room.slack.sockets.connections
    before.cancel()
    if name != "message_processor":
        await room.slack.until(lambda: room.slack.sockets.connections > connections, 10, "there is a new connection")
    await assert_alive(room)
    assert getattr(client, name) is not before


BROKEN = """
import sys
import bot.runtime.app, bot.runtime.supervised
from bot.cli.app import main

async def broken(world):
    raise ArithmeticError("the disk is gone")

bot.runtime.supervised.PAUSES = ()
bot.runtime.app.tidy = broken
sys.argv = ["bot", "run"]
main()
"""


async def test_a_process_that_cannot_keep_its_tasks_running_ends_with_an_error(tmp_path: Path) -> None:
    async with Sandbox.running(app=installation()) as slack:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            BROKEN,
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "DATABASE_URL": f"sqlite:///{tmp_path}/warroom.db",
                "PORT": "0",
                "LOG_LEVEL": "ERROR",
            },
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(30):
                _, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
    assert process.returncode == 1
    (line,) = errors.decode().splitlines()
    assert line == (
        "The task “tidy” cannot be kept running: it failed with ArithmeticError: the disk is gone. "
        "Warroom ends, so that it can be started again."
    )
