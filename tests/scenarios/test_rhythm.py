"""Reminders, snoozing, escalation and what is late, as people see it in the channel, on the card and elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Channel, SlackMessage
from tests.scenarios.conftest import COMPANY, WarRoom
from tests.scenarios.test_alerts import ALERT
from warroom.incident import events
from warroom.incident.model import Incident, State
from warroom.policy import Policy, check


def card(room: WarRoom, incident: Incident) -> SlackMessage:
    """The card as it is shown now."""
    return room.channel_of(incident).messages_by_bot()[0]


def announced(room: WarRoom) -> SlackMessage:
    """The announcement as it is shown now."""
    return room.slack.channel("incidents").messages_by_bot()[0]


def team_line(room: WarRoom) -> SlackMessage:
    """The line in the team's channel, of which there is one."""
    [line] = room.slack.channel("sre-alerts").messages_by_bot()
    return line


def lines(channel: Channel) -> list[str]:
    """What the bot said in the channel beside the card, and is still to be seen."""
    return [message.plain() for message in channel.messages_by_bot()[1:] if not message.deleted]


async def acknowledged(room: WarRoom, text: str = "checkout returns 500s --sev 1", who: str = "ben") -> Incident:
    """Declared by Ada, and somebody has it."""
    incident = await room.declare("ada", text)
    await room.slack.click(who, room.channel_of(incident), card(room, incident), "Acknowledge")
    await room.settle()
    return await room.incident()


async def test_nobody_is_reminded_of_updates_before_somebody_has_it_and_pages_say_the_right_reason(
    room: WarRoom,
) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    assert "update" not in card(room, incident).plain().replace("Post update", "")
    said: list[str] = []
    for _ in range(9):
        await room.wait(minutes=5)
        said += lines(room.channel_of(incident))
    assert not [line for line in said if "update" in line]
    [level_2] = dict.fromkeys(line for line in said if "level 2" in line)
    grace = room.slack.person("grace").id
    assert f"<@{grace}>, you are paged (level 2): nobody has acknowledged for 15 min." in level_2
    assert "*SEV-1 Critical* · checkout returns 500s · declared 15 min ago" in level_2
    timeline = await room.bot.store.timeline(incident.id)
    assert not [entry for entry in timeline if isinstance(entry.event, events.UpdateMissed)]
    assert (await room.incident()).escalation.rounds == 1, "escalation goes on"


