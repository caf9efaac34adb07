"""Storms, groups, flapping and recovery, through either alert source: few rooms, nothing lost, everything said once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import installation
from sandbox import Sandbox, SlackMessage
from sandbox.model import SlackUser
from tests.scenarios.conftest import TOKEN, WarRoom
from warroom.incident.model import State
from warroom.policy import Policy, check

ALERTS = "datadog-alerts"
SOURCES = pytest.mark.parametrize("source", ["webhook", "slack"])


@pytest.fixture
def policy() -> Policy:
    """One team, Datadog's channel, and a rule that groups by service."""
    checked = check(
        {
            "workspace": {"alert_channels": [f"#{ALERTS}"], "default_team": "platform"},
            "teams": {"platform": {"escalation": [{"after": "0m", "notify": ["@sre-oncall"]}]}},
            "rules": [
                {
                    "name": "by service",
                    "when": {"tags": "group:service"},
                    "declare": {"group_by": "service", "window": "10m", "auto_resolve_after": "15m"},
                }
            ],
        }
    )
    assert checked.policy is not None, checked.mistakes
    return checked.policy


class MonitorSender:
    """Datadog, telling of monitors through one of its sources."""

    def __init__(self, room: WarRoom, source: str) -> None:
        self.room, self.source, self.events = room, source, 8_000_000_000_000_000_000

    async def tell(
        self,
        word: str,
        monitor: int = 7,
        *,
        group: str = "service:api",
        tags: str = "",
        ago: int = 0,
        settle: bool = True,
    ) -> None:
        """One notification, `ago` seconds old."""
        self.events += 1
        at = int(self.room.slack.clock.now().timestamp()) - ago
        name = f"Monitor {monitor}"
        if self.source == "webhook":
            body = {
                "event_id": str(self.events),
                "alert_id": str(monitor),
                "alert_title": name,
                "alert_transition": word,
                "alert_scope": group,
                "tags": tags,
                "date": str(at * 1000),
            }
            assert await self.room.hook(body) == 202
        else:
            await self.post(word, name, monitor, group, tags, at)
        if settle:
            # What was told is worked off later; the clock must not be wound on before.
            await self.room.settle()

    async def post(self, word: str, name: str, monitor: int, group: str, tags: str, at: int) -> None:
        """The same as a message of Datadog's Slack app."""
        link = (
            f"https://app.datadoghq.eu/monitors/{monitor}?group={group.replace(':', '%3A')}&event_id={self.events}"
            f"&link_event_ts={at}"
        )
        fields = [{"title": "Tags", "value": tags}] if tags else []
        said = {"title": f"{word}: {name}", "title_link": link, "text": "", "fields": fields}
        known = next((each for each in self.room.slack.people() if each.name == "datadog"), None)
        app = known or await self.room.slack.save_person(SlackUser("", "datadog", "Datadog", is_bot=True))
        await self.room.slack.say(app.id, ALERTS, "", attachments=[said])


@pytest.fixture
async def datadog(room: WarRoom, source: str) -> MonitorSender:
    """Datadog as that alert source."""
    await room.settle()
    return MonitorSender(room, source)


def said(room: WarRoom, number: int, words: str) -> list[SlackMessage]:
    """What the bot said in the channel, still to be seen, with these words."""
    channel = next(each for each in room.slack.channels() if each.name.startswith(f"inc-{number}-"))
    return [each for each in channel.messages_by_bot() if words in each.plain()]


def body(number: int) -> dict[str, Any]:
    """The nth of a thousand alerts of 50 monitors, every one of a group of its own."""
    return {
        "event_id": str(7_000_000_000_000_000_000 + number),
        "alert_id": str(number % 50 + 1),
        "alert_title": f"Monitor {number % 50 + 1}",
        "alert_transition": "Triggered",
        "alert_cycle_key": str(number),
        "alert_scope": f"host:web-{number}",
    }


