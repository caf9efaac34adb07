"""A database of the released version is upgraded, and the bot goes on where that version stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.workspace import installation
from bot.runtime.app import running
from sandbox import Channel, Sandbox, SandboxClock, SlackMessage, SlackUser, UserGroup
from storage import migrate
from tests.scenarios.conftest import WarRoom, settings_for
from tests.storage.test_released import NOW, at, released_sqlite
from warroom.policy import Policy

PEOPLE = (("UADA", "ada", "Ada Lovelace"), ("UBEN", "ben", "Benjamin Banneker"), ("UGRACE", "grace", "Grace Hopper"))


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    """The workspace as it was: the rooms of the incidents, and the messages that the bot had posted there."""
    people = [SlackUser(user, name, real, f"{name}@example.com", name) for user, name, real in PEOPLE]
    groups = [UserGroup("SONCALL", "sre-oncall", "SRE on call", ["ada", "ben"])]
    async with Sandbox.running(people=people, groups=groups, clock=SandboxClock(NOW), app=installation()) as workspace:
        bot = workspace.workspace.bot.id
        for number in (1, 2, 3, 4):
            room = Channel(f"CINC{number}", f"inc-{number}-checkout", bot, 0, members=[bot, "UADA", "UBEN"])
            room.is_private = number == 3
            workspace.workspace.channels[room.id] = room
            if number > 1:
                card = SlackMessage(f"1795230000.00000{number}", room.id, bot, f"INC-{number}", by_app=True)
                room.log.append(card)
        yield workspace


@pytest.fixture
async def room(slack: Sandbox, policy: Policy, tmp_path: Path) -> AsyncIterator[WarRoom]:
    """Today's bot on the upgraded database."""
    url = released_sqlite(tmp_path)
    await migrate(url)
    async with running(settings_for(slack, url), policy, slack.clock) as bot:
        await slack.until_connected()
        await bot.idle()
        yield WarRoom(slack, bot)


OF_DATADOG = {"inc-1:mute", "datadog:monitors", "datadog:monitor:4242", "datadog:incidents"}
"""Effects that this bot, without Datadog's keys, has to refuse."""


def said(room: WarRoom, channel: str) -> str:
    """Everything that the bot posted in a channel, threads too."""
    messages = room.slack.channel(channel).log
    return "\n".join(message.plain() for message in messages if message.by_app)


async def test_what_was_pending_is_done(room: WarRoom) -> None:
    await room.settle()
    first = await room.incident(1)
    assert first.room.card_ts is not None
    card = next(message for message in room.slack.channel("CINC1").log if message.ts == first.room.card_ts)
    assert "Acknowledge" in card.labels()
    assert "you are paged (level 1)" in said(room, "CINC1")
    assert "Severity changed to *SEV-1" in said(room, "CINC1")
    assert room.slack.channel("CINC1").members[-1] == "UGRACE"
    replies = {(message.channel, message.text) for message in room.slack.ephemerals("ada")}
    assert ("CINC1", "You are called to INC-1.") in replies
    assert "Rolling back" in said(room, "CINC2")
    assert room.slack.channel("CINC4").files[0].name
    assert "INC-2" in said(room, "incidents")
    dead = {letter.key for letter in await room.bot.store.dead_letters()}
    assert dead == OF_DATADOG | {"inc-2:post:refused"}


async def test_what_a_process_held_when_it_died_is_done_once(room: WarRoom) -> None:
    await room.settle()
    opened = await room.incident(7)
    assert room.channel_of(opened).name == "inc-7-disk-full-on-db-02"
    assert opened.room.card_ts is not None
    assert [m.text for m in room.slack.ephemerals("ben") if m.channel == "CINC2"] == ["You are the scribe of INC-2."]
    assert len([each for each in room.slack.channels() if each.name.startswith("inc-7")]) == 1


async def test_alerts_that_waited_are_decided(room: WarRoom) -> None:
    await room.settle()
    assert await room.bot.store.pending_alerts(9) == []
    decided = {received.alert.delivery_id: decision for received, decision in await room.bot.store.alerts()}
    assert None not in decided.values()
    assert (await room.incident(8)).title == "Disk almost full"


async def test_who_does_not_acknowledge_is_followed_by_the_next_level(room: WarRoom) -> None:
    await room.settle()
    await room.wait(minutes=12)
    assert "you are paged (level 2)" in said(room, "CINC1")
    assert "UGRACE" in (await room.incident(1)).escalation.paged


async def test_an_acknowledged_incident_keeps_its_rhythm(room: WarRoom) -> None:
    await room.settle()
    before = await room.incident(2)
    assert before.deadlines.update == at(20)
    await room.wait(minutes=21)
    after = await room.incident(2)
    assert after.updates.missed == before.updates.missed + 1
    assert after.deadlines.update is not None
    assert after.deadlines.update > at(20)
    assert "Snooze 15 min" in said(room, "CINC2"), "the reminder with its buttons"
    await room.wait(minutes=20)
    everywhere = "\n".join(said(room, channel) for channel in room.slack.workspace.channels)
    assert "Add a test" in everywhere, "the owner is told directly that the action item is due"
