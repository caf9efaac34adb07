"""A private incident is invisible to whoever is not in its room."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.conftest import WarRoom

SECRET = "leaked key"
INSIDER, OUTSIDER = "ada", "kwame"


async def told(room: WarRoom, who: str, text: str) -> str:
    """What the person is answered to `/incident text`."""
    person = room.slack.person(who)
    before = len(room.slack.ephemerals(person))
    await room.slack.slash(person, "general", "/incident", text)
    await room.settle()
    return " ".join(message.plain() for message in room.slack.ephemerals(person)[before:])


@pytest.mark.parametrize("text", ["list", "find leaked", "show 1", "timeline 1", "postmortem 1"])
async def test_no_command_shows_it(room: WarRoom, text: str) -> None:
    incident = await room.declare(INSIDER, f"{SECRET} --sev 1 --private")
    await told(room, INSIDER, "resolve #1 key revoked") if text == "postmortem 1" else None
    answer = await told(room, OUTSIDER, text)
    assert answer
    for sign in (SECRET, "INC-1", str(incident.channel_id), str(incident.channel_name)):
        assert sign not in answer
    assert "INC-1" in await told(room, INSIDER, text)


@pytest.mark.parametrize(
    "text", ["ack 1", "update #1 hm", "severity #1 4", "resolve #1", "cancel #1 no", "invite #1 @kwame"]
)
async def test_no_command_moves_it_and_it_sounds_as_if_there_were_none(room: WarRoom, text: str) -> None:
    before = await room.declare(INSIDER, f"{SECRET} --sev 1 --private")
    answer = await told(room, OUTSIDER, text)
    stranger = await told(room, OUTSIDER, text.replace("1", "7", 1))
    assert answer == stranger.replace("7", "1")
    assert (await room.incident()).version == before.version


async def test_nothing_outside_of_the_room_speaks_of_it(room: WarRoom) -> None:
    slack = room.slack
    incident = await room.declare(INSIDER, f"{SECRET} --sev 1 --private")
    await slack.slash(slack.person(INSIDER), incident.channel_id or "", "/incident", "update we revoke it")
    await room.wait(minutes=45)
    for channel in slack.channels():
        if channel.id != incident.channel_id:
            assert [m.plain() for m in channel.messages_by_bot() if SECRET in str(m.blocks) + m.text] == []
    for who, sees in ((INSIDER, True), (OUTSIDER, False)):
        await slack.open_home(slack.person(who))
        await room.settle()
        home = json.dumps(slack.home(slack.person(who)))
        assert (SECRET in home) is sees
    assert slack.person(OUTSIDER).id not in slack.channel(str(incident.channel_id)).members
