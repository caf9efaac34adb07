"""Whoever is paged or follows an incident is written to directly; bystanders join with one press."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.runtime.app import running
from sandbox import Sandbox
from tests.scenarios.conftest import COMPANY, WarRoom, settings_for
from warroom.incident.model import State
from warroom.policy import check


def direct(room: WarRoom, who: str) -> list[str]:
    return [message.plain() for message in room.slack.direct(who)]


async def test_whoever_is_paged_gets_a_direct_message_with_acknowledge_and_the_channel(room: WarRoom) -> None:
    slack, ben = room.slack, room.slack.person("ben")
    incident = await room.declare("ada", "checkout returns 500s sev1")
    [message] = slack.direct("ben")
    for said in ("INC-1 checkout returns 500s", "SEV-1", f"<#{incident.room.channel_id}>", "started"):
        assert said in message.plain()
    assert message.labels() == ["Acknowledge"]
    await slack.click(ben, slack.channel(message.channel), message, "Acknowledge")
    await room.settle()
    assert (await room.incident()).acknowledged_by == ben.id
    [message] = slack.direct("ben")
    assert message.labels() == []
    assert "Acknowledged" in message.plain()


async def test_the_next_level_is_written_to_and_who_is_paged_again_has_one_message(room: WarRoom) -> None:
    await room.declare("ada", "checkout returns 500s sev1")
    assert direct(room, "grace") == []
    await room.wait(minutes=16)
    assert len(direct(room, "grace")) == 1
    assert len(direct(room, "ben")) == 1, "the overdue acknowledgement takes the place of the first message"


async def test_a_private_incident_is_written_of_only_to_people_who_are_let_in(room: WarRoom) -> None:
    await room.declare("ada", "keys leaked sev1 --private @alan")
    await room.wait(minutes=50)
    assert len(direct(room, "alan")) == 1
    for who in ("ben", "grace", "linus"):
        assert direct(room, who) == []


async def test_whoever_leaves_a_private_room_keeps_no_message_about_it(room: WarRoom) -> None:
    slack = room.slack
    incident = await room.declare("ada", "keys leaked sev1 --private @alan")
    assert len(direct(room, "alan")) == 1
    await slack.leave("alan", room.channel_of(incident))
    await room.settle()
    assert direct(room, "alan") == []


async def test_join_adds_the_clicker_to_the_channel(room: WarRoom) -> None:
    slack, kwame = room.slack, room.slack.person("kwame")
    incident = await room.declare("ada", "checkout returns 500s")
    announced = slack.channel("incidents").messages_by_bot()[0]
    await slack.click(kwame, "incidents", announced, "Join")
    await room.settle()
    assert kwame.id in room.channel_of(incident).members
    await slack.click(kwame, "incidents", announced, "Join")
    await room.settle()
    assert "already" in slack.ephemerals(kwame)[-1].plain()


async def test_subscribers_get_updates_and_states_in_one_message_until_they_unsubscribe(room: WarRoom) -> None:
    slack, kwame = room.slack, room.slack.person("kwame")
    incident = await room.declare("ada", "checkout returns 500s")
    channel = room.channel_of(incident)
    await slack.click(kwame, "incidents", slack.channel("incidents").messages_by_bot()[0], "Subscribe")
    await room.settle()
    assert kwame.id not in channel.members
    [first] = slack.direct("kwame")
    assert first.labels() == ["Unsubscribe"]
    await slack.slash("ada", channel, "/incident", "update rolling back")
    await room.settle()
    [second] = slack.direct("kwame")
    assert "rolling back" in second.plain()
    assert second.ts != first.ts, "an update notifies"
    await slack.slash("ada", channel, "/incident", "mitigate")
    await room.settle()
    [third] = slack.direct("kwame")
    assert "Mitigated" in third.plain()
    await slack.click(kwame, slack.channel(third.channel), third, "Unsubscribe")
    await room.settle()
    await slack.slash("ada", channel, "/incident", "update all good")
    await room.settle()
    [last] = slack.direct("kwame")
    assert "all good" not in last.plain()
    assert "no longer follow" in last.plain()


async def test_a_team_or_a_severity_is_followed_until_it_is_not(room: WarRoom) -> None:
    slack = room.slack
    for text in ("subscribe SEV-1", "subscribe platform"):
        await slack.slash("kwame", "general", "/incident", text)
    await room.settle()
    await room.declare("ada", "checkout returns 500s sev1")
    assert len(direct(room, "kwame")) == 1
    await room.declare("ada", "keys leaked sev1 --private --team platform")
    assert len(direct(room, "kwame")) == 1, "a private incident is followed by nobody outside of it"
    for text in ("unsubscribe SEV-1", "unsubscribe platform"):
        await slack.slash("kwame", "general", "/incident", text)
    await room.settle()
    await room.declare("ada", "search is slow sev1")
    assert len(direct(room, "kwame")) == 1


@pytest.mark.parametrize("text", ["subscribe 1", "join 1", "unsubscribe 1"])
async def test_a_private_incident_cannot_be_followed_or_joined_from_outside(room: WarRoom, text: str) -> None:
    slack, kwame = room.slack, room.slack.person("kwame")
    incident = await room.declare("ada", "keys leaked --private")
    await slack.slash(kwame, "general", "/incident", text)
    await room.settle()
    assert "There is no incident #1" in slack.ephemerals(kwame)[-1].plain()
    assert kwame.id not in room.channel_of(incident).members
    assert (await room.incident()).subscribers == ()


class TestOnlyByMention:
    """page_by: [mention]"""

    @pytest.fixture
    def policy(self) -> object:
        return check(COMPANY | {"workspace": COMPANY["workspace"] | {"page_by": ["mention"]}}).policy

    async def test_nobody_is_written_to_directly(self, room: WarRoom) -> None:
        incident = await room.declare("ada", "checkout returns 500s sev1")
        await room.wait(minutes=16)
        assert direct(room, "ben") == direct(room, "grace") == []
        assert room.slack.person("grace").id in room.channel_of(incident).messages_by_bot()[-1].plain()


class TestOnlyDirectly:
    """page_by: [direct_message]"""

    @pytest.fixture
    def policy(self) -> object:
        return check(COMPANY | {"workspace": COMPANY["workspace"] | {"page_by": ["direct_message"]}}).policy

    async def test_nobody_is_mentioned_in_the_channel(self, room: WarRoom) -> None:
        incident = await room.declare("ada", "checkout returns 500s sev1")
        await room.wait(minutes=16)
        assert len(direct(room, "grace")) == 1
        assert not any("paged" in message.plain() for message in room.channel_of(incident).messages_by_bot()[1:])
        assert (await room.incident()).state is State.DETECTED


async def test_stakeholders_of_a_team_follow_its_incidents_but_not_private_ones(slack: Sandbox, tmp_path: Path) -> None:
    teams = {name: dict(team) for name, team in COMPANY["teams"].items()}
    teams["platform"]["stakeholders"] = ["kwame@example.com", "nobody-of-that-name"]
    checked = check({**COMPANY, "teams": teams})
    assert checked.policy is not None, checked.mistakes
    async with running(settings_for(slack, f"sqlite:///{tmp_path}/warroom.db"), checked.policy, slack.clock) as bot:
        await slack.until_connected()
        await bot.idle()
        room = WarRoom(slack, bot)
        incident = await room.declare("ada", "checkout returns 500s --sev 2 --team platform")
        [first] = slack.direct("kwame")
        assert first.labels() == ["Unsubscribe"]
        await slack.slash("ada", room.channel_of(incident), "/incident", "update rolling back")
        await room.settle()
        [second] = slack.direct("kwame")
        assert "rolling back" in second.plain(), "the newer one takes the place of the first"
        await room.declare("ada", "keys leaked --sev 2 --team platform --private")
        assert len(direct(room, "kwame")) == 1, "whoever is not in a private room hears nothing of it"