@pytest.mark.timeout(900)
class TestAThousand:
    """A thousand alerts at once, against a workspace that enforces Slack's limits."""

    @pytest.fixture
    async def slack(self) -> AsyncIterator[Sandbox]:
        """A workspace with Slack's limits."""
        async with Sandbox.running(app=installation(), limits=True) as workspace:
            yield workspace

    async def test_open_fifty_rooms_and_none_is_lost(self, room: WarRoom) -> None:
        url, began = f"http://127.0.0.1:{room.bot.port}/hooks/datadog", room.slack.clock.now()
        headers = {"X-Warroom-Token": TOKEN}
        async with aiohttp.ClientSession() as session:

            async def send(number: int) -> int:
                async with session.post(url, json=body(number), headers=headers) as answer:
                    return answer.status

            answers = await asyncio.gather(*(send(number) for number in range(1000)))
        assert set(answers) == {202}
        await room.bot.idle()
        stored = await room.bot.store.alerts(2000)
        assert len(stored) == 1000
        assert all(decided is not None and decided.incident_id for _, decided in stored)
        incidents = await room.bot.store.incidents(limit=2000)
        assert len(incidents) == 50
        assert sum(each.alerts.count for each in incidents) == 1000
        for _ in range(40):
            await room.wait(seconds=30)
            incidents = await room.bot.store.incidents(limit=50)
            if all(each.room.card_ts for each in incidents):
                break
        rooms = [each for each in room.slack.channels() if each.name.startswith("inc-")]
        assert len(rooms) == 50
        assert all(len([m for m in each.messages_by_bot() if "Monitor" in m.plain()]) == 1 for each in rooms)
        refused = Counter(call.method for call in room.slack.calls if call.outcome == "ratelimited")
        minutes = max(1.0, (room.slack.clock.now() - began).total_seconds() / 60)
        assert max(refused.values(), default=0) <= minutes, refused
        assert await room.bot.store.dead_letters() == []


@SOURCES
async def test_a_storm_in_one_room_is_told_once_as_one_list(room: WarRoom, datadog: MonitorSender) -> None:
    for number in range(60):
        await datadog.tell(
            "Triggered",
            monitor=number % 9 + 1,
            group=f"host:web-{number}",
            tags="group:service,service:api",
            settle=False,
        )
        if number % 20 == 19:
            await room.settle()
            await room.wait(seconds=62)
    await room.wait(minutes=5)
    incident = await room.incident()
    assert await room.bot.store.last_number() == 1
    assert (incident.alerts.count, incident.alerts.stormy) == (60, True)
    [told] = said(room, 1, "⛈️")
    assert "*60 alerts from 9 monitors*" in told.plain()
    listed = [line for line in told.plain().splitlines() if line.startswith("• ")]
    assert len(listed) == 9
    assert "Monitor 1" in listed[0]
    assert "7 hosts firing: web-0, web-18, web-27, web-36, web-45, web-54, web-9." in listed[0]
    for number in range(60):
        await datadog.tell("Triggered", monitor=3, group=f"host:db-{number}", settle=False)
    await room.settle()
    await room.wait(minutes=5)
    [grown] = said(room, 1, "⛈️")
    assert grown.ts == told.ts, "the same message, redrawn"
    assert "67 hosts firing: db-0 … db-19 and 55 more." in grown.plain()
    assert (await room.incident()).alerts.count == 120


@SOURCES
async def test_groups_of_one_monitor_share_a_room_and_it_is_over_when_all_recovered(
    room: WarRoom, datadog: MonitorSender
) -> None:
    for host in ("a", "b", "c"):
        await datadog.tell("Triggered", group=f"host:{host}")
    await datadog.tell("Triggered", monitor=8, group="host:a")
    await room.settle()
    assert await room.bot.store.last_number() == 2
    for host in ("a", "b"):
        await datadog.tell("Recovered", group=f"host:{host}")
    await room.settle()
    assert (await room.incident()).alerts.firing == 1
    assert said(room, 1, "recovered. Resolve?") == []
    await datadog.tell("Recovered", group="host:c")
    await room.settle()
    assert (await room.incident()).alerts.firing == 0
    assert [each.labels() for each in said(room, 1, "All 3 alerts have recovered. Resolve?")] == [["Resolve"]]
    assert (await room.incident(2)).alerts.firing == 1


