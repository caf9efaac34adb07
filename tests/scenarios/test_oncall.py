"""Schedules while it happens: the hand-over in the middle of an escalation, cover at the last second, a spring night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox import SlackUser
from tests.scenarios.conftest import COMPANY, WarRoom
from warroom.incident import events
from warroom.incident.model import Incident
from warroom.oncall.model import Override
from warroom.outbox.changes import Changeset
from warroom.policy import Policy, check

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = {"people": ["ada@example.com", "ben@example.com"], "every": "1d", "from": date(2026, 1, 1)}
NIGHTS = {"people": ["grace"], "hours": "02:30-03:30", "days": "sun"}
ESCALATION = [
    {"after": "0m", "notify": ["schedule:platform"]},
    {"after": "15m", "notify": ["schedule:platform"]},
    {"after": "30m", "notify": ["schedule:empty"]},
    {"after": "2h", "notify": ["linus@example.com"]},
]


@pytest.fixture
def policy() -> Policy:
    """The company's, with a schedule that is handed over at midnight, and one in which nobody is."""
    schedules = {
        "platform": {"timezone": "Europe/Berlin", "layers": [DAILY, NIGHTS], "announce": "#sre-alerts"},
        "empty": {"layers": [{"people": "ada", "until": date(2026, 1, 1)}]},
    }
    platform = COMPANY["teams"]["platform"] | {"escalation": ESCALATION}
    checked = check(COMPANY | {"teams": {"platform": platform}, "schedules": schedules})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


async def wound_to(room: WarRoom, at: datetime) -> None:
    """The clock shows that time, which is to come."""
    await room.wait(seconds=(at - room.slack.clock.now()).total_seconds())


async def paged(room: WarRoom, incident: Incident) -> list[tuple[str, ...]]:
    """Who was paged, page by page, as the timeline keeps it."""
    entries = await room.bot.store.timeline(incident.id)
    return [entry.event.paged for entry in entries if isinstance(entry.event, events.PeoplePaged)]


def on_duty(room: WarRoom, at: datetime) -> SlackUser:
    """Whose day it is, counted by hand."""
    days = (at.astimezone(BERLIN).date() - date(2026, 1, 1)).days
    return room.slack.person(("ada", "ben")[days % 2])


async def test_the_hand_over_at_midnight_in_the_middle_of_an_escalation(room: WarRoom) -> None:
    today = room.slack.clock.now().astimezone(BERLIN).date()
    midnight = datetime.combine(today + timedelta(days=2), datetime.min.time(), tzinfo=BERLIN).astimezone(UTC)
    await wound_to(room, midnight - timedelta(minutes=10))
    incident = await room.declare("chidi", "checkout returns 500s --sev 1")
    before, after = on_duty(room, midnight - timedelta(minutes=10)), on_duty(room, midnight)
    assert before.id != after.id
    await room.wait(minutes=15)
    assert await paged(room, incident) == [(before.id,), (after.id,)]
    assert after.id in room.channel_of(incident).members


async def test_a_level_behind_which_nobody_is_on_call_says_so_and_the_next_is_paged_at_once(room: WarRoom) -> None:
    incident = await room.declare("chidi", "checkout returns 500s --sev 1")
    await room.wait(minutes=30)
    linus = room.slack.person("linus")
    assert (await paged(room, incident))[2:] == [(), (linus.id,)], "not after two hours only"
    said = [message.plain() for message in room.channel_of(incident).messages_by_bot()]
    assert any("schedule:empty" in text for text in said)


async def test_cover_taken_one_second_before_a_page(room: WarRoom) -> None:
    incident = await room.declare("chidi", "checkout returns 500s --sev 1")
    await room.wait(minutes=14)
    now, kwame = room.slack.clock.now(), room.slack.person("kwame")
    start = incident.declared_at + timedelta(minutes=15) - timedelta(seconds=1)
    cover = Override(
        id="cover", schedule="platform", start=start, end=start + timedelta(hours=1), person=kwame.id, made_at=now
    )
    await room.bot.world.commit(Changeset(now=now, overrides=(cover,)))
    await room.wait(minutes=1)
    assert (await paged(room, incident))[-1] == (kwame.id,)


async def test_a_spring_night_pages_whoever_is_on_call_by_the_clock_that_was_put_forward(room: WarRoom) -> None:
    # At 02:00 the clock shows 03:00: from 02:30 to 03:30 is from 03:30 to 03:30, which is never.
    day = date(room.slack.clock.now().year + 1, 3, 31)
    day -= timedelta(days=day.isoweekday() % 7)
    jump = datetime(day.year, day.month, day.day, 1, 0, tzinfo=UTC)
    await wound_to(room, jump + timedelta(minutes=15))
    incident = await room.declare("chidi", "checkout returns 500s --sev 1")
    assert (await paged(room, incident))[0] == (on_duty(room, jump).id,)


async def test_cover_is_asked_in_the_channel_taken_with_one_press_and_undone(room: WarRoom) -> None:
    slack = room.slack
    now = slack.clock.now()
    # By day: in one hour of the week somebody else is on call.
    await wound_to(room, now.replace(hour=12) + timedelta(days=1))
    ada, kwame = slack.person("ada"), slack.person("kwame")
    await slack.slash(ada, "general", "/incident", "oncall cover platform now for 2h")
    await room.settle()
    channel = slack.channel("sre-alerts")
    asked = channel.messages_by_bot()[-1]
    assert asked.labels() == ["Take it", "Withdraw"]
    assert f"<@{ada.id}> asks for cover" in str(asked.blocks)
    await slack.click(kwame, channel.name, asked, "Take it")
    await room.settle()
    about = [message.ts for message in channel.messages_by_bot() if "took over" not in str(message.blocks)]
    assert about[-1] == asked.ts, "the question became the answer"
    assert asked.labels() == ["Undo"]
    assert f"<@{kwame.id}> is on call" in str(asked.blocks)
    incident = await room.declare("chidi", "checkout returns 500s --sev 1")
    assert await paged(room, incident) == [(kwame.id,)]
    await slack.click(ada, channel.name, asked, "Undo")
    await room.settle()
    assert asked.labels() == []
    await room.wait(minutes=15)
    assert (await paged(room, incident))[-1] == (on_duty(room, slack.clock.now()).id,)
    audited = await room.bot.store.audit()
    assert {"command oncall", "button oncall.take", "button oncall.undo"} <= {row.what for row in audited}
