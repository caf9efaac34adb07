"""What an operator sees of a bot at work: ready or why not, and numbers that move."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.scenarios.conftest import WarRoom
from warroom.errors import StoreUnavailable


async def get(room: WarRoom, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{room.bot.port}{path}") as answer:
        return answer.status, await answer.text()


async def metrics(room: WarRoom) -> dict[str, float]:
    status, text = await get(room, "/metrics")
    assert status == 200
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


async def test_numbers_move_with_an_incident(room: WarRoom) -> None:
    await room.declare("ada", "checkout returns 500s --sev 1")
    body: dict[str, Any] = {"id": "1", "title": "High memory", "severity": "critical"}
    assert await room.hook(body) == 202
    await room.settle()
    seen = await metrics(room)
    assert seen['warroom_slack_calls_total{method="conversations.create",outcome="ok"}'] == 2
    assert seen['warroom_ack_seconds_count{kind="slash_commands"}'] == 1
    assert seen['warroom_alerts_total{outcome="opened"}'] == 1
    assert seen['warroom_alerts_received_total{source="webhook"}'] == 1
    assert seen['warroom_work_total{kind="open_room",outcome="done"}'] == 2
    assert seen["warroom_sockets_connected"] == seen["warroom_database_up"] == 1
    assert seen["warroom_outbox_dead_letters"] == 0
    assert sum(value for name, value in seen.items() if name.startswith("warroom_open_incidents")) == 2


async def test_a_bot_without_database_lives_and_is_not_ready(room: WarRoom) -> None:
    assert (await get(room, "/readyz"))[0] == 200
    await room.bot.store.close()
    status, text = await get(room, "/readyz")
    assert status == 503
    assert "database: " in text
    assert (await get(room, "/healthz"))[0] == 200
    assert (await metrics(room))["warroom_database_up"] == 0


async def test_a_database_that_is_frozen_is_named_by_readyz(room: WarRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    async def frozen() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.runtime.app.READY_WITHIN", 0.05)
    monkeypatch.setattr(room.bot.store, "ready", frozen)
    url = f"http://127.0.0.1:{room.bot.port}/readyz"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 503
        assert (await answer.json())["problems"] == ["database: no answer within 0.05 s"]


async def test_a_database_that_cannot_be_written_to_is_named(room: WarRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full() -> None:
        raise StoreUnavailable("database or disk is full. Make room on the disk.")

    monkeypatch.setattr(room.bot.store, "check_writable", full)
    status, text = await get(room, "/readyz")
    assert status == 503
    assert "database: database or disk is full" in text
    seen = await metrics(room)
    assert seen["warroom_database_up"] == 0
    assert seen["warroom_outbox_waiting"] == 0, "what can be read is still counted"
