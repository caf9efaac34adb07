"""Channels of incidents that are over are archived when the policy says so; what becomes of one that is needed again."""

from __future__ import annotations

import pytest

from blocks.postmortem_document import draft
from sandbox import SlackMessage
from tests.scenarios.conftest import COMPANY, WarRoom
from tests.scenarios.test_correcting import answer
from warroom.incident import lifecycle
from warroom.incident.change import change
from warroom.incident.decision import Decision
from warroom.incident.model import Incident, State
from warroom.policy import Policy, check
from warroom.postmortem.usecases import edit_postmortem, publish_postmortem


@pytest.fixture
def policy() -> Policy:
    """The company's, which archives after three days."""
    checked = check(COMPANY | {"workspace": COMPANY["workspace"] | {"archive_after": "3d"}})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


def said(room: WarRoom, channel: str, part: str) -> list[SlackMessage]:
    log = room.slack.channel(channel).log
    return [each for each in log if each.by_app and not each.deleted and part in each.plain()]


async def test_the_channel_is_told_a_day_before_and_archived_once(room: WarRoom) -> None:
    incident = await room.declare("ada", "search is slow --sev 3")
    channel = room.channel_of(incident)
    await answer(room, "ada", "action add buy a bigger index @ben due in two weeks", channel.name)
    await answer(room, "ada", "resolve restarted it", channel.name)
    await room.wait(hours=25)
    assert (await room.incident()).state is State.CLOSED
    await room.wait(hours=46)
    assert not said(room, channel.id, "will be archived")
    await room.wait(hours=3)
    (told,) = said(room, channel.id, "will be archived")
    assert "1 action item still open" in told.plain()
    assert not channel.is_archived
    await room.wait(hours=25)
    assert channel.is_archived
    calls = [each for each in room.slack.calls if each.method == "conversations.archive"]
    assert len(calls) == 1
    before = len(room.slack.calls)
    await answer(room, "ada", "action #1 done 1")
    assert (await room.incident()).actions[0].done_at is not None
    assert not [each for each in room.slack.calls[before:] if each.args.get("channel") == channel.id]
    assert "Channel archived" in (await answer(room, "ada", "timeline #1")).plain()


async def test_keep_channel_keeps_it(room: WarRoom) -> None:
    incident = await room.declare("ada", "search is slow --sev 3")
    channel = room.channel_of(incident)
    await answer(room, "ada", "cancel a drill", channel.name)
    await room.wait(hours=49)
    (told,) = said(room, channel.id, "will be archived")
    await room.slack.click("ben", channel, told, "Keep channel")
    await room.settle()
    assert "keeps this channel" in told.plain()
    assert told.labels() == []
    await room.wait(days=9)
    assert not channel.is_archived


async def test_without_the_setting_nothing_is_archived_and_a_setting_that_is_gone_does_nothing(room: WarRoom) -> None:
    incident = await room.declare("ada", "search is slow --sev 3")
    await answer(room, "ada", "cancel a drill", room.channel_of(incident).name)
    assert (await room.incident()).deadlines.archive is not None
    checked = check(COMPANY)
    assert checked.policy is not None
    object.__setattr__(room.bot.world, "policy", checked.policy)
    await room.wait(days=9)
    assert not room.channel_of(incident).is_archived
    assert (await room.incident()).deadlines.archive is None


async def test_an_incident_whose_channel_was_archived_goes_on_in_a_new_one(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2 @ben")
    old = room.channel_of(incident)
    await answer(room, "ada", "ack", old.name)
    await answer(room, "ada", "resolve failed over", old.name)
    await room.slack.archive("grace", old)
    await room.settle()
    assert (await room.incident()).room.archived_at is not None
    await answer(room, "ada", "reopen #1")
    after = await room.incident()
    new = room.channel_of(after)
    assert new.id != old.id
    assert after.state is State.ACKNOWLEDGED
    assert {room.slack.person(name).id for name in ("ada", "ben")} <= set(new.members)
    assert said(room, new.id, "Reopened here")
    assert [pin.ts for pin in new.pins] == [after.room.card_ts]
    assert f"<#{new.id}" in str([each.blocks for each in room.slack.channel("incidents").log])
    await room.wait(minutes=31)
    assert said(room, new.id, "for an update"), "the rhythm goes on"
    assert await room.bot.store.dead_letters() == []


async def test_a_closed_incident_is_reopened_in_a_new_channel_resolved_and_published_again(room: WarRoom) -> None:
    incident = await room.declare("ada", "search is slow --sev 3")
    old = room.channel_of(incident)
    await answer(room, "ada", "ack", old.name)
    await answer(room, "ada", "resolve restarted it", old.name)
    await edit_postmortem(
        room.bot.world, incident.id, "UADA", {"summary": "s", "impact": "i", "root_cause": "r"}, draft
    )
    await publish_postmortem(room.bot.world, incident.id, "UADA", draft)
    await room.wait(hours=49)
    await room.wait(hours=25)
    assert old.is_archived
    await answer(room, "ada", "reopen #1")
    after = await room.incident()
    new = room.channel_of(after)
    assert (after.state, after.closed_at, after.room.earlier) == (State.ACKNOWLEDGED, None, (old.id,))
    assert said(room, new.id, "Reopened here")
    await room.wait(minutes=61)
    assert said(room, new.id, "for an update"), "the rhythm goes on"
    await answer(room, "ada", "resolve a bigger index", new.name)
    assert (await room.incident()).postmortem is not None
    await publish_postmortem(room.bot.world, incident.id, "UADA", draft)
    await room.settle()
    assert (await room.incident()).state is State.CLOSED
    assert said(room, new.id, "published"), "it is shared where the incident goes on"
    await room.wait(hours=49)
    await room.wait(hours=25)
    assert new.is_archived
    assert await room.bot.store.dead_letters() == []


async def test_a_channel_that_a_person_unarchived_is_used_again(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    channel = room.channel_of(incident)
    await answer(room, "ada", "resolve failed over", channel.name)
    await room.slack.archive("grace", channel)
    await room.slack.unarchive("grace", channel)
    await room.settle()
    await answer(room, "ada", "reopen #1")
    after = await room.incident()
    assert (after.room.channel_id, after.room.archived_at) == (channel.id, None)
    assert said(room, channel.id, "Reopened")
    card = next(each for each in channel.log if each.ts == after.room.card_ts)
    assert "Acknowledged" in card.plain()


async def test_archiving_an_open_incident_is_said_where_people_look(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    channel = room.channel_of(incident)
    await room.slack.archive("grace", channel)
    await room.settle()
    await answer(room, "ada", "ack #1")
    assert said(room, "incidents", "archived the channel of INC-1")
    assert await room.bot.store.dead_letters() == []


async def test_an_incident_that_somebody_elsewhere_acknowledged_asks_once_who_commands(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    channel = room.channel_of(incident)

    async def elsewhere(found: Incident, now: object) -> Decision:
        return lifecycle.acknowledge(found, None, room.bot.world.clock.now(), room.bot.world.policy)

    await change(room.bot.world, incident.id, elsewhere)
    await room.wait(minutes=4)
    assert not said(room, channel.id, "Nobody is incident commander")
    await room.wait(minutes=2)
    (asked,) = said(room, channel.id, "Nobody is incident commander")
    await room.slack.click("ben", channel, asked, "Take command")
    await room.settle()
    assert (await room.incident()).commander == room.slack.person("ben").id
    assert not said(room, channel.id, "Nobody is incident commander")
    await room.wait(minutes=20)
    assert not said(room, channel.id, "Nobody is incident commander")
