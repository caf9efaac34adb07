"""Datadog's Slack app posts into a channel: the same alerts, the same rooms, and nothing missed while nobody listened."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.cli.check import check_all
from bot.runtime.app import running
from sandbox import Sandbox, SlackMessage, channel_operations
from sandbox.model import SlackUser
from tests.scenarios.conftest import COMPANY, WarRoom, settings_for
from warroom.policy import Policy, check

ALERTS = "datadog-alerts"
EVENT = 8673000000000000001


@pytest.fixture
def policy() -> Policy:
    """The company's, with the channel where Datadog posts."""
    workspace = {"announce": "#incidents", "default_team": "platform", "alert_channels": [f"#{ALERTS}"]}
    checked = check({**COMPANY, "workspace": workspace})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


def attachment(title: str, event: int = EVENT, monitor: int = 815, **more: object) -> dict[str, Any]:
    """As Datadog's app writes it."""
    link = f"https://app.datadoghq.eu/monitors/{monitor}?group=service%3Acheckout&event_id={event}"
    return {"title": title, "title_link": link, "text": "@slack-ops errors everywhere", "fallback": title, **more}


def everything_in(folder: Path) -> bytes:
    """Whatever the database wrote so far."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


def times_read(slack: Sandbox) -> int:
    """How often the bot has read a channel's history."""
    return len([call for call in slack.calls if call.method == "conversations.history"])


async def datadog(slack: Sandbox) -> SlackUser:
    """Datadog's app, as a member of the workspace."""
    known = next((each for each in slack.people() if each.name == "datadog"), None)
    return known or await slack.save_person(SlackUser("", "datadog", "Datadog", is_bot=True, app_id="A0DATADOG"))


async def post(slack: Sandbox, *attachments: dict[str, Any], thread: SlackMessage | None = None) -> SlackMessage:
    """Datadog's app posts."""
    app = await datadog(slack)
    return await slack.say(app.id, ALERTS, "", attachments=list(attachments), thread=thread)


async def deaf(room: WarRoom) -> None:
    """From now on Slack tells the bot of no message."""
    await room.settle()
    room.slack.workspace.app.events.discard("message.channels")


async def reconnected(room: WarRoom) -> None:
    """The connection breaks and comes back; what was missed is read."""
    read = times_read(room.slack)
    await room.slack.drop_sockets()
    await room.slack.until(lambda: times_read(room.slack) > read, why="the channel is read again")
    await room.settle()


async def test_what_datadog_posts_opens_a_room_and_the_webhook_finds_it_open(room: WarRoom) -> None:
    assert room.slack.bot_user_id in room.slack.channel(ALERTS).members, "the bot enters the alert channels by itself"
    await post(room.slack, attachment("Triggered: [P1] Errors on checkout"))
    await room.settle()
    incident = await room.incident()
    assert (incident.title, incident.severity, incident.alerts.count) == ("Errors on checkout", "SEV-1", 1)
    said = {"alert_id": "815", "alert_title": "Errors on checkout", "alert_scope": "service:checkout"}
    await room.hook(said | {"event_id": str(EVENT), "alert_transition": "Triggered", "alert_cycle_key": "77"})
    await room.settle()
    assert (await room.incident()).alerts.count == 1, "the same event from the other source is the same delivery"
    await room.hook(said | {"event_id": "9", "alert_transition": "Re-Triggered", "alert_cycle_key": "77"})
    await post(room.slack, attachment("Recovered: Errors on checkout", event=EVENT + 5))
    await room.settle()
    incident = await room.incident()
    assert (incident.alerts.count, incident.alerts.firing) == (2, 0)
    assert await room.bot.store.last_number() == 1


