"""Every operation of every integration × every trouble, as `test_matrix` has the effects in Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.integrations import INTEGRATIONS
from tests.conftest import FAILED
from tests.reliability.conftest import Kept, NewUrl, beside
from tests.reliability.effect_case import EffectCase
from tests.reliability.external import ExternalCases, external_cases
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.reliability.test_matrix import every_trouble, exactly_once, in_module, prepared
from tests.reliability.troubles import Trouble

ALL = external_cases()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kept_outside(request: pytest.FixtureRequest, new_url: NewUrl) -> AsyncIterator[Kept]:
    """A workspace, a bot and the system of one integration."""
    cases: ExternalCases = request.param
    keeping = Kept(lambda: beside(cases, new_url()))
    yield keeping
    await keeping.close()


@pytest_asyncio.fixture(loop_scope="module")
async def outside(kept_outside: Kept, request: pytest.FixtureRequest) -> AsyncIterator[House[Forked]]:
    """One for all cases of an integration."""
    yield await kept_outside.house()
    if request.node.stash.get(FAILED, False):
        await kept_outside.give_up()


@in_module
@every_trouble
@pytest.mark.parametrize(
    ("kept_outside", "case"),
    [pytest.param(of, case, id=f"{of.integration.name}: {case.name}") for of in ALL for case in of.cases],
    indirect=["kept_outside"],
)
async def test_in_another_system(outside: House[Forked], case: EffectCase, trouble: Trouble) -> None:
    outside.system.faults.clear()
    run = await prepared(outside, case)
    trouble.plan_outside(outside.system, outside.process, case.method)
    await exactly_once(run, case, trouble)


def test_no_operation_is_missing() -> None:
    """Nor an integration whose operations have no cases."""
    assert {each for each in INTEGRATIONS if each.operations} <= {of.integration for of in ALL}
    for of in ALL:
        assert {case.effect for case in of.cases} == set(of.integration.operations), of.integration.name
