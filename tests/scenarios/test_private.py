"""A private incident is invisible to whoever is not in its room."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks import ids
from bot.runtime.app import running
from sandbox import Sandbox
from sandbox.events import emit
from tests.scenarios.conftest import WarRoom, settings_for
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import Invite
from warroom.policy import Policy

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
    for sign in (SECRET, "INC-1", str(incident.room.channel_id), str(incident.room.channel_name)):
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
    await slack.slash(slack.person(INSIDER), incident.room.channel_id or "", "/incident", "update we revoke it")
    await room.wait(minutes=45)
    for channel in slack.channels():
        if channel.id != incident.room.channel_id:
            assert [m.plain() for m in channel.messages_by_bot() if SECRET in str(m.blocks) + m.text] == []
    for who, sees in ((INSIDER, True), (OUTSIDER, False)):
        await slack.open_home(slack.person(who))
        await room.settle()
        home = json.dumps(slack.home(slack.person(who)))
        assert (SECRET in home) is sees
    assert slack.person(OUTSIDER).id not in slack.channel(str(incident.room.channel_id)).members


async def test_a_button_or_form_that_carries_it_does_nothing_for_an_outsider(room: WarRoom) -> None:
    slack, outsider = room.slack, room.slack.person(OUTSIDER)
    secret = await room.declare(INSIDER, f"{SECRET} --sev 1 --private")
    public = await room.declare(OUTSIDER, "search is slow")
    before, card = await room.incident(), room.channel_of(public).messages_by_bot()[0]
    for action in (ids.ACKNOWLEDGE, ids.POST_UPDATE, ids.EDIT_POSTMORTEM, ids.RESOLVE, ids.INVITE_CANDIDATE):
        pressed = {"type": "button", "action_id": action, "block_id": "b", "value": f"{secret.id}|{outsider.id}"}
        await slack.press(outsider, card, pressed)
        await room.settle()
        assert slack.open_modal(outsider) is None
    await slack.click(outsider, room.channel_of(public), card, "Post update")
    form = await slack.modal(outsider)
    form.fill("Update", "hm")
    form.view.body["private_metadata"] = form.view.body["private_metadata"].replace(public.id, secret.id)
    assert not (await slack.submit(outsider, form)).closed
    await room.settle()
    assert (await room.incident()).version == before.version
    shown = " ".join(m.plain() for m in slack.ephemerals(outsider))
    assert SECRET not in shown
    assert "INC-1" not in shown
    assert [row.by for row in await room.bot.store.audit("INC-1")] == [outsider.id] * 6 + [slack.person(INSIDER).id]


async def test_whoever_leaves_the_room_knows_of_it_no_more_until_invited_again(room: WarRoom) -> None:
    slack, ben = room.slack, room.slack.person("ben")
    incident = await room.declare(INSIDER, f"{SECRET} --sev 1 --private @ben")
    channel = room.channel_of(incident)
    card = channel.messages_by_bot()[0]
    await slack.leave(ben, channel)
    await room.settle()
    assert SECRET not in await told(room, "ben", "list")
    assert "There is no incident #1" in await told(room, "ben", "show 1")
    await slack.click(ben, channel, card, "Acknowledge")
    await room.settle()
    assert (await room.incident()).acknowledged_by is None
    assert "You left the channel" in slack.ephemerals(ben)[-1].plain()
    await told(room, INSIDER, "invite #1 @ben")
    assert ben.id in channel.members
    assert SECRET in await told(room, "ben", "show 1")


async def test_a_channel_that_is_its_room_sounds_like_any_other(room: WarRoom) -> None:
    incident = await room.declare(INSIDER, f"{SECRET} --sev 1 --private")
    general = room.slack.channel("general").id
    answer = await told(room, OUTSIDER, f"show <#{incident.room.channel_id}>")
    assert answer == (await told(room, OUTSIDER, f"show <#{general}>")).replace(general, str(incident.room.channel_id))


async def test_whoever_presses_in_the_room_is_in_it_even_when_their_joining_was_not_heard(room: WarRoom) -> None:
    slack, outsider = room.slack, room.slack.person(OUTSIDER)
    incident = await room.declare(INSIDER, f"{SECRET} --sev 1 --private")
    channel = room.channel_of(incident)
    channel.members.append(outsider.id)
    await slack.click(outsider, channel, channel.messages_by_bot()[0], "Acknowledge")
    await room.settle()
    assert (await room.incident()).acknowledged_by == outsider.id


@contextlib.contextmanager
def unheard(slack: Sandbox) -> Iterator[None]:
    """Slack's events of the time within are lost."""
    slack.sockets.held = []
    yield
    slack.sockets.held = None


async def test_who_was_removed_without_a_word_of_slack_s_is_found_out_by_reading(room: WarRoom) -> None:
    slack, ben, kwame = room.slack, room.slack.person("ben"), room.slack.person(OUTSIDER)
    channel = room.channel_of(await room.declare(INSIDER, f"{SECRET} --sev 1 --private @ben"))
    with unheard(slack):
        await slack.leave(ben, channel)
        await slack.join(kwame, channel)
    assert SECRET in await told(room, "ben", "show 1"), "nobody has said anything yet"
    await slack.sockets.refresh()
    while not any(call.method == "conversations.members" for call in slack.calls):
        await slack.workspace.changed.wait()
    await room.settle()
    for text in ("show 1", "list", "find leaked", "timeline 1"):
        assert SECRET not in await told(room, "ben", text)
        assert "INC-1" in await told(room, OUTSIDER, text)
    await slack.open_home(ben)
    await room.settle()
    assert SECRET not in json.dumps(slack.home(ben))


