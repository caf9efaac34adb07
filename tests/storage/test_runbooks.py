"""Runs of runbooks: kept with their steps, one writer at a time, one holder of a target, exported and imported."""

from __future__ import annotations

import pytest

from storage import Database, export_lines, import_lines
from tests.storage.conftest import Opener
from tests.storage.values import NOW, after, put
from tests.stores import fresh_store
from warroom.errors import Conflict
from warroom.runbooks.run import Run, RunState, StepRun, StepState


def run(name: str = "i1:run1", **fields: object) -> Run:
    incident, _, number = name.partition(":run")
    usual: dict[str, object] = {
        "id": name,
        "incident_id": incident,
        "number": int(number),
        "definition": {"name": "Restart", "steps": [{"id": "a", "do": "say"}]},
        "begun_at": NOW,
        "steps": (StepRun(id="a", do="say"), StepRun(id="b", do="say")),
    }
    return Run.model_validate(usual | fields)


async def test_a_run_is_kept_with_its_steps_in_their_order(store: Database) -> None:
    await put(store, runs=(run(),))
    kept = await store.run("i1:run1")
    assert kept == run(version=1)
    done = kept.with_step(StepRun(id="a", do="say", state=StepState.DONE)).with_step(StepRun(id="a.1", do="say"))
    await put(store, runs=(done,))
    again = await store.run("i1:run1")
    assert again is not None
    assert [(step.id, step.state) for step in again.steps] == [("a", "done"), ("b", "waiting"), ("a.1", "waiting")]
    assert await store.run("i1:run2") is None


async def test_runs_are_found_by_incident_and_those_at_work_by_state(store: Database) -> None:
    over = run("i1:run1", state=RunState.SUCCEEDED)
    await put(store, runs=(over, run("i1:run2"), run("i2:run1", state=RunState.QUEUED)))
    assert [each.id for each in await store.runs("i1")] == ["i1:run2", "i1:run1"]
    assert [each.id for each in await store.active_runs("i1")] == ["i1:run2"]
    assert [each.id for each in await store.active_runs()] == ["i1:run2", "i2:run1"]


async def test_the_second_of_two_writers_is_refused_and_writes_nothing(store: Database) -> None:
    await put(store, runs=(run(),))
    kept = await store.run("i1:run1")
    assert kept is not None
    await put(store, runs=(kept.copy_with(state=RunState.STOPPED),))
    for late in (kept, run(), run("i1:run9", number=1)):
        with pytest.raises(Conflict):
            await put(store, runs=(run("i3:run1"), late))
    assert await store.run("i3:run1") is None


async def test_a_target_has_one_holder(store: Database) -> None:
    await put(store, runs=(run("i1:run1", targets=("x", "y")),))
    assert await store.held_targets() == {"x": "i1:run1", "y": "i1:run1"}
    with pytest.raises(Conflict):
        await put(store, runs=(run("i2:run1", targets=("z", "y")),))
    kept = await store.run("i1:run1")
    assert kept is not None
    await put(store, runs=(kept.copy_with(targets=(), state=RunState.SUCCEEDED),))
    await put(store, runs=(run("i2:run1", targets=("z", "y")),))
    assert await store.held_targets() == {"y": "i2:run1", "z": "i2:run1"}


async def test_when_a_target_was_changed_is_remembered_after_it_was_let_go(store: Database) -> None:
    await put(store, runs=(run("i1:run1", targets=("x",), changed={"x": after(10)}),))
    kept = await store.run("i1:run1")
    assert kept is not None
    await put(store, runs=(kept.copy_with(targets=()),))
    await put(store, runs=(run("i2:run1", targets=("x",)),))
    assert await store.times_changed("x", NOW) == [after(10)]
    assert await store.times_changed("x", after(11)) == []
    assert await store.times_changed("y", NOW) == []


async def test_an_export_holds_runs_and_what_they_hold(store: Database, opening: Opener) -> None:
    await put(store, runs=(run("i1:run1", targets=("x",), changed={"w": after(5)}), run("i2:run1")))
    lines = [line async for line in export_lines(store, NOW)]
    async with fresh_store() as other:
        await import_lines(other, lines)
        assert await other.run("i1:run1") == await store.run("i1:run1")
        assert await other.held_targets() == {"x": "i1:run1"}
        assert await other.times_changed("w", NOW) == [after(5)]
