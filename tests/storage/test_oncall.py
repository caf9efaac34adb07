"""Overrides: kept, found by time, and changed by one writer at a time."""

from __future__ import annotations

import pytest

from storage import Database
from tests.storage.values import NOW, after, alert, put
from warroom.errors import Conflict
from warroom.oncall.model import Override, OverrideState, ScheduleState


def override(name: str, start: float, end: float, **fields: object) -> Override:
    usual: dict[str, object] = {"id": name, "schedule": "sre", "person": "UADA", "made_at": NOW}
    return Override.model_validate(usual | {"start": after(start), "end": after(end)} | fields)


async def test_those_that_touch_a_time_are_found_by_start(store: Database) -> None:
    late, early, other = override("late", 50, 90), override("early", 0, 60), override("other", 10, 20, schedule="web")
    await put(store, overrides=(late, early, other))
    assert [each.id for each in await store.overrides(after(10), after(60))] == ["early", "other", "late"]
    assert [each.id for each in await store.overrides(after(60), after(61))] == ["late"], "the end is not within"
    assert await store.overrides(after(-10), after(0)) == []
    assert await store.override("early") == early.copy_with(version=1)
    assert await store.override("nobody") is None


async def test_the_second_of_two_writers_is_refused_and_writes_nothing(store: Database) -> None:
    await put(store, overrides=(override("o", 0, 60, person=None, state=OverrideState.ASKED),))
    asked = await store.override("o")
    assert asked is not None
    taken = asked.copy_with(person="UADA", state=OverrideState.TAKEN)
    await put(store, overrides=(taken,))
    for late in (asked.copy_with(person="UBEN"), override("o", 0, 60)):
        with pytest.raises(Conflict):
            await put(store, overrides=(override("beside", 0, 60), late))
    assert await store.override("o") == taken.copy_with(version=2)
    assert await store.override("beside") is None


async def test_alerts_are_read_page_by_page_in_order_of_arrival(store: Database) -> None:
    for place, name in enumerate(("old", "a", "b", "c")):
        received = alert(name).copy_with(received_at=after(10 * place))
        await put(store, received=(received,))
    first = await store.alerts_after(0, after(10), 2)
    assert [each.alert.delivery_id for each, _ in first] == ["a", "b"]
    rest = await store.alerts_after(first[-1][0].seq, after(10), 2)
    assert [(each.alert.delivery_id, decision) for each, decision in rest] == [("c", None)]


async def test_what_is_known_of_a_schedule_has_one_writer_at_a_time(store: Database) -> None:
    assert await store.schedule_state("sre") is None
    first = ScheduleState(schedule="sre", people=("UADA",), since=NOW)
    await put(store, schedule_states=(first,))
    known = await store.schedule_state("sre")
    assert known == first.copy_with(version=1)
    with pytest.raises(Conflict):
        await put(store, schedule_states=(first,))
    await put(store, schedule_states=(known.copy_with(people=("UBEN",)),))
    with pytest.raises(Conflict):
        await put(store, schedule_states=(known.copy_with(group=("UADA",)),))
    assert await store.schedule_state("sre") == known.copy_with(people=("UBEN",), version=2)
