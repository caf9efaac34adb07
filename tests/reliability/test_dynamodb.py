"""A share of the matrix on DynamoDB, spread evenly over effects and troubles; all of it with WARROOM_STORE=dynamodb."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conftest import FAILED
from tests.reliability.conftest import Kept, in_slack
from tests.reliability.effects import EFFECT_CASES, EffectCase
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.reliability.test_matrix import exactly_once, in_module, prepared
from tests.reliability.troubles import TROUBLES, Trouble
from tests.storage.dynamo.server import DynamoDB

EVERY = 25
"""Of so many cells one is taken: each trouble about twice."""


def spread() -> list[tuple[EffectCase, Trouble]]:
    """Effects at equal distances, each with the next trouble but two."""
    count = len(EFFECT_CASES) * len(TROUBLES) // EVERY
    return [(EFFECT_CASES[n * len(EFFECT_CASES) // count], TROUBLES[n * 3 % len(TROUBLES)]) for n in range(count)]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kept(dynamodb: DynamoDB) -> AsyncIterator[Kept]:
    """A workspace and a bot in a process of its own."""
    keeping = Kept(lambda: in_slack(dynamodb.new(empty=True)))
    yield keeping
    await keeping.close()


@pytest_asyncio.fixture(loop_scope="module")
async def house(kept: Kept, request: pytest.FixtureRequest) -> AsyncIterator[House[Forked]]:
    """One for all cells."""
    yield await kept.house()
    if request.node.stash.get(FAILED, False):
        await kept.give_up()


@in_module
@pytest.mark.parametrize(
    ("case", "trouble"), [pytest.param(*each, id=f"{each[0].name}, {each[1].name}") for each in spread()]
)
async def test_on_dynamodb(house: House[Forked], case: EffectCase, trouble: Trouble) -> None:
    run = await prepared(house, case)
    trouble.plan(house.slack, house.process, case.method, case.when)
    await exactly_once(run, case, trouble)


def test_every_trouble_is_among_them() -> None:
    assert {trouble for _, trouble in spread()} == set(TROUBLES)
