"""The whole bot against the sandbox: real Bolt, real Socket Mode, a clock the test winds forward."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.demo.shared_clock import settle
from bot.demo.workspace import installation
from bot.integrations import alone, settings_model
from bot.runtime.app import Bot, running
from bot.settings import Settings
from sandbox import Channel, Sandbox
from warroom.incident.model import Incident
from warroom.policy import Policy, check

TOKEN = "hook-secret-for-tests"

COMPANY: dict[str, Any] = {
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
        """Until the bot has nothing due and nothing in the works, nor in the next seconds."""
        await settle(self.slack, self.bot)

    async def wait(self, **duration: float) -> None:
        """Wind the clock of workspace and bot forward."""
        self.slack.clock.advance(timedelta(**duration).total_seconds())
        self.bot.dispatcher.nudge()
        await self.settle()

    def channel_of(self, incident: Incident) -> Channel:
        """The incident's room."""
        assert incident.room.channel_id is not None, f"{incident.name} has no room"
        return self.slack.channel(incident.room.channel_id)

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


@pytest.fixture
def policy() -> Policy:
    """The company's policy; a test module may override it."""
    checked = check(COMPANY)
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    """A fresh workspace."""
    async with Sandbox.running(app=installation()) as workspace:
        yield workspace


def settings_for(slack: Sandbox, database: str) -> Settings:
    """The settings of a bot in that workspace."""
    return settings_model()(
        slack_bot_token=SecretStr(slack.bot_token),
        slack_app_token=SecretStr(slack.app_token),
        slack_api_url=slack.api_url,
        database_url=SecretStr(database),
        port=0,
        **(alone() | {"datadog_webhook_token": SecretStr(TOKEN)}),
    )


@pytest.fixture
async def room(slack: Sandbox, policy: Policy, tmp_path: Path) -> AsyncIterator[WarRoom]:
    """The workspace with the bot running in it on the workspace's clock."""
    async with AsyncExitStack() as stack:
        settings = settings_for(slack, f"sqlite:///{tmp_path}/warroom.db")
        bot = await stack.enter_async_context(running(settings, policy, slack.clock))
        await slack.until_connected()
        await bot.idle()
        yield WarRoom(slack, bot)