async def test_a_restart_reads_who_is_in_the_room_before_anybody_is_answered(
    slack: Sandbox, policy: Policy, tmp_path: Path
) -> None:
    settings, ben = settings_for(slack, f"sqlite:///{tmp_path}/warroom.db"), slack.person("ben")
    async with running(settings, policy, slack.clock) as bot:
        await slack.until_connected()
        room = WarRoom(slack, bot)
        channel = room.channel_of(await room.declare(INSIDER, f"{SECRET} --sev 1 --private @ben"))
    with unheard(slack):
        await slack.leave(ben, channel)
    async with running(settings, policy, slack.clock) as bot:
        await slack.until_connected()
        room = WarRoom(slack, bot)
        assert SECRET not in await told(room, "ben", "show 1")


async def test_neither_the_escalation_nor_its_repeats_bring_back_whoever_was_removed(room: WarRoom) -> None:
    slack, grace = room.slack, room.slack.person("grace")
    incident = await room.declare(INSIDER, f"{SECRET} --sev 1 --private --team platform")
    channel = room.channel_of(incident)
    await room.wait(minutes=16)
    assert grace.id in channel.members, "the second level was called"
    await slack.leave(grace, channel)
    await room.settle()
    said = len(channel.messages_by_bot())
    await room.wait(minutes=15)
    await room.wait(hours=3)
    escalation = (await room.incident()).escalation
    assert escalation.rounds > 0, "the last level was called again"
    assert grace.id not in channel.members
    assert not [m for m in channel.messages_by_bot()[said:] if grace.id in m.plain()]
    assert "There is no incident #1" in await told(room, "grace", "show 1")
    await slack.join(grace, channel)
    await room.settle()
    assert SECRET in await told(room, "grace", "show 1"), "invited again in Slack, by whomever"


async def test_an_invitation_that_waited_is_not_sent_to_whoever_left_meanwhile(room: WarRoom) -> None:
    slack, ben = room.slack, room.slack.person("ben")
    incident = await room.declare(INSIDER, f"{SECRET} --sev 1 --private @ben")
    channel = room.channel_of(incident)
    await slack.leave(ben, channel)
    await room.settle()
    waited = Invite(incident_id=incident.id, key="waited", people=(ben.id,))
    await room.bot.world.commit(Changeset(now=slack.clock.now(), effects=(waited,)))
    await room.settle()
    assert ben.id not in channel.members
    assert await room.bot.store.dead_letters() == []


async def test_a_word_that_comes_late_undoes_nothing(room: WarRoom) -> None:
    slack, ben = room.slack, room.slack.person("ben")
    channel = room.channel_of(await room.declare(INSIDER, f"{SECRET} --sev 1 --private @ben"))
    early = f"{slack.clock.seconds() - 600:.6f}"
    await slack.leave(ben, channel)
    await room.settle()
    before = len(slack.ephemerals(ben)) + len(slack.direct(ben))
    late = {"user": ben.id, "channel": channel.id, "channel_type": "G", "event_ts": early}
    emit(slack.workspace, {"type": "member_joined_channel"} | late)
    await room.settle()
    assert "There is no incident #1" in await told(room, "ben", "show 1")
    assert SECRET not in " ".join(m.plain() for m in (slack.ephemerals(ben) + slack.direct(ben))[before:])
    slack.clock.advance(5)
    await slack.join(ben, channel)
    await room.settle()
    emit(slack.workspace, {"type": "member_left_channel"} | late)
    await room.settle()
    assert SECRET in await told(room, "ben", "show 1")


async def test_who_could_not_be_invited_does_not_see_it(room: WarRoom) -> None:
    slack, guest = room.slack, room.slack.person("katherine")
    guest.is_ultra_restricted = True
    incident = await room.declare(INSIDER, f"{SECRET} --sev 1 --private <@{guest.id}>")
    assert guest.id in incident.participants.invitees
    assert guest.id not in room.channel_of(incident).members
    assert SECRET not in await told(room, "katherine", "list")
    await slack.open_home(guest)
    await room.settle()
    assert SECRET not in json.dumps(slack.home(guest))


async def test_who_joined_and_was_removed_before_the_briefing_came_gets_none(room: WarRoom) -> None:
    slack, ben = room.slack, room.slack.person("ben")
    channel = room.channel_of(await room.declare(INSIDER, f"{SECRET} --sev 1 --private"))
    seen = len(slack.ephemerals(ben))
    slack.faults.add("chat.postEphemeral", "503", times=1)
    await slack.join(ben, channel)
    await room.bot.socket.idle()
    await slack.leave(ben, channel)
    await room.settle()
    await room.wait(minutes=1)
    said = [*slack.ephemerals(ben)[seen:], *slack.direct(ben)]
    assert SECRET not in " ".join(message.plain() for message in said)
