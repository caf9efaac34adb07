"""After a stop somebody may want taken back what was done."""

from __future__ import annotations

import pytest

from blocks.run_message import run_card
from tests.people import ADA, GRACE
from tests.warroom.runbooks.bench import Bench, bench, dies, refuses
from warroom.capabilities import Pending
from warroom.errors import AlreadyDone, Forbidden
from warroom.incident import events
from warroom.incident.view import incident_view
from warroom.runbooks import usecases
from warroom.runbooks.run import Run, RunState, StepState

RULES = "remediation: {allow: {world: {places: [prod]}}, approve: {second_person: true}}"
STEPS = """
steps:
  - {id: one, do: world.change, with: {what: one}, undo: true}
  - {id: two, do: world.change, with: {what: two}, needs: [one], undo: {do: say, with: {text: 'two stays'}}}
  - {id: three, do: world.change, with: {what: three}, needs: [two]}
  - {id: wait, do: world.read, needs: [three]}
  - {id: four, do: world.change, with: {what: four}, needs: [wait], undo: true}
otherwise: {do: say, with: {text: 'otherwise'}}
"""


async def stopped(made: Bench) -> Run:
    """After three of the four changes."""
    made.read.answers = [Pending] * 100
    run = await made.start(STEPS)
    for step in ("one", "two", "three"):
        run = await made.approve(run, step)
    await usecases.stop(made.world, run.id, GRACE.id)
    await made.work()
    return await made.run(run)


async def buttons(made: Bench, run: Run) -> str:
    incident = await made.store.incident(run.incident_id)
    assert incident is not None
    return str(run_card(run, incident_view(incident, made.policy), made.clock.now()).blocks)


async def test_what_was_done_is_taken_back_last_first_with_an_approval_by_a_second_person() -> None:
    async with bench(RULES) as made:
        run = await stopped(made)
        assert [step.id for step in run.undoable] == ["two", "one"]
        assert "Taken back, last first: two, one." in await buttons(made, run)
        await usecases.undo(made.world, run.id, GRACE.id)
        await made.work()
        step = await made.step(run, "undo.one")
        assert (step.state, step.plan, made.change.done) == (
            StepState.APPROVAL,
            ("change one back",),
            ["one", "two", "three"],
        )
        with pytest.raises(Forbidden):
            await made.approve(run, "undo.one", GRACE.id)  # she wants it undone
        run = await made.approve(run, "undo.one", ADA.id)
        assert (run.state, made.change.done) == (RunState.STOPPED, ["one", "two", "three", "undo one"])
        assert run.step("otherwise.1") is None
        shown = await buttons(made, run)
        assert "run.undo" not in shown
        assert "*Undone:* two, one" in shown
        begun = [(e.event.undo, e.by) for e in await made.timeline() if isinstance(e.event, events.RunbookBegun)]
        assert begun == [(False, ADA.id), (True, GRACE.id)]
        with pytest.raises(AlreadyDone):
            await usecases.undo(made.world, run.id, ADA.id)


async def test_nobody_undoes_what_is_under_way_or_what_may_have_happened_or_from_outside() -> None:
    async with bench(RULES + "\npermissions: {run: responders}") as made:
        made.read.answers = [Pending] * 100
        run = await made.start(STEPS)
        run = await made.approve(run, "one")
        with pytest.raises(AlreadyDone):
            await usecases.undo(made.world, run.id, ADA.id)
        await usecases.stop(made.world, run.id, GRACE.id)
        with pytest.raises(Forbidden):
            await usecases.undo(made.world, run.id, "USTRANGER")
        assert "run.undo" in await buttons(made, await made.run(run))


async def test_an_undo_that_fails_is_said_and_people_are_called() -> None:
    async with bench(RULES.replace("approve:", "without_approval: ['*'], approve:")) as made:
        made.read.answers = [Pending] * 100
        steps = STEPS.replace(
            "undo: {do: say, with: {text: 'two stays'}}", "undo: {do: world.change, with: {what: back}}"
        )
        run = await made.start(steps)
        await usecases.stop(made.world, run.id, GRACE.id)
        await made.work()
        made.change.before = [refuses]
        await usecases.undo(made.world, run.id, GRACE.id)
        await made.work()
        run = await made.run(run)
        assert (run.state, run.failed_step) == (RunState.FAILED, "undo.two")
        assert made.change.done == ["one", "two", "three", "undo one"], "what can be taken back is"
        assert run.step("otherwise.1") is None
        assert any(isinstance(e.event, events.PeoplePaged) for e in await made.timeline())


async def test_killed_while_it_undoes_and_stopped_it_ends_and_says_that_it_is_not_known() -> None:
    async with bench(RULES.replace("approve:", "without_approval: ['*'], approve:")) as made:
        made.read.answers = [Pending] * 100
        run = await made.start(STEPS)
        await usecases.stop(made.world, run.id, GRACE.id)
        await made.work()
        made.change.undoing = [dies]
        await usecases.undo(made.world, run.id, GRACE.id)
        await made.works_until_killed()
        await usecases.stop(made.world, run.id, ADA.id)
        await made.later(16)
        run = await made.run(run)
        assert (run.state, (await made.step(run, "undo.one")).state) == (RunState.STOPPED, StepState.UNCLEAR)
        assert "undo one" not in made.change.done
        assert await made.store.held_targets() == {}


async def test_killed_while_it_undoes_it_goes_on() -> None:
    async with bench(RULES.replace("approve:", "without_approval: ['*'], approve:")) as made:
        made.read.answers = [Pending] * 100
        steps = STEPS.replace(
            "undo: {do: say, with: {text: 'two stays'}}", "undo: {do: world.change, with: {what: back}}"
        )
        run = await made.start(steps)
        await usecases.stop(made.world, run.id, GRACE.id)
        await made.work()
        made.change.after = [dies]
        await usecases.undo(made.world, run.id, GRACE.id)
        await made.works_until_killed()
        await made.later(16)
        assert ((await made.run(run)).state, made.change.done[3:]) == (RunState.STOPPED, ["back", "undo one"])
