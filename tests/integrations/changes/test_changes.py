"""Changes of what runs, from a deploy script: by webhook and by command."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from sandbox import Sandbox
from sandbox.vendors.system import FakeSystem
from tests.integrations.stories import DECLARE, hook, policy_of, room_beside
from tests.scenarios.conftest import WarRoom
from tests.scenarios.conftest import slack as slack
from warroom.incident.events import ServiceChanged

TOKEN = {"X-Warroom-Token": "obviously-not-a-token", "Content-Type": "application/json"}


@pytest.fixture
async def room(slack: Sandbox, tmp_path: Path) -> AsyncIterator[WarRoom]:
    """A bot that hears of changes."""
    settings = {"changes_webhook_token": SecretStr("obviously-not-a-token")}
    async with room_beside(slack, FakeSystem(), tmp_path, policy_of(), **settings) as warroom:
        yield warroom


async def post(room: WarRoom, body: object, headers: dict[str, str] = TOKEN) -> int:
    return await hook(room, "/hooks/changes", json.dumps(body).encode(), headers)


async def told(room: WarRoom) -> list[ServiceChanged]:
    incident = await room.incident()
    return [each.event for each in await room.bot.store.timeline(incident.id) if isinstance(each.event, ServiceChanged)]


async def test_changes_of_the_affected_service_within_hours_are_shown(room: WarRoom) -> None:
    now = room.slack.clock.now()

    def change(service: str, **before: float) -> dict[str, str]:
        return {
            "service": service,
            "version": "v7",
            "at": (now - timedelta(**before)).isoformat(),
            "author": "ada <!here>",
        }

    assert await post(room, [change("Checkout", hours=1), change("api", hours=1), change("checkout", hours=9)]) == 202
    assert await post(room, change("Checkout", hours=1)) == 202
    await room.declare("ada", f"{DECLARE} --service checkout")
    (event,) = await told(room)
    assert (event.service, event.version, event.what) == ("Checkout", "v7", "deployment")
    channel = room.channel_of(await room.incident())
    (line,) = [each for each in channel.log if "Changed lately" in each.plain()]
    assert "<!here>" not in str(line.blocks)
    assert await post(room, {"service": "checkout", "kind": "setting", "text": "pool size 5"}) == 202
    assert [each.what for each in await told(room)] == ["deployment", "setting"]
    assert sum("Changed lately" in each.plain() for each in channel.log) == 2


async def test_strangers_and_nonsense_are_refused(room: WarRoom) -> None:
    assert await post(room, {"service": "checkout"}, {}) == 401
    assert await post(room, {"version": "v7"}) == 400
    assert await post(room, [{"service": "checkout"}, 7]) == 202
    assert [each.source for each in await room.bot.store.quarantined()] == ["changes", "changes"]
