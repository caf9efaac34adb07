"""Every effect × every trouble: afterwards exactly one result can be seen, and the record agrees with it."""

from __future__ import annotations

import pytest

from tests.reliability.acts import DEEDS, Deed, Run
from tests.reliability.house import House
from tests.reliability.troubles import TROUBLES, Trouble

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("matrix")]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.name)
@pytest.mark.parametrize("deed", DEEDS, ids=lambda each: each.name)
async def test_exactly_once(shared: House, deed: Deed, trouble: Trouble) -> None:
    slack, run = shared.slack, Run(shared)
    slack.faults.clear()
    # A minute later all of Slack's budgets are full again, and nobody has to wait in real time.
    slack.clock.advance(60)
    if deed.prepare is not None:
        await deed.prepare(run)
    trouble.plan(slack, shared.process, deed.method, deed.when)
    await deed.trigger(run)
    await shared.struck()
    await shared.recover()
    slack.faults.clear()
    run.incident = await shared.newest()
    assert 1 <= await deed.count(run) <= deed.most
    await shared.promises()
    if run.incident is not None and run.incident.state.open:
        await shared.type("ada", f"cancel #{run.incident.number} over")
        await shared.settle()
