"""Can the alert channels be read? Said before alerts are missed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.demo.workspace import installation
from integrations.slack.startup import MOST_WAITS, unreadable
from sandbox import Sandbox
from tests.clock import ManualClock


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    """A fresh workspace."""
    async with Sandbox.running(app=installation()) as workspace:
        yield workspace


async def said(slack: Sandbox, clock: ManualClock, *names: str) -> list[str]:
    """What is wrong with these channels; waiting winds the clock."""

    async def wait(seconds: float) -> None:
        clock.advance(seconds)

    return await unreadable(slack.bot_token, slack.api_url, names, clock, wait)


async def test_a_public_channel_is_fine_because_the_bot_enters_by_itself(slack: Sandbox, clock: ManualClock) -> None:
    await slack.create_channel("ada", "alerts")
    assert await said(slack, clock, "#alerts", "alerts") == []
    assert slack.bot_user_id not in slack.channel("alerts").members, "looking changes nothing"


async def test_each_channel_is_named_with_what_to_do(slack: Sandbox, clock: ManualClock) -> None:
    hidden = await slack.create_channel("ada", "hidden", private=True)
    first, second = await said(slack, clock, "#alrets", hidden.id)
    assert first.startswith("the alert channel #alrets (workspace.alert_channels) cannot be read: there is no channel")
    assert "correct its name in the policy" in first
    assert "invite the bot: /invite @Warroom" in second


async def test_a_missing_permission_is_named(slack: Sandbox, clock: ManualClock) -> None:
    channel = await slack.create_channel("ada", "alerts")
    await slack.join(slack.bot_user_id, channel)
    slack.workspace.app.scopes.discard("channels:history")
    (only,) = await said(slack, clock, "#alerts")
    assert "channels:history" in only
    assert "reinstall the app" in only


async def test_a_limit_is_waited_for_but_not_for_ever(slack: Sandbox, clock: ManualClock) -> None:
    await slack.create_channel("ada", "alerts")
    slack.fail("conversations.info", "ratelimited", seconds=7)
    assert await said(slack, clock, "#alerts") == []
    for _ in range(MOST_WAITS + 1):
        slack.fail("conversations.info", "ratelimited", seconds=7)
    (only,) = await said(slack, clock, "#alerts")
    assert "Check again in a few minutes" in only
