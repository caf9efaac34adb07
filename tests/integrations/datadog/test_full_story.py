"""The whole bot between a Slack and a Datadog on this machine: a firing monitor, a room, a press, silence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.demo.workspace import workspace
from bot.integrations import policy_model
from bot.runtime.app import running
from sandbox import Sandbox
from tests.integrations.datadog.server import API_KEY, APP_KEY, FakeDatadog
from tests.scenarios.conftest import COMPANY, WarRoom, settings_for
from tests.scenarios.conftest import slack as slack
from warroom.policy import check


@pytest.fixture
async def room(slack: Sandbox, datadog: FakeDatadog, tmp_path: Path) -> AsyncIterator[WarRoom]:
    """The bot with Datadog's keys, which asks Datadog as soon as it is up."""
    now = int(slack.clock.now().timestamp())
    datadog.monitor(42, "Errors on checkout", groups={"service:checkout": ("Alert", now - 60)}, priority=1)
    checked = check(COMPANY | {"datadog": {"incidents": "both"}}, policy_model())
    assert checked.policy is not None, checked.mistakes
    settings = settings_for(slack, f"sqlite:///{tmp_path}/warroom.db").model_copy(
        update={"dd_api_key": SecretStr(API_KEY), "dd_app_key": SecretStr(APP_KEY), "dd_api_url": datadog.url}
    )
    async with running(settings, checked.policy, slack.clock) as bot:
        await slack.until_connected()
        await slack.until(lambda: bool(datadog.asked))
        yield WarRoom(slack, bot)


async def test_from_a_firing_monitor_to_silence(room: WarRoom, datadog: FakeDatadog) -> None:
    await room.settle()
    incident = await room.incident()
    assert (incident.severity, incident.team) == ("SEV-1", "platform")
    channel = room.channel_of(incident)
    (card,) = channel.messages_by_bot()
    grace = room.slack.person("grace")
    for _ in range(2):
        await room.slack.click(grace, channel, card, "Mute 1 h")
        await room.settle()
    assert len(datadog.downtimes) == 1
    said = [message.plain() for message in channel.messages_by_bot()[1:]]
    assert len([line for line in said if "Monitor 42 is muted for service:checkout until" in line]) == 1
    assert any("is muted already" in message.plain() for message in room.slack.ephemerals(grace))
    await room.slack.click(grace, channel, card, "Open monitor")
    (theirs,) = datadog.incidents.values()
    assert theirs["attributes"]["severity"] == "SEV-1"
    await room.slack.click(grace, channel, card, "Resolve")
    assert (await room.slack.submit(grace, await room.slack.modal(grace))).closed
    await room.settle()
    assert theirs["attributes"]["state"] == "resolved"


async def test_the_sandbox_never_asks_a_real_datadog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DD_API_KEY", API_KEY)
    monkeypatch.setenv("DD_APP_KEY", APP_KEY)
    monkeypatch.setenv("DD_API_URL", "http://127.0.0.1:1")
    async with workspace() as (_, bot):
        (datadog,) = [each for each in bot.integrations if each.name == "datadog"]
        assert datadog.missing()
