"""Many people ask at once, in a workspace that enforces Slack's limits: everybody is answered, and the room goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.demo.workspace import installation
from sandbox import Sandbox
from sandbox.clock import SandboxClock
from tests.scenarios.conftest import WarRoom
from tests.scenarios.test_crowd import people

ASK = 20
ANSWERED_WITHIN, UPDATE_WITHIN = 2.0, 1.0
"""Seconds of the workspace's clock, which only waiting for a limit moves."""


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    """A workspace with Slack's limits, on a clock that only waiting for one of them moves."""
    async with Sandbox.running(app=installation(), clock=SandboxClock(frozen=True), limits=True) as workspace:
        yield workspace


async def test_twenty_people_are_answered_and_an_update_is_not_held_up(room: WarRoom) -> None:
    slack = room.slack
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    channel = room.channel_of(incident)
    await room.wait(minutes=1)
    asking = people(slack, ASK)
    seen, began = len(slack.workspace.ephemerals), slack.clock.seconds()
    await asyncio.gather(*(slack.slash(person, channel, "/incident", "show") for person in asking))
    await slack.slash("ada", channel, "/incident", "update we are rolling back")
    await room.settle()
    answers = [float(each.ts) for each in slack.workspace.ephemerals[seen:] if "checkout returns 500s" in each.plain()]
    update = next(
        float(each.ts) for each in channel.messages_by_bot() if "rolling back" in each.plain() and not each.edits
    )
    assert len(answers) == ASK
    assert max(answers) - began <= ANSWERED_WITHIN
    assert update - began <= UPDATE_WITHIN
    assert not [call for call in slack.calls if call.outcome == "ratelimited"]
