"""What came of a step: it is done, tried again, failed, skipped, or nobody can tell."""

from __future__ import annotations

from datetime import timedelta

from warroom.capabilities import Finished, Pending
from warroom.incident.events import RunbookStep
from warroom.outbox.changes import LANDS_WITHIN
from warroom.runbooks.engine.parameters import changes, proves
from warroom.runbooks.engine.work import Away, Failed, Outcome, Work, is_undo
from warroom.runbooks.model import Step
from warroom.runbooks.run import RunState, StepRun, StepState
from warroom.runbooks.values import Missing

WAITS = (2.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds before a call that could not be made is tried again; the last one from then on."""


def outcome_of_call(work: Work, step: StepRun, outcome: Outcome) -> None:
    """What came of a call."""
    step = step.copy_with(in_flight=False)
    match outcome:
        case Finished():
            done(work, step, outcome)
        case Pending():
            work.put(
                step.copy_with(
                    memory=outcome.memory,
                    said=outcome.said,
                    due_at=work.now + outcome.after,
                    failures=0,
                    look_first=False,
                    error="",
                )
            )
        case Failed() if outcome.unclear:
            unclear(work, step, outcome.error)
        case Failed():
            fail(work, step, outcome.error, advice=outcome.advice)
        case Away():
            wait = outcome.after if outcome.after is not None else WAITS[min(step.failures, len(WAITS) - 1)]
            if outcome.unknown:
                wait = max(wait, LANDS_WITHIN.total_seconds())
            unknown = step.look_first or (outcome.unknown and changes(work, step))
            work.put(
                step.copy_with(
                    error=outcome.error,
                    failures=step.failures + 1,
                    look_first=unknown,
                    due_at=work.now + timedelta(seconds=wait),
                )
            )


def not_made(work: Work, step: StepRun) -> None:
    """It was looked whether the call had happened, and it had not. A step that takes another one back in its kind's own way is
    not looked at: only a person can tell.
    """
    nobody_knows = is_undo(step) and work.run.undoes_itself(step.id)
    said = "It had not happened when the run was stopped"
    if nobody_knows or step.memory:
        said = "It had begun, and its end was not awaited"
    state = StepState.UNCLEAR if nobody_knows else StepState.STOPPED
    work.put(step.copy_with(state=state, in_flight=False, said=said, ended_at=work.now, due_at=None, ends_at=None))


def done(work: Work, step: StepRun, outcome: Finished) -> None:
    """A step was done."""
    step = step.copy_with(
        state=StepState.DONE,
        in_flight=False,
        outputs=outcome.outputs,
        undo=outcome.undo,
        said=outcome.said,
        error="",
        advice="",
        ended_at=work.now,
        due_at=None,
        ends_at=None,
        look_first=False,
    )
    work.put(step)
    if changes(work, step):
        work.run = work.run.copy_with(verified=False)  # what was seen before proves nothing any more
    elif proves(work, step):
        work.run = work.run.copy_with(verified=True)
    _tell(work, step)


def fail(work: Work, step: StepRun, error: str, *, advice: str = "", retry: bool = True, late: bool = False) -> None:
    """A step failed: it is tried again where the runbook says so."""
    definition = work.run.definition_of(step.id)
    again = definition.retry if isinstance(definition, Step) else None
    if retry and not late and again is not None and step.attempt <= again.times and work.run.state is RunState.RUNNING:
        due = work.now + again.every
        if step.ends_at is None or due < step.ends_at:
            work.put(
                step.copy_with(
                    state=StepState.RUNNING,
                    attempt=step.attempt + 1,
                    in_flight=False,
                    tried_at=due,
                    due_at=due,
                    error=error,
                    advice=advice,
                    memory={},
                    look_first=False,
                )
            )
            return
    step = step.copy_with(
        state=StepState.FAILED,
        in_flight=False,
        error=error,
        advice=advice,
        ended_at=work.now,
        due_at=None,
        ends_at=None,
    )
    work.put(step)
    _tell(work, step)


def unclear(work: Work, step: StepRun, error: str) -> None:
    """It may have been done, and a person has to find out."""
    question = "Was it done?"
    step = step.copy_with(
        state=StepState.UNCLEAR, in_flight=False, error=error, question=question, due_at=None, ends_at=None
    )
    work.put(step)
    if work.run.state is RunState.STOPPING:
        _tell(work, step)
    else:
        event = RunbookStep(
            run=work.run.number, runbook=work.run.runbook.name, step=step.id, state="unclear", text=error
        )
        work.tell(event)


def skip(work: Work, step: StepRun, why: str) -> None:
    """It is not done, and that is no failure."""
    step = step.copy_with(state=StepState.SKIPPED, said=why, ended_at=work.now)
    work.put(step)
    _tell(work, step)


def missing(work: Work, step: StepRun, error: Missing) -> None:
    """A value is not there: because its step was skipped, or because the step found nothing."""
    from_step = work.steps.get(error.name.partition(".")[0])
    if from_step is not None and from_step.state is StepState.SKIPPED:
        skip(work, step, f"{from_step.id} was skipped")
    else:
        fail(work, step, str(error), retry=False)


def _tell(work: Work, step: StepRun) -> None:
    if work.is_item(step):
        return
    state = "undone" if is_undo(step) and step.state is StepState.DONE else step.state.value
    event = RunbookStep(
        run=work.run.number,
        runbook=work.run.runbook.name,
        step=step.id.removeprefix("undo."),
        state=state,
        text=step.error if step.state in (StepState.FAILED, StepState.UNCLEAR) else step.said,
    )
    work.tell(event)
