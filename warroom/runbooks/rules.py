"""What may happen to a run: it begins, time passes, a call is answered, people approve, answer, tick, stop and undo.

Pure: a run and what happened in, the run and what is to be asked of the world out. How a run goes on from there is in
`warroom.runbooks.engine`, a file for each subject.
"""

from __future__ import annotations

from datetime import datetime

from warroom.capabilities import Finished
from warroom.incident.events import BoxTicked, RunbookAnswered, RunbookApproval, RunbookBegun
from warroom.runbooks.engine import calls, ending, parameters, results
from warroom.runbooks.engine.advance import go_on
from warroom.runbooks.engine.work import CHECK, Advanced, Outcome, Setting, Work
from warroom.runbooks.model import boxes
from warroom.runbooks.plan import in_order
from warroom.runbooks.run import Agreed, Phase, Run, RunState, StepRun, StepState


def begin(run: Run, setting: Setting) -> Advanced:
    """A new run with all its steps, of which none has begun."""
    runbook = run.runbook
    if run.checklist:
        steps = tuple(
            StepRun(id=f"box{n}", do=CHECK, question=text, state=StepState.ASKED)
            for n, text in enumerate(boxes(runbook.checklist), 1)
        )
    else:
        steps = tuple(StepRun(id=step.id, do=step.do) for step in in_order(runbook.steps))
    run = run.copy_with(steps=steps, wanted=run.targets, targets=(), state=RunState.QUEUED)
    work = Work(run, setting)
    event = RunbookBegun(
        run=run.number,
        runbook=runbook.name,
        why=run.why,
        automatic=run.automatic,
        inputs={name: str(value) for name, value in run.inputs.items()},
    )
    work.tell(event, run.asked_by)
    return go_on(work)


def advance(run: Run, setting: Setting) -> Advanced:
    """Whatever can be done now: deadlines that have passed, steps whose turn has come, the end."""
    return go_on(Work(run, setting))


def finished(run: Run, step_id: str, call: int, outcome: Outcome, setting: Setting) -> Advanced:
    """A call of a step was answered. An answer to an older call changes nothing."""
    work = Work(run, setting)
    step = run.step(step_id)
    if step is None or not step.in_flight or step.call != call:
        return Advanced(run)
    results.outcome_of_call(work, step, outcome)
    return go_on(work)


def not_made(run: Run, step_id: str, call: int, setting: Setting) -> Advanced:
    """A call that had begun when the run was stopped, and whose process died, is not made again: the run must not wait for it."""
    step = run.step(step_id)
    if step is None or not step.in_flight or step.call != call or run.state is not RunState.STOPPING:
        return Advanced(run)
    work = Work(run, setting)
    results.not_made(work, step)
    return go_on(work)


def mark_begun(run: Run, step_id: str, call: int, now: datetime) -> Run | None:
    """The run with a mark that the call may change something from now on; None where it must not be made any more."""
    step = run.step(step_id)
    if step is None or not step.in_flight or step.call != call or step.state is not StepState.RUNNING:
        return None
    if run.state is not RunState.RUNNING:
        return None
    changed = dict.fromkeys(run.targets, now) | run.changed
    return run.with_step(step.copy_with(begun_call=call)).copy_with(changed=changed)


def approve(run: Run, step_id: str, by: str, setting: Setting) -> Advanced:
    """Somebody agreed to exactly what the step's plan says."""
    step = run.step(step_id)
    if step is None or step.state is not StepState.APPROVAL:
        return Advanced(run)
    work = Work(run, setting)
    parameters = step.items or ((step.parameters,) if step.parameters is not None else ())
    agreed = Agreed(by=by, at=setting.now, parameters=parameters)
    event = RunbookApproval(run=run.number, runbook=run.runbook.name, step=step_id, what="approved", plan=step.plan)
    work.tell(event, by)
    step = step.copy_with(agreed=agreed, ends_at=None, by=by)
    if step.do == "approve":
        work.put(step.copy_with(state=StepState.RUNNING))
        results.done(work, work.steps[step_id], Finished(outputs={"by": by}, said="Approved"))
    else:
        calls.start(work, step)
    return go_on(work)


def decline(run: Run, step_id: str, by: str, setting: Setting) -> Advanced:
    """Somebody said no: the run ends, and nothing else is done instead."""
    step = run.step(step_id)
    if step is None or step.state is not StepState.APPROVAL:
        return Advanced(run)
    work = Work(run.copy_with(declined=True), setting)
    event = RunbookApproval(run=run.number, runbook=run.runbook.name, step=step_id, what="declined", plan=step.plan)
    work.tell(event, by)
    ending.stop(work, by)
    return go_on(work)


def answer(run: Run, step_id: str, said: str, by: str, setting: Setting) -> Advanced:
    """Somebody answered a question of the run."""
    step = run.step(step_id)
    if step is None or step.state is not StepState.ASKED or (step.options and said not in step.options):
        return Advanced(run)
    work = Work(run, setting)
    event = RunbookAnswered(run=run.number, runbook=run.runbook.name, step=step_id, question=step.question, answer=said)
    work.tell(event, by)
    step = step.copy_with(by=by, ends_at=None, state=StepState.RUNNING)
    work.put(step)
    results.done(work, step, Finished(outputs={"answer": said, "by": by}, said=said))
    return go_on(work)


def clear_up(run: Run, step_id: str, happened: bool, by: str, setting: Setting) -> Advanced:
    """Somebody found out whether a step of which that was not known was done: else it is done now."""
    step = run.step(step_id)
    if step is None or step.state is not StepState.UNCLEAR or run.state is not RunState.RUNNING:
        return Advanced(run)
    work = Work(run, setting)
    said = "done" if happened else "not done"
    event = RunbookAnswered(run=run.number, runbook=run.runbook.name, step=step_id, question=step.question, answer=said)
    work.tell(event, by)
    step = step.copy_with(state=StepState.RUNNING, by=by, look_first=False, begun_call=0, question="", in_flight=False)
    work.put(step)
    if happened:
        results.done(work, step, Finished(said="A person looked: it was done"))
    else:
        work.put(step.copy_with(due_at=setting.now, ends_at=setting.now + parameters.limit(work, step)))
    return go_on(work)


def tick(run: Run, step_id: str, done: bool, by: str, setting: Setting) -> Advanced:
    """Somebody ticked a box of a checklist, or took the tick back."""
    step = run.step(step_id)
    if step is None or step.do != CHECK or done == (step.state is StepState.DONE):
        return Advanced(run)
    if run.state.over:
        return Advanced(run)
    work = Work(run, setting)
    work.tell(BoxTicked(run=run.number, runbook=run.runbook.name, text=step.question, done=done), by)
    state = StepState.DONE if done else StepState.ASKED
    work.put(step.copy_with(state=state, by=by if done else None, ended_at=setting.now if done else None))
    return go_on(work)


def stop(run: Run, by: str | None, setting: Setting) -> Advanced:
    """Nothing more begins. What had begun is said, and its answer awaited."""
    if run.state.over or run.state is RunState.STOPPING:
        return Advanced(run)
    work = Work(run, setting)
    ending.stop(work, by)
    return go_on(work)


def undo(run: Run, by: str, setting: Setting) -> Advanced:
    """What was done before the run was stopped is taken back, last first, each with an approval where it changes something."""
    if not run.undoable:
        return Advanced(run)
    work = Work(run.copy_with(undo_by=by, state=RunState.RUNNING, phase=Phase.UNDO, ended_at=None), setting)
    work.tell(RunbookBegun(run=run.number, runbook=run.runbook.name, undo=True), by)
    ending.put_undo(work)
    return go_on(work)
