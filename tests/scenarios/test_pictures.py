"""The picture of an incident in its room and beside its post-mortem, and the chart that one person asked for."""

from __future__ import annotations

import pytest

from blocks import charts
from sandbox import Sandbox
from tests.scenarios.conftest import WarRoom

PNG = b"\x89PNG"

pytestmark = pytest.mark.skipif(not charts.available(), reason="the extra “charts” is not installed")


async def test_the_timeline_is_a_picture_in_the_room_at_the_end_and_beside_the_post_mortem(
    room: WarRoom, slack: Sandbox
) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 2")
    channel = room.channel_of(incident)
    await slack.slash(slack.person("ada"), channel.name, "/incident", "ack")
    await room.wait(minutes=20)
    assert not channel.files, "nothing is drawn while people are at work"
    await slack.slash(slack.person("ada"), channel.name, "/incident", "resolve rolled back")
    await room.settle()
    assert [(file.name, (file.content or b"")[:4]) for file in channel.files] == [(channel.files[0].name, PNG)], (
        "one picture"
    )
    assert channel.files[0].name.startswith("timeline-inc-1-v")
    await slack.slash(slack.person("ada"), channel.name, "/incident", "postmortem")
    await room.settle()
    assert [file.name for file in channel.files[1:]] == ["post-mortem-inc-1-r1.png", "post-mortem-inc-1-r1.md"]


async def test_the_chart_comes_as_a_direct_message_and_nobody_else_sees_it(room: WarRoom, slack: Sandbox) -> None:
    await room.declare("ada", "checkout returns 500s --sev 2")
    await room.wait(minutes=5)
    ada = slack.person("ada")
    await slack.slash(ada, "general", "/incident", "metrics 7d")
    await room.settle()
    assert "1* declared" in slack.ephemerals(ada)[-1].plain()
    shared = [file for file in slack.workspace.files.values() if file.name == "incidents.png"]
    assert [(file.completed, (file.content or b"")[:4]) for file in shared] == [(True, PNG)]
    (where,) = {channel for channel, _ in shared[0].shares}
    assert where.startswith("D"), "a direct conversation"
    assert any(message.files for message in slack.direct(ada))


async def test_without_matplotlib_nothing_is_drawn_and_nothing_fails(
    room: WarRoom, slack: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "available", lambda: False)
    incident = await room.declare("ada", "checkout returns 500s --sev 2")
    channel = room.channel_of(incident)
    await slack.slash(slack.person("ada"), channel.name, "/incident", "resolve rolled back")
    await slack.slash(slack.person("ada"), channel.name, "/incident", "postmortem")
    await room.settle()
    assert [file.name for file in channel.files] == ["post-mortem-inc-1-r1.md"]
    assert await room.bot.store.dead_letters() == []
