"""Every operation of every integration × every trouble, as `test_matrix` has the effects in Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.demo.workspace import installation
from bot.integrations import INTEGRATIONS, settings_model
from sandbox import Sandbox
from tests.reliability.conftest import policy_of
from tests.reliability.effects import EffectCase
from tests.reliability.external import ExternalCases, external_cases
from tests.reliability.house import House
from tests.reliability.process import Process
from tests.reliability.test_matrix import every_trouble, exactly_once, in_module, prepared
from tests.reliability.troubles import Trouble
from tests.scenarios.conftest import settings_for

ALL = external_cases()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def outside(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A workspace, a bot and the system of one integration."""
    of: ExternalCases = request.param
    path, system = tmp_path_factory.mktemp("house") / "warroom.db", of.system()
    listening = await system.start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in of.patches:
            patch.setattr(name, value)
        async with Sandbox.running(app=installation()) as slack:
            system.today = lambda: slack.clock.now().isoformat()
            known = settings_for(slack, f"sqlite:///{path}").model_dump()
            settings = settings_model(of.kinds)(**(known | of.settings(system)))
            policy = policy_of(kinds=of.kinds, **{of.integration.name: of.policy})
            process = Process(slack, settings, policy, kinds=of.kinds)
            await process.start()
            house = House(slack, process, system=system)
            await house.settle()
            yield house
            await process.stop()
    await system.stop(listening)


@in_module
@every_trouble
@pytest.mark.parametrize(
    ("outside", "case"),
    [pytest.param(of, case, id=f"{of.integration.name}: {case.name}") for of in ALL for case in of.cases],
    indirect=["outside"],
)
async def test_in_another_system(outside: House, case: EffectCase, trouble: Trouble) -> None:
    outside.system.faults.clear()
    run = await prepared(outside, case)
    trouble.plan_outside(outside.system, outside.process, case.method)
    await exactly_once(run, case, trouble)


def test_no_operation_is_missing() -> None:
    """Also not the cases of a whole integration."""
    assert {*INTEGRATIONS} <= {of.integration for of in ALL}
    for of in ALL:
        assert {case.effect for case in of.cases} == set(of.integration.operations), of.integration.name
