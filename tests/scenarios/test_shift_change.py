"""A shift change while it happens: the channel, whoever takes over, the user group, and what somebody did to it by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.runtime.app import running
from sandbox import Sandbox, SlackUser, UserGroup
from tests.scenarios.conftest import COMPANY, WarRoom, settings_for
from warroom.policy import Policy, check

BERLIN = ZoneInfo("Europe/Berlin")
PEOPLE = ("ada", "ben")
SCHEDULE = {
    "timezone": "Europe/Berlin",
    "layers": [
        {"people": ["ada@example.com", "ben@example.com"], "every": "1d", "handoff": "09:00", "from": date(2026, 1, 1)}
    ],
    "announce": "#sre-alerts",
    "user_group": "@platform-oncall",
}


@pytest.fixture
def policy() -> Policy:
    """The company's, with a schedule that is handed over every morning."""
    platform = COMPANY["teams"]["platform"] | {"escalation": [{"after": "0m", "notify": ["schedule:platform"]}]}
    checked = check(COMPANY | {"teams": {"platform": platform}, "schedules": {"platform": SCHEDULE}})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest.fixture
async def slack(slack: Sandbox) -> Sandbox:
    """With the group, and the permission to change it."""
    slack.workspace.app.scopes.add("usergroups:write")
    await slack.save_usergroup(UserGroup("", "platform-oncall", "Platform on call", [slack.person("grace").id]))
    return slack


def on_duty(slack: Sandbox, at: datetime) -> SlackUser:
    """Whose day it is, counted by hand."""
    local = at.astimezone(BERLIN) - timedelta(hours=9)
    return slack.person(PEOPLE[(local.date() - date(2026, 1, 1)).days % 2])


def next_morning(slack: Sandbox) -> datetime:
    today = slack.clock.now().astimezone(BERLIN)
    morning = datetime(today.year, today.month, today.day, 9, tzinfo=BERLIN)
    return (morning if morning > today else morning + timedelta(days=1)).astimezone(UTC)


async def wound_to(room: WarRoom, at: datetime) -> None:
    await room.wait(seconds=(at - room.slack.clock.now()).total_seconds())


def said(room: WarRoom, *words: str) -> list[str]:
    """What the bot said in the schedule's channel with these words."""
    texts = [str(message.blocks) for message in room.slack.channel("sre-alerts").messages_by_bot()]
    return [text for text in texts if all(word in text for word in words)]


def direct(room: WarRoom, to: SlackUser, word: str) -> list[str]:
    """What the bot wrote to somebody directly with that word."""
    return [
        str(message.blocks)
        for channel in room.slack.workspace.channels.values()
        if channel.kind == "im" and to.id in channel.members
        for message in channel.messages_by_bot()
        if word in str(message.blocks)
    ]


async def test_the_channel_and_whoever_takes_over_hear_what_is_open_and_the_group_follows(room: WarRoom) -> None:
    slack, group = room.slack, room.slack.usergroup("platform-oncall")
    before = on_duty(slack, slack.clock.now())
    assert group.users == [before.id], "at the start"
    assert said(room, "took over") == []
    incident = await room.declare("chidi", "checkout returns 500s --sev 1")
    hidden = await room.declare("chidi", "somebody reads our mail --sev 1 --private")
    await wound_to(room, next_morning(slack) + timedelta(seconds=1))
    after = on_duty(slack, slack.clock.now())
    assert after.id != before.id
    (told,) = said(room, f"<@{after.id}> took over *platform* from <@{before.id}>")
    assert "1 open incident" in told
    assert incident.name in told
    assert hidden.name not in told
    (mine,) = direct(room, after, "You are on call in *platform* now")
    assert incident.name in mine
    assert hidden.name not in mine, "they are not in its room"
    assert direct(room, before, "You are on call in") == []
    assert group.users == [after.id]


async def test_cover_is_followed_within_seconds(room: WarRoom) -> None:
    slack, kwame = room.slack, room.slack.person("kwame")
    await slack.slash(slack.person("ada"), "general", "/incident", f"oncall override platform now for 2h <@{kwame.id}>")
    await room.settle()
    assert slack.usergroup("platform-oncall").users == [kwame.id]
    assert len(direct(room, kwame, "You are on call in *platform* now")) == 1
    await room.wait(hours=2, seconds=1)
    assert slack.usergroup("platform-oncall").users == [on_duty(slack, slack.clock.now()).id]


async def test_an_outage_over_several_shifts_is_told_as_one_change(
    slack: Sandbox, policy: Policy, tmp_path: Path
) -> None:
    settings = settings_for(slack, f"sqlite:///{tmp_path}/warroom.db")
    async with running(settings, policy, slack.clock) as bot:
        await slack.until_connected()
        await WarRoom(slack, bot).settle()
        before = on_duty(slack, slack.clock.now())
    slack.clock.advance(timedelta(days=3).total_seconds())
    for _ in range(2):
        async with running(settings, policy, slack.clock) as bot:
            await slack.until_connected()
            room = WarRoom(slack, bot)
            await room.settle()
            after = on_duty(slack, slack.clock.now())
            assert after.id != before.id
            assert len(said(room, "took over")) == 1
            assert len(direct(room, after, "You are on call in")) == 1


async def test_a_change_by_hand_is_said_and_stays_until_the_next_shift(room: WarRoom) -> None:
    slack, group = room.slack, room.slack.usergroup("platform-oncall")
    linus = slack.person("linus")
    await wound_to(room, next_morning(slack) + timedelta(seconds=1))
    await slack.set_group_members(group, [linus])
    await room.settle()
    (told,) = said(room, "was changed by hand")
    assert f"<@{linus.id}> added" in told
    assert f"<@{on_duty(slack, slack.clock.now()).id}> removed" in told
    assert group.users == [linus.id], "not silently set back"
    await room.wait(hours=1)
    assert len(said(room, "was changed by hand")) == 1
    await wound_to(room, next_morning(slack) + timedelta(seconds=1))
    assert group.users == [on_duty(slack, slack.clock.now()).id]
    assert len(said(room, "was changed by hand", "again")) == 1


async def test_a_group_that_may_not_be_changed_is_said_once_with_the_way_out(room: WarRoom) -> None:
    slack, group = room.slack, room.slack.usergroup("platform-oncall")
    slack.workspace.groups_for_admins = True
    before = list(group.users)
    await wound_to(room, next_morning(slack) + timedelta(seconds=1))
    assert len(said(room, "cannot be kept equal", "permission_denied")) == 1
    assert group.users == before
    await room.wait(days=1)
    assert len(said(room, "cannot be kept equal")) == 1
    slack.workspace.groups_for_admins = False
    await room.wait(days=1)
    assert group.users == [on_duty(slack, slack.clock.now()).id]
