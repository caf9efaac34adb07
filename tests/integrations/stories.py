"""What stories about one integration share: a bot that uses it, and what a test asks of both sides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.integrations import INTEGRATIONS, policy_model, settings_model
from bot.runtime.app import running
from bot.runtime.background_tasks import ask
from bot.settings import Settings
from sandbox import Sandbox
from sandbox.vendors.system import FakeSystem
from tests.scenarios.conftest import COMPANY, WarRoom, settings_for
from warroom.incident.timeline import Entry
from warroom.policy import Policy, check

DECLARE = "checkout returns 500s --sev 1 --team platform"


def policy_of(**more: Any) -> Policy:
    """The company's, with these sections."""
    checked = check(COMPANY | more, policy_model(INTEGRATIONS))
    assert checked.policy is not None, checked.mistakes
    return checked.policy


def settings_of(slack: Sandbox, folder: Path, **more: Any) -> Settings:
    """Those of a bot in that workspace, with these of the integration."""
    known = settings_for(slack, f"sqlite:///{folder}/warroom.db").model_dump()
    return settings_model(INTEGRATIONS)(**(known | more))


@asynccontextmanager
async def room_beside(
    slack: Sandbox, system: FakeSystem, folder: Path, policy: Policy, **settings: Any
) -> AsyncIterator[WarRoom]:
    """A running bot that uses the system."""
    system.today = lambda: slack.clock.now().isoformat()
    async with running(settings_of(slack, folder, **settings), policy, slack.clock) as bot:
        await slack.until_connected()
        await bot.idle()
        yield WarRoom(slack, bot)


async def hook(room: WarRoom, path: str, body: bytes, headers: dict[str, str]) -> int:
    """Post to a webhook, and let it be worked off; returns the status."""
    url = f"http://127.0.0.1:{room.bot.port}{path}"
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        status = answer.status
    await room.settle()
    return status


async def polled(room: WarRoom, integration: str) -> None:
    """Every poll of the integration, and what follows."""
    for each in room.bot.integrations:
        if each.name == integration:
            for poll in each.polls(room.bot.world.policy):
                await ask(room.bot.world, poll)
    await room.settle()


async def entries(room: WarRoom, source: str, number: int = 1) -> list[Entry]:
    """What stands on the timeline from that system."""
    incident = await room.incident(number)
    return [each for each in await room.bot.store.timeline(incident.id) if each.source == source]


async def types(room: WarRoom, who: str, text: str) -> None:
    """/incident and the text in the room of the first incident, and what follows."""
    channel = room.channel_of(await room.incident())
    answer = await room.slack.slash(room.slack.person(who), channel, "/incident", text)
    assert answer.acked, answer.error
    await room.settle()


async def said(room: WarRoom) -> list[str]:
    """What the bot says in the room of the first incident."""
    return [each.plain() for each in room.channel_of(await room.incident()).messages_by_bot()]