async def test_people_and_other_apps_and_channels_open_nothing(room: WarRoom) -> None:
    forged = attachment("Triggered: Errors on checkout")
    await room.slack.say("ada", ALERTS, "Triggered: all is lost", attachments=[forged])
    await room.slack.say("deploybot", ALERTS, "deployed", attachments=[forged])
    app = await datadog(room.slack)
    await room.slack.say(app.id, "general", "", attachments=[forged])
    await room.settle()
    assert await room.bot.store.last_number() == 0
    assert await room.bot.store.alerts() == []


async def test_what_people_say_is_not_stored(room: WarRoom, tmp_path: Path) -> None:
    await room.slack.say("ada", ALERTS, "looking into it")
    await post(room.slack, attachment("Triggered: Errors"))
    await room.settle()
    kept = everything_in(tmp_path)
    assert b"errors everywhere" in kept
    assert b"looking into it" not in kept


async def test_an_edit_that_says_the_same_counts_once(room: WarRoom) -> None:
    message = await post(room.slack, attachment("Triggered: Errors"))
    await room.slack.edit((await datadog(room.slack)).id, ALERTS, message, "Muted by Ada")
    await room.settle()
    assert (await room.incident()).alerts.count == 1


async def test_what_was_posted_while_the_bot_was_away_is_found(slack: Sandbox, policy: Policy, tmp_path: Path) -> None:
    settings = settings_for(slack, f"sqlite:///{tmp_path}/warroom.db")
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(running(settings, policy, slack.clock))
        await slack.until_connected()
        await WarRoom(slack, bot).settle()
    for number in range(250):
        await post(slack, attachment(f"Triggered: Monitor {number % 3}", event=EVENT + number, monitor=number % 3 + 1))
    await post(slack, attachment("Recovered: Monitor 0", event=EVENT + 500, monitor=1))
    slack.clock.advance(3600)
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(running(settings, policy, slack.clock))
        await slack.until_connected()
        again = WarRoom(slack, bot)
        await again.settle()
        incidents = [await again.incident(number) for number in (1, 2, 3)]
        assert sum(each.alerts.count for each in incidents) == 250
        assert [each.alerts.firing for each in incidents] == [0, 1, 1]
        assert await bot.store.last_number() == 3


async def test_what_was_posted_between_two_connections_is_found(room: WarRoom) -> None:
    await deaf(room)
    await post(room.slack, attachment("Triggered: Errors"))
    await room.settle()
    assert await room.bot.store.last_number() == 0
    await reconnected(room)
    assert (await room.incident()).title == "Errors"


async def test_what_is_posted_in_a_thread_is_heard(room: WarRoom) -> None:
    alert = await post(room.slack, attachment("Triggered: Errors"))
    await room.settle()
    await post(room.slack, attachment("Recovered: Errors", event=EVENT + 1), thread=alert)
    await room.settle()
    assert (await room.incident()).alerts.firing == 0


async def test_what_was_posted_in_threads_meanwhile_is_found_once(room: WarRoom) -> None:
    alert = await post(room.slack, attachment("Triggered: Errors"))
    other = await post(room.slack, attachment("Triggered: Memory", event=EVENT + 1, monitor=816))
    talk = await room.slack.say("ada", ALERTS, "lunch?")
    await reconnected(room)
    await deaf(room)
    room.slack.clock.advance(7200)
    await post(room.slack, attachment("Re-Triggered: Errors", event=EVENT + 2), thread=alert)
    await post(room.slack, attachment("Recovered: Errors", event=EVENT + 3), thread=alert)
    await post(room.slack, attachment("Recovered: Memory", event=EVENT + 4, monitor=816), thread=other)
    await room.slack.say("ben", ALERTS, "yes", thread=talk)
    new = await post(room.slack, attachment("Triggered: Disk", event=EVENT + 5, monitor=817))
    await post(room.slack, attachment("Recovered: Disk", event=EVENT + 6, monitor=817), thread=new)
    room.slack.calls.clear()
    for _ in range(2):
        await reconnected(room)
    incidents = [await room.incident(number) for number in (1, 2, 3)]
    assert [each.title for each in incidents] == ["Errors", "Memory", "Disk"]
    assert [(each.alerts.count, each.alerts.firing) for each in incidents] == [(2, 0), (1, 0), (1, 0)]
    threads = [call.args["ts"] for call in room.slack.calls if call.method == "conversations.replies"]
    assert set(threads[:3]) == {alert.ts, other.ts, new.ts}
    assert talk.ts not in threads, "what people talk about is not read"


