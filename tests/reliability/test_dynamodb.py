"""A share of the matrix on DynamoDB: the promises do not depend on where the record is."""

from __future__ import annotations

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
