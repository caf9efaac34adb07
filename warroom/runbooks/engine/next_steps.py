"""Which steps begin now, and how a step begins: filled in, allowed by the policy, approved, started."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from warroom.capabilities import StepBase
from warroom.runbooks.engine.approvals import agreed_before, ask, ask_approval, ask_in_a_step, asks_first
from warroom.runbooks.engine.calls import start
from warroom.runbooks.engine.parameters import changes, fill, kind_of, values
from warroom.runbooks.engine.results import fail, missing, skip
from warroom.runbooks.engine.work import Work, is_main, is_undo
from warroom.runbooks.model import UNDO, Approve, Do, Step
from warroom.runbooks.plan import NotPossible, described, further, needs_approval, undo_described
from warroom.runbooks.run import StepRun, StepState
from warroom.runbooks.values import Missing, NotFilled, holds

_BUSY = (StepState.RUNNING, StepState.UNCLEAR)
_HELD = (StepState.APPROVAL, StepState.ASKED, StepState.BLOCKED)
"""They wait for people, or for another run: they take nobody's place."""


def begin_ready(work: Work) -> None:
    """The steps of the graph whose needs are met begin, as many at once as may."""
    most = work.run.runbook.at_once or work.setting.remediation.at_once
    for step in list(work.steps.values()):
        if work.decide is not None:
            return
        mine = [each for each in work.steps.values() if is_main(each) and each.do != "wait"]
        busy = sum(each.state in _BUSY for each in mine)
        if busy >= most:
            return
        if step.state is StepState.WAITING and is_main(step):
            _begin_if_ready(work, step)


def _begin_if_ready(work: Work, step: StepRun) -> None:
    definition = work.run.definition_of(step.id)
    assert isinstance(definition, Step)
    needs = [work.steps[need] for need in definition.needs if need in work.steps]
    if any(not need.state.over for need in needs):
        return
    if needs and all(need.state is StepState.SKIPPED for need in needs):
        skip(work, step, f"{needs[0].id} was skipped")
        return
    try:
        for said in definition.if_:
            if not holds(said, values(work)):
                skip(work, step, f"{said} does not hold")
                return
    except Missing as error:
        missing(work, step, error)
        return
    except NotFilled as error:
        fail(work, step, f"its condition cannot be decided: {error}", retry=False)
        return
    _begin(work, step, definition)


def begin_next(work: Work) -> None:
    """Of what follows a failure: one after another."""
    following = [each for each in work.steps.values() if not is_main(each) and not work.is_item(each)]
    if any(each.state in _BUSY or each.state in _HELD for each in following):
        return
    waiting = next((each for each in following if each.state is StepState.WAITING), None)
    if waiting is not None:
        definition = work.run.definition_of(waiting.id)
        assert definition is not None
        _begin(work, waiting, definition)


def _begin(work: Work, step: StepRun, definition: Step | Do) -> None:
    """Fill in, ask the policy, ask people, start."""
    step = step.copy_with(begun_at=work.now, tried_at=work.now)
    kind = kind_of(work, step)
    if kind is None:
        fail(work, step, f"this version of Warroom knows no {step.do}", retry=False)
        return
    try:
        filled_in = fill(work, step, definition, kind)
    except Missing as error:
        missing(work, step, error)
        return
    except NotPossible as error:
        fail(work, step, str(error), retry=False)
        return
    if not filled_in:
        skip(work, step, "there is nothing to do it for")
        return
    refused = next(
        (why for parameters, _ in filled_in if (why := kind.refused(parameters, work.setting.remediation.allow))),
        "",
    )
    if refused:
        fail(work, step, refused, retry=False)
        return
    _ask_or_start(work, _with_plan(work, step, definition, kind, filled_in), definition, kind, filled_in[0][0])


def _with_plan(
    work: Work,
    step: StepRun,
    definition: Step | Do,
    kind: StepBase[Any],
    filled_in: list[tuple[BaseModel, dict[str, Any]]],
) -> StepRun:
    """The step with its parameters, and with exactly what would be done as people read it."""
    undoes = is_undo(step) and definition.do == UNDO
    plan = [
        line
        for parameters, _ in filled_in
        for line in (undo_described(kind, parameters) if undoes else described(kind, parameters, {}))
    ]
    if isinstance(definition, Step):
        plan += further(definition, work.setting.kinds, values(work))
    many = len(filled_in) > 1 or (isinstance(definition, Step) and definition.for_each is not None)
    return step.copy_with(
        plan=tuple(plan),
        parameters=None if many else filled_in[0][1],
        items=tuple(each for _, each in filled_in) if many else (),
    )


def _ask_or_start(work: Work, step: StepRun, definition: Step | Do, kind: StepBase[Any], parameters: BaseModel) -> None:
    if step.do == "approve":
        ask_in_a_step(work, step, parameters)
    elif step.do == "ask":
        ask(work, step, parameters)
    elif step.do == "wait":
        duration: timedelta = parameters.duration  # type: ignore[attr-defined]
        work.put(step.copy_with(state=StepState.RUNNING, due_at=work.now + duration, said=""))
    elif asks_first(work, step) and needs_approval(
        kind, definition, work.setting.remediation, changes=changes(work, step)
    ):
        agreed = agreed_before(work, step)
        if agreed is not None:
            start(work, step.copy_with(agreed=agreed))
        else:
            own = definition.approve if isinstance(definition, Step) else None
            ask_approval(work, step, own or Approve())
    else:
        start(work, step)
