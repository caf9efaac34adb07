"""The whole bot against the sandbox: real Bolt, real Socket Mode, a clock the test winds forward."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.app import Bot, running
from bot.policy_file import built_in
from bot.settings import Settings
from sandbox import Sandbox
from warroom.incident import Incident
from warroom.policy import Policy, check

TOKEN = "hook-secret-for-tests"

COMPANY = {
    "workspace": {"announce": "#incidents", "default_team": "platform"},
    "teams": {
        "platform": {
            "channel": "#sre-alerts",
            "services": ["api", "checkout"],
            "escalation": [
                {"after": "0m", "notify": ["@sre-oncall"]},
                {"after": "15m", "notify": ["grace@example.com"]},
                {"after": "30m", "notify": ["Linus Pauling"], "only": ["SEV-1"]},
            ],
        }
    },
}


class WarRoom:
    """A workspace with a running bot in it, and shorthands for what a test asks most."""

    def __init__(self, slack: Sandbox, bot: Bot) -> None:
        self.slack, self.bot = slack, bot

    async def settle(self) -> None:
        """Until the bot has nothing due and nothing in the works."""
        await self.bot.idle()

    async def wait(self, **duration: float) -> None:
        """Wind the clock of workspace and bot forward."""
        self.slack.clock.advance(timedelta(**duration).total_seconds())
        self.bot.dispatcher.nudge()
        await self.settle()

    async def incident(self, number: int = 1) -> Incident:
        """As stored."""
        found = await self.bot.store.incident_numbered(number)
        assert found is not None, f"there is no incident #{number}"
        return found

    async def declare(self, who: str, text: str) -> Incident:
        """By command, from #general; returns when the room is furnished."""
        before = await self.bot.store.last_number()
        answer = await self.slack.slash(self.slack.person(who), "general", "/incident", f"declare {text}")
        assert answer.acked, answer.error
        await self.settle()
        return await self.incident(before + 1)

    async def hook(self, body: dict[str, Any], token: str = TOKEN) -> int:
        """Datadog calls the webhook; returns the status."""
        url = f"http://127.0.0.1:{self.bot.port}/hooks/datadog"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=body, headers={"X-Warroom-Token": token}) as answer,
        ):
            return answer.status
