"""What a step is given, and what it would change with that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from warroom.capabilities import StepBase
from warroom.runbooks.engine.work import Work, is_main, is_undo
from warroom.runbooks.model import MOST_ITEMS, UNDO, Do, Step
from warroom.runbooks.plan import NotPossible, longest, parameters_of
from warroom.runbooks.run import StepRun, StepState, target_name
from warroom.runbooks.values import Missing, NotFilled, Values, filled


def fill(
    work: Work, step: StepRun, definition: Step | Do, kind: StepBase[Any]
) -> list[tuple[BaseModel, dict[str, Any]]]:
    """The parameters, one for each item. Raises Missing, NotPossible."""
    known = values(work)
    if is_undo(step) and definition.do == UNDO:
        sources = undo_sources(work.steps, step.id)
        found = [each.parameters or {} for each in sources]
        return [(kind.parameters.model_validate(each), each) for each in found]
    if not isinstance(definition, Step) or definition.for_each is None:
        return [parameters_of(kind, definition.with_, known)]
    said = definition.for_each
    try:
        items = (
            filled(said, known)
            if isinstance(said, str)
            else [filled(each, known) if isinstance(each, str) else each for each in said]
        )
    except Missing:
        raise
    except NotFilled as error:
        raise NotPossible(str(error)) from None
    if not isinstance(items, list | tuple):
        raise NotPossible("for_each was given no list")
    if len(items) > MOST_ITEMS:
        raise NotPossible(f"for_each was given {len(items)} items, and {MOST_ITEMS} are the most")
    return [parameters_of(kind, definition.with_, {**known, "each": each}) for each in items]


def values(work: Work) -> Values:
    """Everything that a text may name now."""
    found: dict[str, Any] = {**work.run.values, **work.run.inputs}
    for step in work.steps.values():
        if is_main(step) and step.state.over and step.state is not StepState.SKIPPED:
            found[step.id] = {**step.outputs, "state": step.state.value}
    failed = work.steps.get(work.run.failed_step)
    if failed is not None:
        found["failed"] = {"step": failed.id, "why": failed.error}
    return found


def kind_of(work: Work, step: StepRun) -> StepBase[Any] | None:
    """None where this version knows no such kind."""
    return work.setting.kinds.get(step.do)


def changes(work: Work, step: StepRun) -> bool:
    """Whether it changes something, as it is filled in."""
    kind = kind_of(work, step)
    if kind is None or not kind.changes:
        return False
    return any(kind.changing(each) for each in _parameters(work, step))


def _parameters(work: Work, step: StepRun) -> list[BaseModel]:
    kind = kind_of(work, step)
    written = step.items or ((step.parameters,) if step.parameters is not None else ())
    return [kind.parameters.model_validate(each) for each in written] if kind is not None else []


def targets(work: Work, step: StepRun) -> tuple[str, ...]:
    """The names of what it would change."""
    kind = kind_of(work, step)
    if kind is None or not changes(work, step):
        return ()
    found = (target_name(target) for each in _parameters(work, step) for target in kind.targets(each))
    return tuple(dict.fromkeys(found))


def proves(work: Work, step: StepRun) -> bool:
    """Whether its success shows that what was done before helped."""
    kind = kind_of(work, step)
    return kind is not None and is_main(step) and any(kind.proves(each) for each in _parameters(work, step))


def limit(work: Work, step: StepRun) -> timedelta:
    """How long it may take."""
    definition, kind = work.run.definition_of(step.id), kind_of(work, step)
    assert definition is not None
    assert kind is not None
    return longest(definition, kind)


def undo_sources(steps: Mapping[str, StepRun], undo_id: str) -> list[StepRun]:
    """The steps, or items of one, that an undo takes back, in that order: last first."""
    undone = steps[undo_id.partition(".")[2]]
    if not undone.items:
        return [undone]
    items = [
        each for each in steps.values() if each.id.rpartition(".")[0] == undone.id and each.state is StepState.DONE
    ]
    return items[::-1]