async def test_a_deleted_thread_keeps_nothing_away(room: WarRoom) -> None:
    await deaf(room)
    alert = await post(room.slack, attachment("Triggered: Errors"))
    reply = await post(room.slack, attachment("Recovered: Errors", event=EVENT + 3), thread=alert)

    def delete() -> None:
        for message in (reply, alert):
            channel_operations.delete(room.slack.workspace, room.slack.channel(ALERTS), message)

    room.slack.on_call("conversations.replies", do=delete)
    await reconnected(room)
    assert (await room.incident()).alerts.count == 1


async def test_more_threads_than_the_budget_allows_at_once_are_read_in_the_end(room: WarRoom) -> None:
    await deaf(room)
    for number in range(30):
        alert = await post(
            room.slack, attachment(f"Triggered: Monitor {number}", event=EVENT + 2 * number, monitor=number)
        )
        again = attachment(f"Recovered: Monitor {number}", event=EVENT + 2 * number + 1, monitor=number)
        await post(room.slack, again, thread=alert)
    await reconnected(room)
    for _ in range(30):
        await room.wait(seconds=3)
    assert await room.bot.store.last_number() == 30
    assert [(await room.incident(number)).alerts.firing for number in range(1, 31)] == [0] * 30


class TestUnreadable:
    """A channel that the policy names and nobody can read."""

    @pytest.fixture
    def policy(self) -> Policy:
        workspace = {"announce": "#incidents", "alert_channels": ["#datadog-alrets", f"#{ALERTS}"]}
        checked = check({**COMPANY, "workspace": workspace})
        assert checked.policy is not None, checked.mistakes
        return checked.policy

    async def test_it_is_said_once_where_people_look_and_the_others_are_read(self, room: WarRoom) -> None:
        await room.settle()
        for _ in range(2):
            await reconnected(room)
        (said,) = [
            each.plain() for each in room.slack.channel("incidents").messages_by_bot() if "not seen" in each.plain()
        ]
        assert "Alerts in #datadog-alrets are not seen: there is no channel #datadog-alrets" in said
        assert "correct its name in the policy" in said
        await post(room.slack, attachment("Triggered: Errors"))
        await room.settle()
        assert (await room.incident()).title == "Errors"

    async def test_check_says_it_before_alerts_are_missed(self, slack: Sandbox, policy: Policy, tmp_path: Path) -> None:
        (said,) = await check_all(settings_for(slack, f"sqlite:///{tmp_path}/warroom.db"), policy)
        assert said.startswith(
            "Slack: the alert channel #datadog-alrets (workspace.alert_channels) cannot be read: there"
        )


async def test_the_shortcut_declares_with_the_alert_attached(room: WarRoom) -> None:
    app = await datadog(room.slack)
    shown = await room.slack.say(app.id, "general", "", attachments=[attachment("Triggered: [P2] Errors")])
    await room.slack.shortcut("ada", "declare_from_message", "general", shown)
    form = await room.slack.modal("ada")
    assert form.value("Title") == "Errors"
    assert (await room.slack.submit("ada", form)).closed
    await room.settle()
    incident = await room.incident()
    assert (incident.severity, incident.alerts.count, incident.alerts.firing) == ("SEV-2", 1, 1)
    await post(room.slack, attachment("Recovered: Errors", event=EVENT + 1))
    await room.settle()
    assert (await room.incident()).alerts.firing == 0
    await room.slack.shortcut("ben", "declare_from_message", "general", shown)
    await room.settle()
    assert "INC-1 (SEV-2) is already open for this alert" in room.slack.ephemerals("ben")[-1].text
