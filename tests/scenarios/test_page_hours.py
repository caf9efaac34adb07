"""What is not urgent waits for the morning of whoever is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox import SlackUser
from tests.scenarios.conftest import COMPANY, WarRoom
from warroom.incident.events import PeoplePaged
from warroom.incident.model import Incident
from warroom.policy import Policy, check

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def policy() -> Policy:
    """The company's; a moderate incident pages ada by day only."""
    levels = [{"after": "0m", "notify": ["ada@example.com"]}, {"after": "15m", "notify": ["ben@example.com"]}]
    checked = check(
        COMPANY
        | {"teams": {"platform": COMPANY["teams"]["platform"] | {"escalation": levels}}}
        | {"severities": {"SEV-3": {"page_hours": "08:00-20:00"}}}
    )
    assert checked.policy is not None, checked.mistakes
    return checked.policy


async def at_night(room: WarRoom) -> datetime:
    """Winds to the next 23:00 in Berlin, where everybody lives; returns the morning after it."""
    now = room.slack.clock.now().astimezone(BERLIN)
    night = datetime(now.year, now.month, now.day, 23, tzinfo=BERLIN) + timedelta(days=1)
    await room.wait(seconds=(night - now).total_seconds())
    return (night + timedelta(hours=9)).astimezone(UTC)


async def paged(room: WarRoom, incident: Incident) -> list[str]:
    entries = await room.bot.store.timeline(incident.id)
    return [person for each in entries if isinstance(each.event, PeoplePaged) for person in each.event.paged]


def direct(room: WarRoom, to: SlackUser) -> list[str]:
    return [
        str(message.blocks)
        for channel in room.slack.workspace.channels.values()
        if channel.kind == "im" and to.id in channel.members
        for message in channel.messages_by_bot()
        if "paged" in str(message.blocks)
    ]


async def test_two_that_wait_are_told_as_one_in_the_morning_and_the_levels_go_on_from_there(room: WarRoom) -> None:
    ada, ben = room.slack.person("ada"), room.slack.person("ben")
    morning = await at_night(room)
    first = await room.declare("chidi", "checkout is slow --sev 3")
    await room.wait(minutes=20)
    second = await room.declare("chidi", "search is slow --sev 3")
    await room.wait(hours=2)
    assert (await paged(room, first), await paged(room, second), direct(room, ada)) == ([], [], [])
    assert ada.id not in room.channel_of(first).members, "an invitation wakes too"
    told = [message.plain() for message in room.channel_of(first).messages_by_bot()]
    assert any("is not paged at this hour" in each for each in told)
    await room.wait(seconds=(morning - room.slack.clock.now()).total_seconds() + 1)
    assert (await paged(room, first), await paged(room, second)) == ([ada.id], [ada.id])
    (only,) = direct(room, ada)
    assert "2 incidents that waited for your morning" in only
    assert first.name in only
    assert second.name in only
    await room.wait(minutes=14)
    assert await paged(room, first) == [ada.id]
    await room.wait(minutes=1)
    assert (await paged(room, first))[-1] == ben.id, "fifteen minutes after the morning's page"


async def test_raising_the_severity_pages_at_once(room: WarRoom) -> None:
    ada = room.slack.person("ada")
    await at_night(room)
    incident = await room.declare("chidi", "checkout is slow --sev 3")
    assert await paged(room, incident) == []
    await room.slack.slash(room.slack.person("chidi"), room.channel_of(incident), "/incident", "severity 1")
    await room.settle()
    assert await paged(room, incident) == [ada.id]
    assert len(direct(room, ada)) == 1
    assert "waited" not in direct(room, ada)[0]


async def test_an_urgent_one_waits_for_nobody(room: WarRoom) -> None:
    await at_night(room)
    incident = await room.declare("chidi", "checkout is down --sev 1")
    assert await paged(room, incident) == [room.slack.person("ada").id]
