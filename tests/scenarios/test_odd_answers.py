"""Slack says ok and nothing else, or no with a code that nobody has heard of: the room is there once, and nothing hangs."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from sandbox.errors import SlackError
from sandbox.methods.registry import METHODS
from tests.scenarios.conftest import WarRoom


@pytest.mark.parametrize("method", ["conversations.create", "chat.postMessage"])
async def test_an_answer_without_what_it_should_hold_is_looked_for(
    room: WarRoom, method: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = METHODS[method]
    empty: list[str] = []

    def only_ok(ws: Any, args: Any) -> Any:
        answer = real.handler(ws, args)
        if empty:
            return answer
        empty.append(method)
        return {}

    monkeypatch.setitem(METHODS, method, dataclasses.replace(real, handler=only_ok))
    await room.declare("ada", "checkout returns 500s --sev 1")
    await room.wait(minutes=1)
    assert empty
    channel = room.channel_of(await room.incident())
    assert len([each for each in room.slack.channels() if each.name.startswith("inc-")]) == 1
    assert len([each for each in channel.messages_by_bot() if "checkout returns 500s" in each.plain()]) == 1
    assert await room.bot.store.dead_letters() == []
    assert "Traceback" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "method", ["conversations.create", "conversations.invite", "pins.add", "conversations.setTopic"]
)
async def test_a_code_nobody_has_heard_of_is_final_and_said(
    room: WarRoom, method: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_ws: Any, _args: Any) -> Any:
        raise SlackError("a_code_of_tomorrow")

    monkeypatch.setitem(METHODS, method, dataclasses.replace(METHODS[method], handler=refused))
    await room.declare("ada", "checkout returns 500s --sev 1")
    dead = await room.bot.store.dead_letters()
    assert len(dead) == 1
    assert "a_code_of_tomorrow" in dead[0].error
    said = [each.plain() for channel in room.slack.channels() for each in channel.messages_by_bot()]
    said += [each.plain() for each in (*room.slack.direct("ada"), *room.slack.ephemerals("ada"))]
    assert any("a_code_of_tomorrow" in each for each in said)
    assert "Traceback" not in capsys.readouterr().out