async def test_the_page_of_an_escalation_can_be_acknowledged_and_goes_when_somebody_has_it(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    channel = room.channel_of(incident)
    await room.wait(minutes=16)
    page = channel.messages_by_bot()[-1]
    assert page.labels() == ["Acknowledge"]
    await room.slack.click("grace", channel, page, "Acknowledge")
    await room.settle()
    [line] = lines(channel)
    grace = room.slack.person("grace").id
    assert f"<@{grace}> acknowledged and is incident commander. Escalation stopped." in line
    assert line in [reply.plain() for reply in announced(room).replies]


async def test_a_snooze_is_an_answer(room: WarRoom) -> None:
    incident = await acknowledged(room)
    channel, ben = room.channel_of(incident), room.slack.person("ben")
    await room.wait(minutes=15)
    reminder = channel.messages_by_bot()[-1]
    assert f"<@{ben.id}>, time for an update. No update since it was declared 15 min ago." in reminder.plain()
    assert reminder.labels() == ["Post update", "Snooze 15 min"]
    await room.slack.click(ben, channel, reminder, "Snooze 15 min")
    await room.settle()
    assert reminder.deleted
    assert lines(channel)[-1].startswith(f"💤 Snoozed by <@{ben.id}> until <!date^")
    assert f"snoozed by <@{ben.id}> until" in card(room, incident).plain()
    assert "overdue" not in card(room, incident).plain() + announced(room).plain()
    await room.wait(minutes=15)
    assert "missed" not in lines(channel)[-1]
    assert not [line for line in lines(channel) if "Snoozed" in line], "one message takes the place of the other"
    after = await room.incident()
    assert (after.updates.missed, after.escalation.reached) == (1, 1)
    assert room.slack.person("grace").id not in channel.members


async def test_the_fourth_snooze_in_a_row_is_refused_kindly(room: WarRoom) -> None:
    incident = await acknowledged(room)
    channel, ben = room.channel_of(incident), room.slack.person("ben")
    for _ in range(3):
        await room.wait(minutes=15)
        await room.slack.click(ben, channel, channel.messages_by_bot()[-1], "Snooze 15 min")
        await room.settle()
    assert (await room.incident()).updates.snoozes == 3
    await room.wait(minutes=15)
    await room.slack.click(ben, channel, channel.messages_by_bot()[-1], "Snooze 15 min")
    await room.settle()
    assert "snoozed 3 times in a row" in room.slack.ephemerals(ben)[-1].plain()
    assert (await room.incident()).escalation.reached == 1


async def test_forgotten_updates_say_how_late_they_are_everywhere_and_the_second_escalates(room: WarRoom) -> None:
    incident = await acknowledged(room)
    assert "Next update by" in card(room, incident).plain()
    assert "Next update by" in announced(room).plain()
    await room.wait(minutes=15)
    await room.wait(minutes=15)
    after = await room.incident()
    assert (after.updates.missed, after.escalation.reached) == (2, 2)
    pages = [line for line in lines(room.channel_of(incident)) if "level 2" in line]
    assert ["you are paged (level 2): 2 updates missed." in page for page in pages] == [True]
    for shown in (card(room, incident), announced(room), team_line(room)):
        assert "⚠️ *Update overdue by 15 min* (2 missed)" in shown.plain()
    for _ in range(5):
        await room.wait(minutes=5)
    for shown in (card(room, incident), announced(room), team_line(room)):
        assert "⚠️ *Update overdue by 40 min* (3 missed)" in shown.plain(), "it grows"
        assert "Next update" not in shown.plain()
    await room.slack.slash("ben", room.channel_of(incident), "/incident", "update found it, rolling back")
    await room.settle()
    for shown in (card(room, incident), announced(room)):
        assert "overdue" not in shown.plain()
        assert "Next update by" in shown.plain()
    assert "found it, rolling back" in room.channel_of(incident).messages_by_bot()[-1].plain()
    assert "found it, rolling back" in announced(room).replies[-1].plain()
    assert not [line for line in lines(room.channel_of(incident)) if "time for an update" in line]


async def test_what_is_late_is_redrawn_at_a_calm_pace_and_is_no_sign_of_life(room: WarRoom) -> None:
    incident = await acknowledged(room)
    await room.wait(minutes=15)
    touched = (await room.incident()).touched_at
    before = len(room.slack.calls)
    await room.wait(minutes=5)
    drawn = [call.method for call in room.slack.calls[before:]]
    assert sorted(drawn) == ["chat.update"] * 3, "card, announcement, the team's line"
    assert (await room.incident()).touched_at == touched
    assert "overdue by 5 min" in card(room, incident).plain()


async def test_unacknowledged_in_time_is_said_on_card_announcement_and_team_line(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    assert "*Not acknowledged*" in announced(room).plain()
    for _ in range(8):
        await room.wait(minutes=5)
    assert "⚠️ *Unacknowledged for 40 min*, overdue" in card(room, incident).plain()
    for shown in (announced(room), team_line(room)):
        assert "⚠️ *Unacknowledged for 40 min*" in shown.plain()
    await room.slack.click("ben", room.channel_of(incident), card(room, incident), "Acknowledge")
    await room.settle()
    for shown in (card(room, incident), announced(room), team_line(room)):
        assert "Unacknowledged" not in shown.plain()


async def test_the_line_of_the_team_follows_to_the_end(room: WarRoom) -> None:
    incident = await acknowledged(room, "checkout returns 500s --sev 3")
    assert "(SEV-3 Moderate, acknowledged, " in team_line(room).plain()
    await room.slack.slash("ben", room.channel_of(incident), "/incident", "resolve rolled back")
    await room.settle()
    assert "✅ *INC-1* checkout returns 500s (SEV-3 Moderate, resolved, lasted " in team_line(room).plain()
    await room.wait(hours=25)
    assert (await room.incident()).state is State.CLOSED
    assert "closed" in team_line(room).plain()


async def test_the_line_of_the_team_says_cancelled(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 3")
    await room.slack.slash("ada", room.channel_of(incident), "/incident", "cancel the monitor was wrong")
    await room.settle()
    assert "🚫 *INC-1* checkout returns 500s (SEV-3 Moderate, cancelled" in team_line(room).plain()


async def test_every_change_of_state_is_one_line_in_the_channel_and_under_the_announcement(room: WarRoom) -> None:
    incident = await acknowledged(room)
    channel = room.channel_of(incident)
    told: list[str] = []
    for command, words in (
        ("severity 2", "Severity changed to *SEV-2 High* (was SEV-1)"),
        ("mitigate", "*Mitigated* by"),
        ("resolve rolled back", "*Resolved* by"),
        ("reopen", "*Reopened* by"),
        ("cancel a drill", "*Cancelled* by"),
    ):
        await room.slack.slash("ben", channel, "/incident", command)
        await room.settle()
        told.append(words)
        assert words in lines(channel)[-1]
        assert len(lines(channel)) == len(told) + 1, "one line each, and the acknowledgement's"
        assert words in announced(room).replies[-1].plain()
    assert len(announced(room).replies) == len(told) + 1


async def test_rapid_changes_stand_in_their_order_and_the_last_line_is_true(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 3")
    channel = room.channel_of(incident)
    room.slack.fail("chat.postMessage", "500", times=2)
    for level in ("2", "1", "2", "3", "1"):
        await room.slack.slash("ada", channel, "/incident", f"severity {level}")
    for _ in range(20):
        await room.wait(seconds=2)
    assert (await room.incident()).severity == "SEV-1"
    for place in (lines(channel), [reply.plain() for reply in announced(room).replies]):
        after = [line.split("changed to *")[1][:5] for line in place if "Severity changed" in line]
        assert after == ["SEV-2", "SEV-1", "SEV-2", "SEV-3", "SEV-1"]


async def test_changing_the_severity_misses_no_update(room: WarRoom) -> None:
    incident = await acknowledged(room, "checkout returns 500s --sev 4")
    await room.wait(minutes=50)
    for level in ("1", "2", "1"):
        await room.slack.slash("ben", room.channel_of(incident), "/incident", f"severity {level}")
        await room.settle()
        await room.wait(seconds=10)
    timeline = await room.bot.store.timeline(incident.id)
    assert not [entry for entry in timeline if isinstance(entry.event, events.UpdateMissed)]


async def test_escalate_says_whom_it_calls_and_plainly_when_nobody_is_left(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 2")

    def asked() -> str:
        shown = card(room, incident).blocks
        [button] = [each for b in shown if b["type"] == "actions" for each in b["elements"] if "confirm" in each][:1]
        text: str = button["confirm"]["text"]["text"]
        return text

    assert asked() == "Page @grace (level 2)?"
    await room.slack.click("ada", room.channel_of(incident), card(room, incident), "Escalate")
    await room.settle()
    ada, grace = room.slack.person("ada").id, room.slack.person("grace").id
    assert f"<@{grace}>, <@{ada}> escalated to you (level 2)." in lines(room.channel_of(incident))[-1]
    assert "nobody else is left. Page @grace (level 2) again?" in asked()
    await room.slack.click("ada", room.channel_of(incident), card(room, incident), "Escalate")
    await room.settle()
    assert "re-paged once" in card(room, incident).plain()


async def test_the_menu_shows_no_choice_after_it_was_used(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 2")

    def row() -> dict[str, Any]:
        return next(block for block in card(room, incident).blocks if block["type"] == "actions")

    before = row()
    await room.slack.click("ada", room.channel_of(incident), card(room, incident), "Roles…")
    await room.slack.modal("ada")
    await room.settle()
    assert row()["elements"] == before["elements"]
    assert row()["block_id"] != before["block_id"], "which makes Slack forget what was chosen"
    await room.slack.click("ada", room.channel_of(incident), card(room, incident), "Mitigated")
    await room.settle()
    assert (await room.incident()).state is State.MITIGATED


class TestAnAlertThatHasRecoveredByItself:
    """Nobody is paged further for it."""

    async def test_pauses_the_escalation_until_it_fires_again(self, room: WarRoom) -> None:
        await room.hook(ALERT)
        await room.settle()
        await room.wait(minutes=4)
        await room.hook(ALERT | {"event_id": "1002", "alert_transition": "Recovered"})
        await room.settle()
        incident = await room.incident()
        assert "escalation paused: every alert has recovered" in card(room, incident).plain()
        for _ in range(4):
            await room.wait(minutes=15)
        assert (await room.incident()).escalation.reached == 1
        assert not (await room.incident()).overdue
        grace = room.slack.person("grace").id
        assert grace not in room.channel_of(incident).members
        await room.hook(ALERT | {"event_id": "1003", "alert_cycle_key": "cycle-2"})
        await room.settle()
        assert "escalation paused" not in card(room, incident).plain()
        await room.wait(minutes=12)
        assert (await room.incident()).escalation.reached == 2
        assert grace in room.channel_of(incident).members

    class TestWhereThePolicySaysOtherwise:
        """`page_after_recovery`."""

        @pytest.fixture
        def policy(self) -> Policy:
            """The company pages on."""
            checked = check(COMPANY | {"workspace": COMPANY["workspace"] | {"page_after_recovery": True}})
            assert checked.policy is not None, checked.mistakes
            return checked.policy

        async def test_people_are_paged_on(self, room: WarRoom) -> None:
            await room.hook(ALERT)
            await room.hook(ALERT | {"event_id": "1002", "alert_transition": "Recovered"})
            await room.settle()
            await room.wait(minutes=16)
            assert (await room.incident()).escalation.reached == 2


class TestWhoComes:
    """The private "here is what you missed"."""

    async def test_is_told_nothing_when_invited_at_birth(self, room: WarRoom) -> None:
        await room.declare("ada", "checkout returns 500s --sev 1 @chidi")
        for invited in ("ada", "ben", "chidi"):
            assert not ["missed" for each in room.slack.ephemerals(invited) if "missed" in each.plain()], invited

    async def test_later_is_told_briefly_with_the_button_while_nobody_has_it(self, room: WarRoom) -> None:
        incident = await room.declare("ada", "checkout returns 500s --sev 1")
        await room.wait(minutes=16)
        told = room.slack.ephemerals("grace")[-1]
        assert "Here is what you missed in INC-1" in told.plain()
        assert told.labels() == ["Acknowledge"]
        await room.slack.click("grace", room.channel_of(incident), told, "Acknowledge")
        await room.settle()
        assert (await room.incident()).commander == room.slack.person("grace").id
        await room.slack.join("chidi", room.channel_of(incident))
        await room.settle()
        assert room.slack.ephemerals("chidi")[-1].labels() == []

    async def test_after_a_storm_hears_of_it_in_one_line(self, room: WarRoom) -> None:
        for number in range(12):
            scope = {
                "event_id": f"3{number:03}",
                "alert_scope": f"host:web-{number:02}",
                "alert_cycle_key": f"c{number}",
            }
            await room.hook(ALERT | scope)
        await room.settle()
        incident = await room.incident()
        await room.slack.click("ben", room.channel_of(incident), card(room, incident), "Acknowledge")
        await room.settle()
        for number in range(12):
            scope = {
                "event_id": f"4{number:03}",
                "alert_scope": f"host:web-{number:02}",
                "alert_cycle_key": f"c{number}",
            }
            await room.hook(ALERT | scope | {"alert_transition": "Recovered"})
        await room.settle()
        await room.slack.join("chidi", room.channel_of(incident))
        await room.settle()
        told = room.slack.ephemerals("chidi")[-1].plain()
        assert "*Alerts:* all 12 recovered (1 monitor, 12 hosts)" in told
        assert "*Acknowledged* by" in told
        assert "Alert recovered" not in told
