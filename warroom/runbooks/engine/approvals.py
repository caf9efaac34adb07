"""What a run asks people: to agree to exactly what would be done, and to answer questions."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from warroom.incident.events import RunbookApproval
from warroom.runbooks.engine.parameters import fill, limit, values
from warroom.runbooks.engine.work import Work, is_undo
from warroom.runbooks.model import Approve, Step
from warroom.runbooks.plan import NotPossible, described, further, in_order
from warroom.runbooks.run import Agreed, StepRun, StepState
from warroom.runbooks.values import Missing


def asks_first(work: Work, step: StepRun) -> bool:
    """Whether approvals are asked for. What is undone after a failure stood in the plan that was approved."""
    return not is_undo(step) or work.run.undo_by is not None


def ask_approval(work: Work, step: StepRun, own: Approve, more: tuple[str, ...] = ()) -> None:
    """Somebody has to agree to the plan of the step, and to `more`, before it is done."""
    rules = work.setting.remediation.approve
    second = rules.second_person or bool(own.second_person)
    step = step.copy_with(
        state=StepState.APPROVAL,
        call=step.call + 1,
        may=own.by or rules.by,
        second_person=second,
        ends_at=work.now + (own.within or rules.within),
        plan=(*step.plan, *more),
    )
    if step.do == "approve":
        # Only what stands in the plan is covered, whatever becomes known until somebody agrees.
        covers = {later.id: [each for _, each in parameters] for later, parameters in _covered(work, step.id)}
        step = step.copy_with(memory={"covers": covers})
    work.put(step)
    event = RunbookApproval(
        run=work.run.number, runbook=work.run.runbook.name, step=step.id, what="asked", plan=step.plan
    )
    work.tell(event)


def ask_in_a_step(work: Work, step: StepRun, parameters: BaseModel) -> None:
    """The step `approve`: one approval for all that follows it and is known already."""
    names = ("by", "within", "second_person")
    own = Approve.model_validate({name: getattr(parameters, name) for name in names})
    ask_approval(work, step, own, _follows(work, step))


def _follows(work: Work, step: StepRun) -> tuple[str, ...]:
    """The plans of the steps that an approval covers: those after it whose values are all known."""
    lines: list[str] = []
    for later, parameters in _covered(work, step.id):
        kind = work.setting.kinds[later.do]
        lines += [line for each, _ in parameters for line in described(kind, each, {})]
        lines += further(later, work.setting.kinds, values(work))
    return tuple(lines)


def _covered(work: Work, step_id: str) -> list[tuple[Step, list[tuple[BaseModel, dict[str, Any]]]]]:
    after, found = {step_id}, []
    for later in in_order(work.run.runbook.steps):
        if not after & set(later.needs):
            continue
        after.add(later.id)
        kind = work.setting.kinds.get(later.do)
        if kind is None or not kind.changes or later.approve is not None:
            continue
        try:
            filled_in = fill(work, StepRun(id=later.id, do=later.do), later, kind)
        except (Missing, NotPossible):
            continue
        if not any(kind.changing(each) for each, _ in filled_in):
            continue
        found.append((later, filled_in))
    return found


def agreed_before(work: Work, step: StepRun) -> Agreed | None:
    """The approval of an `approve` step before it, where that showed exactly what is to be done now."""
    definition = work.run.definition_of(step.id)
    if not isinstance(definition, Step) or definition.approve is not None:
        return None
    mine = step.items or (step.parameters or {},)
    for earlier in work.steps.values():
        if earlier.do != "approve" or earlier.state is not StepState.DONE or earlier.agreed is None:
            continue
        covered = earlier.memory.get("covers", {}).get(step.id)
        if covered is not None and list(mine) == covered:
            return earlier.agreed
    return None


def ask(work: Work, step: StepRun, parameters: Any) -> None:
    """Somebody has to answer a question."""
    work.put(
        step.copy_with(
            state=StepState.ASKED,
            call=step.call + 1,
            question=parameters.question,
            options=parameters.options,
            ends_at=work.now + limit(work, step),
        )
    )
