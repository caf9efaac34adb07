"""When a story's trouble is over: nothing of it may be due between the end of settling and the look at the promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.demo.workspace import installation
from sandbox import Sandbox
from tests.reliability.clock import WoundClock
from tests.reliability.conftest import NewUrl, in_slack, policy_of
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.reliability.promises import undone
from tests.scenarios.conftest import settings_for
from tests.storage.conftest import PostgreSQL
from tests.storage.conftest import postgresql as postgresql
from warroom.incident.decision import timers_of

SECOND = timedelta(seconds=1)


@pytest.fixture
async def house(new_url: NewUrl) -> AsyncIterator[House[Forked]]:
    async with in_slack(new_url()) as house:
        yield house


async def test_a_date_that_comes_while_the_promises_are_looked_at_is_not_taken_for_work_that_is_left(
    house: House[Forked],
) -> None:
    """The clock runs on: the date was seconds away when the story had settled, and due when it was looked at."""
    clock = house.slack.clock
    incident = await house.declared("checkout returns 500s --sev 1")
    soonest = min(timers_of(incident).values())
    clock.advance(soonest - clock.now() - 10 * SECOND)
    await house.settle()
    clock.advance(max(timedelta(0), soonest + SECOND - clock.now()))
    assert await undone(house.store, clock.now()) is None
    await house.promises()
    assert (await house.last()).version > incident.version, "the date has come, and what followed is done"


async def test_of_two_processes_the_one_that_connects_last_has_looked_for_what_it_missed(
    postgresql: PostgreSQL,
) -> None:
    """One connection was enough for the story to end; the other process came back later, and had work then."""
    async with Sandbox.running(app=installation(), clock=WoundClock()) as slack:
        url = postgresql.new()
        made = [Forked(slack, settings_for(slack, url), policy_of()) for _ in range(2)]
        for process in made:
            await process.start()
        house = House(slack, *made)
        await house.settle()
        read = sum(call.method == "conversations.history" for call in slack.calls)
        slack.fail("apps.connections.open", "500", times=1)
        await slack.drop_sockets()
        await house.settle()
        assert slack.sockets.connected == len(made)
        assert sum(call.method == "conversations.history" for call in slack.calls) >= read + 1
        await house.promises()
        for process in made:
            await process.stop()
