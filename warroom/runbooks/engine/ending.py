"""After a failure, after a stop, and the end of a run."""

from __future__ import annotations

from warroom.incident.events import RunbookEnded
from warroom.runbooks.engine.parameters import changes
from warroom.runbooks.engine.work import CHECK, Work, is_undo
from warroom.runbooks.model import UNDO, Step
from warroom.runbooks.run import Phase, RunState, StepRun, StepState


def drop_after_failure(work: Work) -> None:
    """Once a step failed nothing of the graph begins any more, and nothing is awaited but what has changed something."""
    if work.failed_step() is None or work.run.phase is not Phase.STEPS:
        return
    for step in list(work.steps.values()):
        changing = step.state is StepState.RUNNING and (step.begun_call > 0 or bool(step.items)) and changes(work, step)
        if step.state.over or step.in_flight or step.state is StepState.UNCLEAR or changing:
            continue
        work.put(step.copy_with(state=StepState.STOPPED, ended_at=work.now, due_at=None, ends_at=None))


def fail_run(work: Work, failed: StepRun) -> None:
    """A step failed. What had begun is awaited, then things are put right."""
    if any(not step.state.over for step in work.steps.values()):
        return
    work.run = work.run.copy_with(failed_step=failed.id, phase=Phase.UNDO, verified=False)
    work.fell = True
    put_undo(work)


def put_undo(work: Work) -> None:
    """Whatever was done and can be undone is undone, last first."""
    run = work.run.copy_with(steps=tuple(work.steps.values()))
    for step in run.with_undo():
        definition = run.definition_of(step.id)
        assert isinstance(definition, Step)
        assert definition.undo is not None
        do = step.do if definition.undo.do == UNDO else definition.undo.do
        work.put(StepRun(id=f"undo.{step.id}", do=do))


def end_if_over(work: Work) -> None:
    """The end of a phase, and of the run."""
    if work.run.state is not RunState.RUNNING or not all(step.state.over for step in work.steps.values()):
        return
    if work.run.undo_by is not None:
        failed = next((each for each in work.steps.values() if each.state is StepState.FAILED and is_undo(each)), None)
        if failed is not None:
            work.run, work.fell = work.run.copy_with(failed_step=failed.id), True
        end(work, RunState.STOPPED if failed is None else RunState.FAILED)
        return
    if work.run.phase is Phase.STEPS:
        if not any(step.state is StepState.FAILED for step in work.steps.values()):
            end(work, RunState.SUCCEEDED)
        return
    if work.run.phase is Phase.UNDO and work.run.runbook.otherwise:
        work.run = work.run.copy_with(phase=Phase.OTHERWISE)
        for n, do in enumerate(work.run.runbook.otherwise, 1):
            work.put(StepRun(id=f"otherwise.{n}", do=do.do))
        return
    end(work, RunState.FAILED)


def stop(work: Work, by: str | None) -> None:
    """Nothing more begins."""
    work.run = work.run.copy_with(state=RunState.STOPPING, ended_by=by, wanted=())
    for step in list(work.steps.values()):
        if step.state.over or step.state is StepState.UNCLEAR:
            continue
        if step.in_flight and step.begun_call == step.call:
            work.put(step.copy_with(said="It had begun when the run was stopped"))
            continue
        # A call that was asked for and has not begun does not begin any more: `mark_begun` refuses it.
        unclear = step.look_first and changes(work, step)
        said = f"It had begun, and its end was not awaited. {step.said}".strip() if step.begun_call else step.said
        state = StepState.UNCLEAR if unclear else StepState.STOPPED
        step = step.copy_with(state=state, in_flight=False, ended_at=work.now, due_at=None, ends_at=None)
        work.put(step.copy_with(said=said))


def end(work: Work, state: RunState) -> None:
    """The run is over; the timeline says what was done and what was not."""
    for step in list(work.steps.values()):
        # A step of a run that was stopped: it waits for nothing any more.
        if not step.state.over and step.state is not StepState.UNCLEAR:
            work.put(
                step.copy_with(state=StepState.STOPPED, ended_at=work.now, due_at=None, ends_at=None, in_flight=False)
            )
    run = work.run
    own = [step for step in work.steps.values() if not work.is_item(step)]
    failed = work.steps.get(run.failed_step)
    verified = state is RunState.SUCCEEDED and run.verified
    work.run = run.copy_with(state=state, ended_at=work.now, targets=(), wanted=(), waits_for="", verified=verified)
    if run.checklist:
        why = ""
    elif state is RunState.FAILED and failed is not None:
        why = f"{failed.id}: {failed.error}"
    else:
        why = "declined" if run.declined else ""
    event = RunbookEnded(
        run=run.number,
        runbook=run.runbook.name,
        outcome=state.value,
        verified=verified,
        why=why,
        done=tuple(_label(step) for step in own if step.state is StepState.DONE),
        not_done=tuple(_label(step) for step in own if step.state in (StepState.STOPPED, StepState.FAILED)),
        unclear=tuple(_label(step) for step in own if step.state is StepState.UNCLEAR),
    )
    work.tell(event, run.ended_by)


def _label(step: StepRun) -> str:
    if step.do == CHECK:
        return step.question
    return step.id.replace("undo.", "undo of ").replace("otherwise.", "otherwise ")
