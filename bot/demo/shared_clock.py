"""Moves the clock that the sandbox and the bot share, without the bot missing what is due on the way."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.runtime.app import Bot
from sandbox import Sandbox
from warroom.ports import Store

SOON = timedelta(seconds=5)
STEP_TIMEOUT = 20.0
"""Real seconds that `advance_clock` waits for the bot."""


class RunningBot(Protocol):
    """A bot, here or in another process."""

    @property
    def store(self) -> Store: ...

    async def idle(self) -> None:
        """See `Bot.idle`."""


async def settle(slack: Sandbox, bot: RunningBot) -> None:
    """Return when the bot is idle. What is due within seconds, such as a call held back by Slack's limits, is done as well."""
    await _until_idle(slack, bot)
    while (due := await bot.store.next_due()) is not None and due - slack.clock.now() < SOON:
        slack.clock.advance(max(timedelta(0), due - slack.clock.now()))
        await _until_idle(slack, bot)


async def _until_idle(slack: Sandbox, bot: RunningBot) -> None:
    """Return when neither the bot has work nor the sandbox events for it: each of them can cause the other."""
    while True:
        await slack.sockets.until_none_in_flight()
        await bot.idle()
        if not slack.sockets.in_flight:
            return


async def advance_clock(slack: Sandbox, bot: Bot, by: timedelta) -> None:
    """Move the clock forward from one due time to the next, so that each timer and each alert of the company fires at its own time.

    A bot that a planned fault keeps from working is waited for STEP_TIMEOUT real seconds in all.
    """
    end = slack.clock.now() + by
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STEP_TIMEOUT):
            while (due := await _next_due(slack, bot)) is not None and due < end:
                slack.clock.advance(max(timedelta(0), due - slack.clock.now()))
                if slack.company is not None:
                    await slack.company.tell()
                bot.dispatcher.nudge()
                await _until_idle(slack, bot)
    slack.clock.advance(max(timedelta(0), end - slack.clock.now()))
    bot.dispatcher.nudge()


async def _next_due(slack: Sandbox, bot: Bot) -> datetime | None:
    """When the bot, or one of the company's monitors, has something to do."""
    due = [await bot.store.next_due()]
    if slack.company is not None and (alerts := await asyncio.to_thread(slack.company.next_at)) is not None:
        due.append(datetime.fromtimestamp(alerts, UTC))
    return min((each for each in due if each is not None), default=None)
