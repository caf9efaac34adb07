"""Doing a step: as soon as no other run changes the same, once or for each of its items."""

from __future__ import annotations

from datetime import timedelta

from warroom.capabilities import Finished, StepKind
from warroom.runbooks.engine.parameters import kind_of, limit, targets
from warroom.runbooks.engine.results import done, fail
from warroom.runbooks.engine.work import AGAIN, Work, is_main
from warroom.runbooks.run import StepRun, StepState

BLOCKED_WITHIN = timedelta(minutes=30)
"""So long a step waits for another run to let go of what it would change."""


def look_if_free(work: Work, step: StepRun, ended: bool) -> None:
    """A step that waits for another run begins once that has ended; with `ended` it has waited long enough."""
    wanted = targets(work, step)
    held = [target for target in wanted if target in work.setting.busy]
    if not held:
        _hold(work, wanted)
        work.run = work.run.copy_with(waits_for="")
        _act(work, step.copy_with(ends_at=None, due_at=None, said=""))
    elif ended:
        fail(work, step, f"{work.setting.busy[held[0]]} still changes {held[0]}", retry=False)
    elif step.due_at is not None and step.due_at <= work.now:
        work.put(step.copy_with(due_at=work.now + AGAIN))


def start(work: Work, step: StepRun) -> None:
    """The step may be done: as soon as nobody else changes what it would change."""
    wanted = targets(work, step)
    held = [target for target in wanted if target in work.setting.busy]
    if held:
        work.run = work.run.copy_with(waits_for=work.setting.busy[held[0]])
        said = f"Waiting for {work.setting.busy[held[0]]}"
        work.put(
            step.copy_with(
                state=StepState.BLOCKED, said=said, due_at=work.now + AGAIN, ends_at=work.now + BLOCKED_WITHIN
            )
        )
        return
    _hold(work, wanted)
    _act(work, step)


def _hold(work: Work, wanted: tuple[str, ...]) -> None:
    """No other run changes these until this one has ended."""
    if wanted:
        work.run = work.run.copy_with(targets=tuple(dict.fromkeys((*work.run.targets, *wanted))))


def _act(work: Work, step: StepRun) -> None:
    """Call it, or its first item."""
    step = step.copy_with(
        state=StepState.RUNNING, tried_at=work.now, ends_at=work.now + limit(work, step), due_at=None, failures=0
    )
    if step.items:
        work.put(step)
        _next_item(work, step)
    else:
        call(work, step)


def _next_item(work: Work, step: StepRun) -> None:
    begun = len(work.items_of(step))
    if begun < len(step.items):
        item = StepRun(
            id=f"{step.id}.{begun + 1}",
            do=step.do,
            state=StepState.RUNNING,
            parameters=step.items[begun],
            begun_at=work.now,
            tried_at=work.now,
            ends_at=step.ends_at,
        )
        call(work, item)


def go_on_with_items(work: Work) -> None:
    """Steps with `for_each` go on with their next item, or end with the last one."""
    for step in list(work.steps.values()):
        if step.state is not StepState.RUNNING or not step.items or work.decide is not None:
            continue
        mine = work.items_of(step)
        if any(not each.state.over for each in mine):
            continue
        failed = next((each for each in mine if each.state is not StepState.DONE), None)
        if failed is None and len(mine) < len(step.items) and work.failed_step() is not None and is_main(step):
            fail(work, step, f"another step failed after {len(mine)} of {len(step.items)}", retry=False)
            continue
        if failed is not None:
            fail(work, step, f"{failed.id}: {failed.error or failed.said}", advice=failed.advice, retry=False)
        elif len(mine) < len(step.items):
            _next_item(work, step)
        else:
            outputs = {"count": len(mine), "items": [each.outputs for each in mine]}
            done(work, step, Finished(outputs=outputs, said=f"Done for {len(mine)}"))


def call(work: Work, step: StepRun) -> None:
    """Ask for one call. A step that is decided here is decided in the same transaction."""
    step = step.copy_with(call=step.call + 1, in_flight=True, due_at=None)
    work.put(step)
    if isinstance(kind_of(work, step), StepKind):
        work.calls.append(step.id)
    else:
        work.decide = step.id
