"""Every effect × every trouble: afterwards exactly one result can be seen, and the record agrees with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.slack.performers import PERFORMERS as IN_SLACK
from tests.reliability.effect_case import EffectCase, Run
from tests.reliability.effects import EFFECT_CASES
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.reliability.table import PAGE, page
from tests.reliability.troubles import TROUBLES, Trouble
from tests.test_house_rules import DONE_IN_THE_PROCESS

in_module = pytest.mark.asyncio(loop_scope="module")
every_trouble = pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.name)


@in_module
@every_trouble
@pytest.mark.parametrize("case", EFFECT_CASES, ids=lambda each: each.name)
async def test_in_slack(shared: House[Forked], case: EffectCase, trouble: Trouble) -> None:
    run = await prepared(shared, case)
    trouble.plan(shared.slack, shared.process, case.method, case.when)
    await exactly_once(run, case, trouble)


async def prepared(house: House[Forked], case: EffectCase) -> Run:
    """A run up to the moment before the trouble."""
    house.slack.faults.clear()
    # A minute later all of Slack's budgets are full again, and nobody has to wait in real time.
    house.slack.clock.advance(60)
    run = Run(house)
    if case.prepare is not None:
        await case.prepare(run)
    return run


async def exactly_once(run: Run, case: EffectCase, trouble: Trouble) -> None:
    """The deed is done in spite of the trouble, and the incident is ended."""
    house = run.house
    await case.trigger(run)
    await house.applied()
    await house.recover()
    house.slack.faults.clear()
    run.incident = await house.newest()
    doubtful = case.cautious and not trouble.unheard and trouble.fault != "ratelimited"
    assert (0 if doubtful else 1) <= await case.count(run) <= (2 if case.blind and trouble.unheard else 1)
    if case.blind and trouble.unheard and "key" in run.noted:
        house.unseen.add(run.noted["key"])
    await house.promises()
    if run.incident is not None and run.incident.state.open:
        await house.type("ada", "cancel over", house.room(run.incident))
        await house.settle()


def test_no_effect_is_missing() -> None:
    assert {case.effect for case in EFFECT_CASES} == set(IN_SLACK), "test_external_matrix has those of other systems"
    runbooks = {"look_at_run", "begin_runbooks", "run_step"}
    assert {"decide_alerts", "look_for_changes", "investigate", "narrate"} | runbooks == DONE_IN_THE_PROCESS, (
        "they change nothing in Slack; test_deliveries has the first, test_investigation the two before runbooks"
    )


def test_the_table_is_the_matrix() -> None:
    assert (Path(__file__).parents[2] / PAGE).read_text() == page(), "write it anew: python -m tests.reliability.table"
