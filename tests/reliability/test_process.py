"""What the other tests here lean on: a kill is one, and what a process did is not lost."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.reliability.conftest import Kept, NewUrl, in_slack
from tests.reliability.house import House
from tests.reliability.process import Forked


@pytest.fixture
async def house(new_url: NewUrl) -> AsyncIterator[House[Forked]]:
    async with in_slack(new_url()) as house:
        yield house


def own_end(process: Forked) -> None:
    """It ends, and nobody told the test."""
    assert process.pid is not None
    os.kill(process.pid, signal.SIGTERM)


async def test_a_killed_process_hears_nothing_and_says_nothing(house: House[Forked]) -> None:
    house.process.kill()
    await house.slack.until(lambda: house.slack.sockets.connected == 0, why="its sockets are closed")
    with pytest.raises(aiohttp.ClientConnectorError):
        await house.hook({})
    with pytest.raises(ConnectionResetError, match="was killed"):
        await house.process.idle()
    assert not (await house.type("ada", "list")).acked


async def test_a_killed_process_leaves_no_lock_in_the_database(house: House[Forked]) -> None:
    for _ in range(5):
        house.slack.on_call("conversations.*", do=house.process.kill)
        await house.type("ada", "declare checkout is down --sev 1")
        await house.applied()
        await house.recover()
        house.slack.faults.clear()
        await house.promises()


async def test_a_call_that_hangs_is_given_up_and_found_again(house: House[Forked]) -> None:
    skip = house.process.skip
    fault = house.slack.fail("chat.postMessage", "hang_after", times=3, do=lambda: skip(hanging=1))
    await house.declared()
    assert fault.applied == 3
    await house.promises()


async def test_a_process_that_ends_by_itself_is_an_error(house: House[Forked]) -> None:
    own_end(house.process)
    with pytest.raises(AssertionError, match="ended by itself"):
        await house.process.idle()
    house.process.kill()


async def test_where_a_process_stands_can_be_seen_from_here(house: House[Forked]) -> None:
    shown = house.process.stacks()
    assert "task dispatcher" in shown
    assert "task socket" in shown


async def test_a_house_in_which_a_case_failed_is_not_used_again(new_url: NewUrl) -> None:
    kept = Kept(lambda: in_slack(new_url()))
    first = await kept.house()
    assert await kept.house() is first
    await kept.give_up()
    assert first.process.killed
    second = await kept.house()
    await second.declared()
    await second.promises()
    await kept.close()
