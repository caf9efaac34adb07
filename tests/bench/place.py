"""A workspace with the whole bot in it, on real time, for measuring."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import SecretStr

from bot.app import Bot, running
from bot.company import HOOK_SECRET, company_policy
from bot.demo import installation
from bot.observability import set_up_logging
from bot.settings import Settings
from sandbox import Sandbox


@contextlib.asynccontextmanager
async def place(database: str = "", *, limits: bool = False) -> AsyncIterator[tuple[Sandbox, Bot]]:
    """(workspace, bot); SQLite in a folder of its own unless a URL is given."""
    set_up_logging("ERROR", "console")
    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        async with Sandbox.running(app=installation(), limits=limits) as slack:
            settings = Settings(
                slack_bot_token=SecretStr(slack.bot_token),
                slack_app_token=SecretStr(slack.app_token),
                slack_api_url=slack.api_url,
                database_url=SecretStr(database or f"sqlite:///{Path(folder) / 'warroom.db'}"),
                port=0,
                datadog_webhook_token=SecretStr(HOOK_SECRET),
            )
            async with running(settings, company_policy(), slack.clock) as bot:
                await slack.until_connected()
                await bot.idle()
                yield slack, bot
