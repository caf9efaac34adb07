"""A workspace with the whole bot in it, on real time, for measuring."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import yaml
from pydantic import SecretStr

from bot.demo.demo_company import HOOK_SECRET, POLICY, company_policy
from bot.demo.workspace import installation
from bot.integrations import alone, settings_model
from bot.runtime.app import Bot, running
from bot.runtime.observability import set_up_logging
from sandbox import Sandbox

ROOT = Path(__file__).parents[2]


@contextlib.asynccontextmanager
async def place(database: str = "", *, limits: bool = False) -> AsyncIterator[tuple[Sandbox, Bot]]:
    """(workspace, bot); SQLite in a folder of its own unless a URL is given."""
    set_up_logging("ERROR", "console")
    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        async with Sandbox.running(app=installation(), limits=limits) as slack:
            settings = settings_model()(
                slack_bot_token=SecretStr(slack.bot_token),
                slack_app_token=SecretStr(slack.app_token),
                slack_api_url=slack.api_url,
                database_url=SecretStr(database or f"sqlite:///{Path(folder) / 'warroom.db'}"),
                port=0,
                **(alone() | {"datadog_webhook_token": SecretStr(HOOK_SECRET)}),
            )
            async with running(settings, company_policy(), slack.clock) as bot:
                await slack.until_connected()
                await bot.idle()
                yield slack, bot


@contextlib.asynccontextmanager
async def process(slack: Sandbox, database: str = "", *, port: int = 0, tree: Path = ROOT) -> AsyncIterator[int]:
    """`python -m bot run` in `tree`, connected to that workspace, as a process of its own; gives its id.

    With the demo company's policy, on SQLite in a folder of its own unless a URL is given.
    """
    known = slack.sockets.connections
    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        policy = Path(folder) / "policy.yml"
        policy.write_text(yaml.safe_dump(POLICY))
        env = {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "DATABASE_URL": database or f"sqlite:///{folder}/warroom.db",
            "WARROOM_POLICY": str(policy),
            "DATADOG_WEBHOOK_TOKEN": HOOK_SECRET,
            "PORT": str(port),
            "LOG_LEVEL": "ERROR",
        }
        bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "run", cwd=tree, env=env)
        try:
            await slack.until(lambda: slack.sockets.connections > known, 20, "the bot connects")
            yield bot.pid
        finally:
            bot.terminate()
            await bot.wait()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])
