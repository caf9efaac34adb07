"""A share of the matrix on DynamoDB, and two bots that share a table: the promises do not depend on where the record is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from bot.demo.workspace import installation
from sandbox import Sandbox
from tests.reliability.clock import WoundClock
from tests.reliability.conftest import policy_of
from tests.reliability.effects import EFFECT_CASES, EffectCase
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.reliability.test_matrix import exactly_once, prepared
from tests.reliability.troubles import TROUBLES, Trouble
from tests.scenarios.conftest import settings_for
from tests.storage.conftest import dynamodb as dynamodb
from tests.storage.dynamo.server import DynamoDB

CASES = {each.name: each for each in EFFECT_CASES}
TROUBLE = {each.name: each for each in TROUBLES}
CELLS = [
    ("open the room", "kill -9 during"),
    ("post the card", "kill -9 after"),
    ("redraw the card", "500"),
    ("announce", "reset after"),
]


@pytest.fixture
def url(dynamodb: DynamoDB) -> str:
    """The URL of a new table."""
    return dynamodb.new()


@pytest.fixture
async def house(url: str) -> AsyncIterator[House[Forked]]:
    """A workspace and a bot in a process of its own."""
    async with Sandbox.running(app=installation(), clock=WoundClock()) as slack, AsyncExitStack() as stack:
        processes = [Forked(slack, settings_for(slack, url), policy_of())]
        for process in processes:
            stack.push_async_callback(process.stop)
            await process.start()
        made = House(slack, *processes)
        await made.settle()
        yield made


@pytest.mark.parametrize(
    ("case", "trouble"),
    [(CASES[case], TROUBLE[trouble]) for case, trouble in CELLS],
    ids=[f"{case}, {trouble}" for case, trouble in CELLS],
)
async def test_in_slack(house: House[Forked], case: EffectCase, trouble: Trouble) -> None:
    run = await prepared(house, case)
    trouble.plan(house.slack, house.process, case.method, case.when)
    await exactly_once(run, case, trouble)


async def test_a_story(url: str) -> None:
    """Two bots: one is killed while people go on, and comes back."""
    async with Sandbox.running(app=installation(), clock=WoundClock()) as slack, AsyncExitStack() as stack:
        processes = [Forked(slack, settings_for(slack, url), policy_of()) for _ in range(2)]
        for process in processes:
            stack.push_async_callback(process.stop)
            await process.start()
        house = House(slack, *processes)
        await house.settle()
        await slack.slash("ada", "general", "/incident", "declare checkout is down --sev 1")
        await house.settle()
        found = await house.newest()
        assert found is not None
        processes[0].kill()
        texts = ["ack", "update rolling back", "action add buy disks", "resolve over"]
        await asyncio.gather(*(house.type("ada", text, house.room(found)) for text in texts[:2]))
        await house.recover()
        for text in texts[2:]:
            await house.type("grace", text, house.room(found))
        await house.settle()
        await house.promises()
