"""An acknowledgement after which nobody is heard of: the commander is paged, then the escalation policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sandbox import SlackUser
from tests.scenarios.conftest import COMPANY, WarRoom
from warroom.incident.events import OnIt, PageReason, PeoplePaged
from warroom.incident.model import Incident
from warroom.policy import Policy, check

QUIET: dict[str, Any] = {"repage_after": "2h", "acknowledge_within": "10m", "update_every": None}


def company(**severity: Any) -> Policy:
    checked = check(COMPANY | {"severities": {"SEV-1": QUIET | severity}})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest.fixture
def policy() -> Policy:
    """The company's; a critical incident is asked after when nobody is heard of for two hours."""
    return company()


async def acknowledged(room: WarRoom) -> Incident:
    """By ada, who is the commander from then on."""
    incident = await room.declare("chidi", "checkout returns 500s --sev 1")
    await room.slack.slash(room.slack.person("ada"), room.channel_of(incident), "/incident", "ack")
    await room.settle()
    return await room.incident(incident.number)


async def silent_pages(room: WarRoom, incident: Incident) -> list[str]:
    return [
        person
        for each in await room.bot.store.timeline(incident.id)
        if isinstance(each.event, PeoplePaged) and each.event.reason is PageReason.SILENCE
        for person in each.event.paged
    ]


def asked(room: WarRoom, incident: Incident) -> list[str]:
    """The pages about silence that stand in the room."""
    found = [message.plain() for message in room.channel_of(incident).messages_by_bot()]
    return [each for each in found if "nobody has posted an update or written here" in each]


def direct(room: WarRoom, to: SlackUser, words: str) -> list[str]:
    return [
        str(message.blocks)
        for channel in room.slack.workspace.channels.values()
        if channel.kind == "im" and to.id in channel.members
        for message in channel.messages_by_bot()
        if words in str(message.blocks)
    ]


async def test_the_commander_is_paged_and_then_level_by_level(room: WarRoom) -> None:
    ada, grace, linus = (room.slack.person(name) for name in ("ada", "grace", "linus"))
    incident = await acknowledged(room)
    await room.wait(minutes=119)
    assert await silent_pages(room, incident) == []
    await room.wait(minutes=2)
    assert await silent_pages(room, incident) == [ada.id]
    assert len(asked(room, incident)) == 1
    assert len(direct(room, ada, "I'm on it")) == 1
    await room.wait(minutes=11)
    assert await silent_pages(room, incident) == [ada.id, grace.id]
    assert len(asked(room, incident)) == 1, "the newer page takes the place of the one before"
    await room.wait(minutes=11)
    assert await silent_pages(room, incident) == [ada.id, grace.id, linus.id]
    await room.slack.say("ada", room.channel_of(incident).name, "I slept, sorry")
    await room.wait(hours=1)
    assert await silent_pages(room, incident) == [ada.id, grace.id, linus.id]
    assert asked(room, incident) == []
    await room.wait(hours=2)
    assert (await silent_pages(room, incident))[3:] == [ada.id], "silent again: the commander first again"


async def test_i_am_on_it_ends_it(room: WarRoom) -> None:
    ada = room.slack.person("ada")
    incident = await acknowledged(room)
    await room.wait(hours=2, minutes=1)
    channel = room.channel_of(incident)
    page = next(each for each in channel.messages_by_bot() if "nobody has posted" in each.plain())
    await room.slack.click("grace", channel, page, "I'm on it")
    await room.settle()
    assert [each.event for each in await room.bot.store.timeline(incident.id)][-1] == OnIt()
    assert asked(room, incident) == []
    assert direct(room, ada, "I'm on it") == []
    await room.wait(minutes=110)
    assert await silent_pages(room, incident) == [ada.id]
    await room.wait(minutes=11)
    assert await silent_pages(room, incident) == [ada.id, ada.id]


async def test_a_second_press_says_that_somebody_is_on_it(room: WarRoom) -> None:
    incident = await acknowledged(room)
    await room.wait(hours=2, minutes=1)
    channel = room.channel_of(incident)
    page = next(each for each in channel.messages_by_bot() if "nobody has posted" in each.plain())
    blocks = [dict(each) for each in page.blocks]
    await room.slack.click("grace", channel, page, "I'm on it")
    await room.settle()
    page.blocks = blocks
    await room.slack.click("linus", channel, page, "I'm on it")
    await room.settle()
    assert any("Somebody is on INC-1 already" in str(each) for each in room.slack.ephemerals("linus"))


@pytest.mark.parametrize("where", ["channel", "thread"])
async def test_what_people_write_counts_and_what_the_bot_and_slack_write_does_not(room: WarRoom, where: str) -> None:
    incident = await acknowledged(room)
    channel = room.channel_of(incident)
    card = next(each for each in channel.log if each.ts == incident.room.card_ts)
    await room.wait(hours=1, minutes=30)
    await room.slack.join("kwame", channel)
    await room.slack.say("ada", channel.name, "still digging", thread=card if where == "thread" else None)
    await room.wait(hours=1, minutes=55)
    assert await silent_pages(room, incident) == []
    await room.wait(minutes=6)
    assert await silent_pages(room, incident) == [room.slack.person("ada").id]


async def test_an_update_counts_and_a_mitigated_incident_is_left_alone(room: WarRoom) -> None:
    incident = await acknowledged(room)
    await room.wait(hours=1, minutes=30)
    await room.slack.slash(room.slack.person("ada"), room.channel_of(incident), "/incident", "update rolling back")
    await room.wait(hours=1, minutes=55)
    assert await silent_pages(room, incident) == []
    await room.slack.slash(room.slack.person("ada"), room.channel_of(incident), "/incident", "mitigate")
    await room.wait(hours=5)
    assert await silent_pages(room, incident) == []
    assert (await room.incident()).deadlines.silence is None


async def test_a_channel_that_cannot_be_read_counts_as_silent(room: WarRoom) -> None:
    incident = await acknowledged(room)
    room.slack.workspace.app.scopes.discard("channels:history")
    await room.wait(hours=2, minutes=1)
    assert await silent_pages(room, incident) == [room.slack.person("ada").id]


async def test_without_the_key_nobody_is_asked() -> None:
    checked = check(COMPANY)
    assert checked.policy is not None
    assert {each.repage_after for each in checked.policy.severities.values()} == {None}
    assert company(repage_after="90m").severities["SEV-1"].repage_after == timedelta(minutes=90)
