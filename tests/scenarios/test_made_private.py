"""A public incident is made private: nobody outside of its channel reads on, wherever it was told before."""

from __future__ import annotations

from tests.scenarios.conftest import WarRoom


async def made_private(room: WarRoom, where: str) -> None:
    slack, ada = room.slack, room.slack.person("ada")
    await slack.slash(ada, where, "/incident", "edit private")
    await room.settle()
    await slack.click(ada, where, slack.ephemerals(ada)[-1], "Make it private")
    await room.settle()
    assert (await room.incident()).private


async def test_the_line_in_the_teams_channel_goes(room: WarRoom) -> None:
    incident = await room.declare("ada", "odd logins in checkout --sev 2")
    (line,) = [each for each in room.slack.channel("sre-alerts").messages_by_bot() if "odd logins" in each.plain()]
    await made_private(room, room.channel_of(incident).name)
    assert line.deleted
    assert (await room.incident()).room.team_ts is None


async def test_a_subscriber_outside_of_the_channel_keeps_no_message(room: WarRoom) -> None:
    incident = await room.declare("ada", "odd logins --sev 2")
    slack, kwame = room.slack, room.slack.person("kwame")
    await slack.slash(kwame, "general", "/incident", "subscribe #1")
    await room.settle()
    assert "odd logins" in slack.direct(kwame)[-1].plain()
    await made_private(room, room.channel_of(incident).name)
    assert all(each.deleted for each in slack.direct(kwame) if "odd logins" in each.plain())
    await slack.slash(slack.person("ada"), room.channel_of(incident).name, "/incident", "update three accounts")
    await room.settle()
    assert not any("three accounts" in each.plain() for each in slack.direct(kwame))
