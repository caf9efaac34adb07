"""Merging and taking it back, with kill -9 before and after each call that follows: afterwards both incidents are whole, and each
thing was said once.
"""

from __future__ import annotations

import pytest

from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.reliability.promises import key_of
from warroom.incident.model import Incident, State

in_module = pytest.mark.asyncio(loop_scope="module")

AFTER_MERGE = ("chat.postMessage", "chat.update", "conversations.invite", "conversations.setTopic")
AFTER_UNDO = ("chat.postMessage", "chat.update", "conversations.setTopic")


async def pair(house: House[Forked]) -> tuple[Incident, Incident]:
    """Two open incidents; the second has somebody and an action item that the first has not."""
    house.slack.faults.clear()
    house.slack.clock.advance(60)
    first = await house.declared("checkout is down --sev 2 --team platform")
    second = await house.declared("payments time out --sev 2 grace@example.com")
    await house.type("ada", "action add raise the limit", house.room(second))
    await house.settle()
    return first, second


async def killed_at(house: House[Forked], method: str, moment: str, what: str, incident: Incident) -> None:
    """The gesture, with the process killed at the first such call, and started again."""
    house.slack.on_call(method, moment=moment, do=house.process.kill)
    await house.type("ada", what, house.room(incident))
    await house.applied()
    await house.recover()
    house.slack.faults.clear()


def said(house: House[Forked], incident: Incident, part: str) -> int:
    return sum(part in each.plain() for each in house.room(incident).log if each.by_app and not each.deleted)


def keys(house: House[Forked], incident: Incident) -> list[tuple[str, str]]:
    return [(key_of(each), each.plain()[:60]) for each in house.room(incident).log if each.by_app and not each.deleted]


async def read(house: House[Forked], incident: Incident) -> Incident:
    found = await house.store.incident(incident.id)
    assert found is not None
    return found


async def over(house: House[Forked], *incidents: Incident) -> None:
    for each in incidents:
        if (await read(house, each)).state.open:
            await house.type("ada", "cancel over", house.room(each))
    await house.settle()


@in_module
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", AFTER_MERGE)
async def test_a_merge_survives_a_kill(shared: House[Forked], method: str, moment: str) -> None:
    first, second = await pair(shared)
    await killed_at(shared, method, moment, f"merge {first.number}", second)
    one, two = await read(shared, first), await read(shared, second)
    assert (two.state, two.merged and two.merged.into, two.actions) == (State.CANCELLED, first.id, ())
    assert [item.text for item in one.actions] == ["raise the limit"]
    assert shared.slack.person("grace").id in shared.room(one).members
    assert said(shared, two, "Merged into") == 1
    assert said(shared, one, "was merged into this one") == 1
    await shared.promises()
    await over(shared, first)


@in_module
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", AFTER_UNDO)
async def test_taking_a_merge_back_survives_a_kill(shared: House[Forked], method: str, moment: str) -> None:
    first, second = await pair(shared)
    await shared.type("ada", f"merge {first.number}", shared.room(second))
    await shared.settle()
    await killed_at(shared, method, moment, "reopen", second)
    one, two = await read(shared, first), await read(shared, second)
    assert (two.state.open, two.merged, one.actions) == (True, None, ())
    assert [item.text for item in two.actions] == ["raise the limit"]
    assert said(shared, one, "is an incident of its own again") == 1
    assert said(shared, two, "Reopened") == 1, keys(shared, two)
    await shared.promises()
    await over(shared, first, second)
