"""What Slack and Datadog deliver twice, late, in another order or not at all, and people who press at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.demo.demo_company import MEMORY_ALERT
from tests.reliability.conftest import NewUrl, in_slack
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.reliability.promises import said_under
from warroom.incident import events
from warroom.incident.model import State
from warroom.value import Stored

AWAY = 600.0
"""Seconds without Slack."""


@pytest.fixture
async def house(new_url: NewUrl) -> AsyncIterator[House[Forked]]:
    """A workspace and a bot of its own."""
    async with in_slack(new_url()) as house:
        yield house


async def timeline(house: House[Forked], kind: type[Stored]) -> int:
    """How many lines of that kind the newest incident has."""
    lines = await house.store.timeline((await house.last()).id)
    return sum(isinstance(each.event, kind) for each in lines)


async def test_a_pin_that_slack_tells_twice_is_on_the_timeline_once(house: House[Forked]) -> None:
    incident = await house.declared()
    said = await house.slack.say("ada", house.room(incident), "the disk of db-02 is full")
    house.slack.duplicate_next_event()
    await house.slack.react("ada", said, "pushpin")
    await house.settle()
    assert await timeline(house, events.MessagePinned) == 1
    await house.promises()


async def test_an_event_that_was_not_acknowledged_comes_again_and_counts_once(house: House[Forked]) -> None:
    incident = await house.declared()
    said = await house.slack.say("ada", house.room(incident), "the disk of db-02 is full")
    await house.settle()
    house.process.kill()
    await house.slack.until(lambda: house.slack.sockets.connected == 0, why="nobody hears")
    await house.slack.react("ada", said, "pushpin")
    await house.process.restart()
    house.slack.clock.advance(400)
    await house.settle()
    assert await timeline(house, events.MessagePinned) == 1
    assert house.slack.sockets.unacknowledged == []
    await house.promises()


async def test_events_in_the_opposite_order(house: House[Forked]) -> None:
    incident = await house.declared()
    slack, room = house.slack, house.room(await house.last())
    slack.sockets.held = []
    first = await slack.say("ada", room, "it began at noon")
    second = await slack.say("ada", room, "rolled back")
    await slack.react("ada", first, "pushpin")
    await slack.react("ada", second, "pushpin")
    await slack.join("ben", room)
    slack.sockets.release(reverse=True)
    await house.settle()
    entries = await house.store.timeline(incident.id)
    lines = [each.event.text for each in entries if isinstance(each.event, events.MessagePinned)]
    assert sorted(lines) == ["it began at noon", "rolled back"]
    await house.promises()


async def test_everybody_presses_acknowledge_at_once(house: House[Forked]) -> None:
    incident = await house.declared()
    room, card = house.room(incident), house.card(incident).snapshot()
    people = ["ada", "grace", "linus", "ben"]
    answers = await asyncio.gather(*(house.slack.click(who, room, card, "Acknowledge") for who in people * 2))
    assert all(answer.acked for answer in answers)
    await house.settle()
    after = await house.last()
    assert after.state is State.ACKNOWLEDGED
    assert await timeline(house, events.Acknowledged) == 1
    told = [who for who in people if any("has it already" in each.plain() for each in house.slack.ephemerals(who))]
    assert set(people) - set(told) <= {house.slack.person(after.commander or "").name}, "the others are told who has it"
    await house.promises()


async def test_acknowledge_and_resolve_at_the_same_moment(house: House[Forked]) -> None:
    incident = await house.declared()
    room, card = house.room(incident), house.card(incident).snapshot()
    await house.slack.click("grace", room, card, "Resolve")
    form = await house.slack.modal("grace")
    await asyncio.gather(
        house.slack.click("ada", room, card, "Acknowledge"),
        house.slack.submit("grace", form),
    )
    await house.settle()
    assert (await house.last()).state is State.RESOLVED
    assert await timeline(house, events.Resolved) == 1
    await house.promises()


async def test_a_form_submitted_twice_at_once_opens_one_room(house: House[Forked]) -> None:
    await house.type("ada", "declare")
    form = await house.slack.modal("ada")
    form.fill("Title", "search is slow")
    await asyncio.gather(house.slack.submit("ada", form), house.slack.submit("ada", form))
    await house.settle()
    assert await house.store.last_number() == 1
    await house.promises()


async def test_an_update_submitted_twice_is_said_once(house: House[Forked]) -> None:
    incident = await house.declared()
    await house.slack.click("ada", house.room(incident), house.card(incident), "Post update")
    form = await house.slack.modal("ada")
    form.fill("Update", "rolling back")
    await asyncio.gather(house.slack.submit("ada", form), house.slack.submit("ada", form))
    await house.settle()
    assert await timeline(house, events.UpdatePosted) == 1
    await house.promises()


@pytest.mark.parametrize("method", ["conversations.create", "chat.postMessage", "pins.add"])
async def test_the_socket_breaks_in_the_middle_of_a_declaration(house: House[Forked], method: str) -> None:
    breaking: list[asyncio.Future[None]] = []
    house.slack.on_call(method, do=lambda: breaking.append(asyncio.ensure_future(house.slack.drop_sockets())))
    await house.type("ada", "declare checkout is down --sev 1")
    await house.applied()
    await asyncio.gather(*breaking)
    house.process.skip()
    await house.slack.until_connected()
    await house.settle()
    await house.promises()
    assert (await house.last()).room.card_ts


async def test_slack_asks_to_connect_anew_in_the_middle_of_a_declaration(house: House[Forked]) -> None:
    connections = house.slack.sockets.connections
    await asyncio.gather(house.type("ada", "declare checkout is down --sev 1"), house.slack.refresh_sockets())
    await house.slack.until(lambda: house.slack.sockets.connections > connections, why="the bot connects anew")
    await house.settle()
    if await house.store.last_number() == 0:
        # The command was lost with the connection, and Slack told the person so.
        await house.type("ada", "declare checkout is down --sev 1")
        await house.settle()
    assert await house.store.last_number() == 1
    await house.promises()


@pytest.mark.parametrize("how", ["503", "reset_before", "ratelimited"])
async def test_slack_is_away_for_ten_minutes_in_the_middle_of_a_declaration(house: House[Forked], how: str) -> None:
    slack = house.slack
    for method in ("chat.*", "conversations.invite", "conversations.set*", "pins.*", "bookmarks.*", "conversations.h*"):
        slack.fail(method, how, times=None, seconds=30)
    await house.type("ada", "declare checkout is down --sev 1")
    end = slack.clock.seconds() + AWAY
    while slack.clock.seconds() < end:
        await house.pass_time(30)
    slack.faults.clear()
    await house.settle()
    await house.promises()
    incident = await house.last()
    assert len(said_under(slack, f"{incident.id}:announce")) == 1


async def test_an_alert_is_decided_after_a_kill_that_came_right_after_its_acceptance(house: House[Forked]) -> None:
    assert await house.hook(MEMORY_ALERT) == 202
    house.process.kill()
    await house.recover()
    assert await house.store.last_number() == 1
    assert await house.hook(MEMORY_ALERT) == 202
    await house.settle()
    assert (await house.last()).alerts.count == 1, "the same delivery again is counted once"
    await house.promises()
