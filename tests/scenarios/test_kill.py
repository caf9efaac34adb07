"""kill -9 at any moment of an opening, start again: one channel, one card, everybody invited, nothing missing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from bot.demo.workspace import installation
from sandbox import Sandbox
from tests.scenarios.conftest import COMPANY, TOKEN

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Real seconds; nothing takes so long unless it hangs."""
PROMISED = 10.0
"""Real seconds from SIGTERM to the end."""

STEPS = [
    "conversations.create",
    "chat.postMessage",
    "conversations.invite",
    "conversations.setTopic",
    "conversations.setPurpose",
    "pins.add",
    "bookmarks.add",
]


class BotProcess:
    """The bot as a process of its own, as people run it."""

    def __init__(self, slack: Sandbox, folder: Path) -> None:
        (folder / "policy.yml").write_text(
            yaml.safe_dump(COMPANY | {"links": {"runbooks": {"*": "https://runbooks.example.com/"}}})
        )
        self._env = {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "DATABASE_URL": f"sqlite:///{folder}/warroom.db",
            "WARROOM_POLICY": str(folder / "policy.yml"),
            "DATADOG_WEBHOOK_TOKEN": TOKEN,
            "PORT": "0",
            "LOG_LEVEL": "WARNING",
        }
        self._slack = slack
        self._log = folder / "log.txt"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", cwd=ROOT, env=self._env, stdout=log, stderr=log
            )
        await self._slack.until_connected()

    def kill(self) -> None:
        """kill -9, wherever it is."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def gone(self) -> None:
        assert self._process is not None
        await asyncio.wait_for(self._process.wait(), PATIENCE)

    async def stop(self, within: float = PATIENCE) -> int:
        """SIGTERM; returns the exit code. Raises TimeoutError after so many seconds."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), within)


def furnished(slack: Sandbox) -> bool:
    """Whether everything an opening does is visible."""
    rooms = [channel for channel in slack.channels() if channel.name.startswith("inc-1")]
    if not rooms or not rooms[0].pins or not rooms[0].bookmarks:
        return False
    room = rooms[0]
    wanted = {slack.person("ada").id, slack.person("grace").id, *slack.usergroup("sre-oncall").users}
    return (
        wanted <= set(room.members)
        and bool(room.topic)
        and bool(room.purpose)
        and bool(slack.channel("incidents").messages_by_bot())
        and bool(slack.channel("sre-alerts").messages_by_bot())
    )


def assert_exactly_once(slack: Sandbox) -> None:
    """One of everything."""
    rooms = [channel for channel in slack.channels() if channel.name.startswith("inc-")]
    assert [room.name for room in rooms] == ["inc-1-checkout-returns-500s"]
    room = rooms[0]
    assert len(room.messages_by_bot()) == 1, [m.plain() for m in room.messages_by_bot()]
    assert len(room.pins) == 1
    assert len(room.bookmarks) == 1
    assert len(slack.channel("incidents").messages_by_bot()) == 1
    assert len(slack.channel("sre-alerts").messages_by_bot()) == 1


@pytest.fixture
async def workspace() -> AsyncIterator[Sandbox]:
    async with Sandbox.running(app=installation()) as slack:
        yield slack


@pytest.fixture
async def bot(workspace: Sandbox, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """A running bot; nothing of it is left after the test."""
    process = BotProcess(workspace, tmp_path)
    await process.start()
    yield process
    process.kill()


async def declare(slack: Sandbox) -> None:
    ada = slack.person("ada")
    await slack.slash(ada, "general", "/incident", "declare checkout returns 500s --sev 1 grace@example.com")


async def until_furnished(slack: Sandbox) -> None:
    await slack.until(lambda: furnished(slack), why="the opening is finished after the restart")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", STEPS)
async def test_killed_in_the_middle_of_an_opening(
    workspace: Sandbox, bot: BotProcess, method: str, moment: str
) -> None:
    workspace.on_call(method, nth=1, moment=moment, do=bot.kill)
    await declare(workspace)
    await bot.gone()
    await bot.start()
    await until_furnished(workspace)
    assert await bot.stop() == 0
    assert_exactly_once(workspace)


async def test_sigterm_ends_it_in_time_with_nothing_half_done(workspace: Sandbox, bot: BotProcess) -> None:
    await declare(workspace)
    assert await bot.stop(within=PROMISED) == 0
    await bot.start()
    await until_furnished(workspace)
    assert await bot.stop() == 0
    assert_exactly_once(workspace)


async def test_a_restart_while_slack_is_busy_waits_for_it(workspace: Sandbox, tmp_path: Path) -> None:
    workspace.fail("auth.test", "ratelimited", seconds=1)
    bot = BotProcess(workspace, tmp_path)
    try:
        await bot.start()
        assert await bot.stop() == 0
    finally:
        bot.kill()
