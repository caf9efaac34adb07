"""Whatever of a run can be done now, until nothing more can be done without waiting."""

from __future__ import annotations

from warroom.capabilities import Finished
from warroom.incident.events import RunbookApproval
from warroom.runbooks.engine.calls import call, go_on_with_items, look_if_free
from warroom.runbooks.engine.ending import drop_after_failure, end, end_if_over, fail_run
from warroom.runbooks.engine.next_steps import begin_next, begin_ready
from warroom.runbooks.engine.parameters import changes
from warroom.runbooks.engine.results import done, fail, unclear
from warroom.runbooks.engine.work import Advanced, Work
from warroom.runbooks.run import Phase, RunState, StepRun, StepState


def go_on(work: Work) -> Advanced:
    """Until nothing more can be done without waiting."""
    if not work.run.state.over:
        _leave_queue(work)
        if work.run.state in (RunState.RUNNING, RunState.STOPPING):
            while work.decide is None and _round(work):
                pass
    return work.decided()


def _leave_queue(work: Work) -> None:
    if work.run.state is not RunState.QUEUED:
        return
    held = [target for target in work.run.wanted if target in work.setting.busy]
    if held:
        work.run = work.run.copy_with(waits_for=work.setting.busy[held[0]])
    else:
        work.run = work.run.copy_with(state=RunState.RUNNING, targets=work.run.wanted, wanted=(), waits_for="")


def _round(work: Work) -> bool:
    """Whether something changed."""
    before = dict(work.steps), work.run
    drop_after_failure(work)
    for step in list(work.steps.values()):
        if work.decide is None:
            _look_at_deadlines(work, work.steps[step.id])
    if work.run.state is RunState.STOPPING:
        if not any(step.in_flight for step in work.steps.values()):
            end(work, RunState.STOPPED)
        return False
    if work.decide is None:
        go_on_with_items(work)
    failed = work.failed_step()
    if failed is not None and work.run.phase is Phase.STEPS:
        fail_run(work, failed)
    elif work.run.phase is Phase.STEPS:
        begin_ready(work)
    if work.decide is None and work.run.phase is not Phase.STEPS:
        begin_next(work)
    if work.decide is None:
        end_if_over(work)
    return (before[0], before[1]) != (work.steps, work.run)


def _look_at_deadlines(work: Work, step: StepRun) -> None:
    now = work.now
    if step.state.over or step.in_flight:
        return
    ended = step.ends_at is not None and step.ends_at <= now
    if step.state is StepState.APPROVAL and ended:
        event = RunbookApproval(
            run=work.run.number, runbook=work.run.runbook.name, step=step.id, what="expired", plan=step.plan
        )
        work.tell(event)
        fail(work, step, "nobody approved it in time", retry=False)
    elif step.state is StepState.ASKED and ended:
        fail(work, step, "nobody answered in time", retry=False)
    elif step.state is StepState.BLOCKED:
        look_if_free(work, step, ended)
    elif step.state is StepState.RUNNING and step.do == "wait" and step.due_at is not None:
        if step.due_at <= now:
            done(work, step, Finished(said="Waited"))
    elif step.state is StepState.RUNNING and not step.items:
        if ended and step.due_at is not None:
            if step.look_first and changes(work, step):
                unclear(work, step, step.error or "the other system could not be asked what came of it")
            else:
                fail(work, step, step.error or step.said or "it took too long", advice=step.advice, late=True)
        elif step.due_at is not None and step.due_at <= now:
            call(work, step)