@SOURCES
async def test_related_alerts_join_within_the_window_only(room: WarRoom, datadog: MonitorSender) -> None:
    await datadog.tell("Triggered", monitor=1, tags="group:service,service:api")
    await room.wait(minutes=9)
    await datadog.tell("Triggered", monitor=2, tags="group:service,service:api")
    await datadog.tell("Triggered", monitor=3, group="service:web", tags="group:service,service:web")
    await room.wait(minutes=2)
    await datadog.tell("Triggered", monitor=4, tags="group:service,service:api")
    await datadog.tell("Re-Triggered", monitor=1, tags="group:service,service:api")
    await room.settle()
    counts = [(await room.incident(number)).alerts.count for number in (1, 2, 3)]
    assert counts == [3, 1, 1]
    assert await room.bot.store.last_number() == 3


@SOURCES
async def test_flapping_is_said_once(room: WarRoom, datadog: MonitorSender) -> None:
    for _ in range(8):
        await datadog.tell("Triggered")
        assert said(room, 1, "recovered. Resolve?") == [], "the offer goes when it fires again"
        await room.wait(seconds=20)
        await datadog.tell("Recovered")
        assert len([*said(room, 1, "recovered. Resolve?"), *said(room, 1, "for now. Resolve?")]) == 1
        await room.wait(seconds=20)
    assert await room.bot.store.last_number() == 1
    assert (await room.incident()).alerts.flapping
    [line] = said(room, 1, "is flapping")
    assert "15 changes. It has recovered for now. Resolve?" in line.plain()
    assert line.labels() == ["Resolve"]
    await datadog.tell("Triggered")
    [line] = said(room, 1, "is flapping")
    assert "16 changes. It is firing now" in line.plain()
    assert line.labels() == []


@pytest.mark.parametrize("source", ["webhook"])
async def test_a_burst_of_ups_and_downs_leaves_one_offer_at_most(room: WarRoom, datadog: MonitorSender) -> None:
    for _ in range(2):
        await datadog.tell("Triggered", settle=False)
        await datadog.tell("Recovered", settle=False)
    await room.settle()
    assert len(said(room, 1, "recovered. Resolve?")) == 1
    await datadog.tell("Triggered", settle=False)
    await datadog.tell("Recovered", settle=False)
    await datadog.tell("Triggered")
    assert said(room, 1, "recovered. Resolve?") == []


@SOURCES
async def test_a_stale_recovery_closes_nothing(room: WarRoom, datadog: MonitorSender) -> None:
    await datadog.tell("Triggered", ago=10)
    await datadog.tell("Recovered", ago=120)
    await room.settle()
    assert (await room.incident()).alerts.firing == 1
    await datadog.tell("Recovered")
    await room.settle()
    assert (await room.incident()).alerts.firing == 0


@SOURCES
async def test_what_stays_recovered_resolves_itself_and_what_fires_again_does_not(
    room: WarRoom, datadog: MonitorSender
) -> None:
    tags = "group:service,service:api"
    await datadog.tell("Triggered", tags=tags)
    await datadog.tell("Recovered", tags=tags)
    await room.settle()
    assert len(said(room, 1, "It resolves by itself")) == 1
    await room.wait(minutes=10)
    await datadog.tell("Triggered", tags=tags)
    await room.wait(minutes=10)
    incident = await room.incident()
    assert (incident.state, incident.alerts.firing) == (State.DETECTED, 1)
    assert said(room, 1, "It resolves by itself") == [], "it is taken back"
    await datadog.tell("Recovered", tags=tags)
    await room.settle()
    await room.wait(minutes=16)
    resolved = await room.incident()
    assert resolved.state is State.RESOLVED
    assert resolved.resolved_at is not None
    assert resolved.resolved_at - resolved.declared_at < timedelta(minutes=40)
    await datadog.tell("Triggered", tags=tags)
    await room.settle()
    assert await room.bot.store.last_number() == 2, "a new trigger after the end is a new incident"
