"""What a runbook would do, in words, with the values filled in that are known. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from warroom.capabilities import StepBase
from warroom.durations import format_duration
from warroom.policy.check import mistake_of
from warroom.policy.remediation import Remediation, fits
from warroom.runbooks.library import Kinds
from warroom.runbooks.model import UNDO, Do, Runbook, Step
from warroom.runbooks.run import target_name
from warroom.runbooks.values import Missing, NotFilled, Values, filled, filled_parameters, names_in
from warroom.value import Value


class PlannedStep(Value):
    """One step as it would be done."""

    id: str
    do: str
    lines: tuple[str, ...]
    changes: bool = False
    approval: bool = False
    """Somebody has to agree before."""
    needs: tuple[str, ...] = ()
    condition: tuple[str, ...] = ()
    problem: str = ""
    """Why it cannot be done as it is."""
    targets: tuple[str, ...] = ()


class Plan(Value):
    """All of it, in the order in which it may be done."""

    steps: tuple[PlannedStep, ...] = ()
    otherwise: tuple[PlannedStep, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Why it cannot be run."""
        return tuple(f"{step.id}: {step.problem}" for step in (*self.steps, *self.otherwise) if step.problem)

    @property
    def targets(self) -> tuple[str, ...]:
        """Everything that it is known to change."""
        found = (target for step in (*self.steps, *self.otherwise) for target in step.targets)
        return tuple(dict.fromkeys(found))

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return any(step.changes for step in self.steps)


class NotPossible(ValueError):
    """A step cannot be done as it is; the message is a sentence for people."""


def parameters_of(kind: StepBase[Any], written: Mapping[str, Any], values: Values) -> tuple[BaseModel, dict[str, Any]]:
    """(the parameters, the same as JSON). Raises Missing for a value that is not known (yet), and NotPossible."""
    try:
        found = filled_parameters(written, values, kind.parameters)
        model = kind.parameters.model_validate(found)
    except Missing:
        raise
    except NotFilled as error:
        raise NotPossible(str(error)) from None
    except ValidationError as error:
        mistake = mistake_of(error.errors(include_url=False)[0], kind.parameters)
        raise NotPossible(str(mistake)) from None
    return model, model.model_dump(mode="json", by_alias=True)


def needs_approval(kind: StepBase[Any], step: Step | Do, remediation: Remediation, *, changes: bool) -> bool:
    """Whether somebody has to agree before the step is done; `changes` says whether it changes anything."""
    if isinstance(step, Step) and step.approve is not None:
        return True
    return changes and not any(fits(pattern, kind.step) for pattern in remediation.without_approval)


def inputs_of(runbook: Runbook, values: Values, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The inputs as given, else by default. Raises NotPossible where one is missing, not known, or none of its options."""
    given = dict(given or {})
    if unknown := given.keys() - runbook.inputs.keys():
        raise NotPossible(f"it has no input {', '.join(sorted(unknown))}")
    found: dict[str, Any] = {}
    for name, asked in runbook.inputs.items():
        value = given.get(name)
        if value is None or value == "":
            value = asked.default
            try:
                value = filled(value, values) if isinstance(value, str) else value
            except NotFilled:
                value = None
        if value is None or value == "":
            raise NotPossible(f"the input {name} is missing")
        if asked.options and str(value) not in asked.options:
            raise NotPossible(f"the input {name} is not one of {', '.join(asked.options)}")
        found[name] = value
    return found


def plan(runbook: Runbook, kinds: Kinds, remediation: Remediation, values: Values) -> Plan:
    """The plan with `values`, which are those of the incident and the inputs. What only a step finds out is named."""
    known = dict(values) | {"failed": {"step": "‹the step that failed›", "why": "‹why›"}}
    for step in runbook.steps:
        kind = kinds.get(step.do)
        fields = ("count", "items") if step.for_each is not None else tuple(kind.outputs if kind else ())
        known[step.id] = {field: f"‹{step.id}.{field}›" for field in (*fields, "state")}
    order = in_order(runbook.steps)
    return Plan(
        steps=tuple(_planned(step.id, step, kinds, remediation, values, known) for step in order),
        otherwise=tuple(
            _planned(f"otherwise {n}", do, kinds, remediation, values, known)
            for n, do in enumerate(runbook.otherwise, 1)
        ),
    )


def in_order(steps: Sequence[Step]) -> list[Step]:
    """Each after what it needs, otherwise as in the file."""
    done: list[Step] = []
    left = list(steps)
    while left:
        ids = {step.id for step in done}
        following = next((step for step in left if set(step.needs) <= ids), left[0])
        left.remove(following)
        done.append(following)
    return done


def _planned(
    step_id: str, step: Step | Do, kinds: Kinds, remediation: Remediation, values: Values, known: Values
) -> PlannedStep:
    kind = kinds.get(step.do)
    if kind is None:
        return PlannedStep(id=step_id, do=step.do, lines=(), problem=f"there is no kind of step {step.do} here")
    problem, targets, changes = "", tuple[str, ...](), kind.changes
    for_each = step.for_each if isinstance(step, Step) else None
    variants = _items(for_each, values, known)
    lines: list[str] = []
    for item in variants:
        own, all_known = (values, known) if for_each is None else ({**values, "each": item}, {**known, "each": item})
        try:
            parameters, _ = parameters_of(kind, step.with_, own)
        except Missing:
            loose = loosely(kind, step.with_, all_known)
            lines += described(kind, loose, step.with_)
        except NotPossible as error:
            problem = str(error)
            lines += described(kind, None, step.with_)
        else:
            lines += described(kind, parameters, step.with_)
            problem = problem or kind.refused(parameters, remediation.allow)
            changes = kind.changing(parameters)
            targets += tuple(map(target_name, kind.targets(parameters))) if changes else ()
    if isinstance(step, Step):
        lines += further(step, kinds, known)
    return PlannedStep(
        id=step_id,
        do=step.do,
        lines=tuple(lines),
        changes=changes,
        approval=needs_approval(kind, step, remediation, changes=changes),
        needs=step.needs if isinstance(step, Step) else (),
        condition=step.if_ if isinstance(step, Step) else (),
        problem=problem,
        targets=tuple(dict.fromkeys(targets)),
    )


def _items(for_each: Any, values: Values, known: Values) -> tuple[Any, ...]:
    if for_each is None:
        return (None,)
    if isinstance(for_each, str):
        try:
            found = filled(for_each, values)
        except NotFilled:
            return (f"‹each of {' '.join(names_in(for_each))}›",)
        return tuple(found) if isinstance(found, list | tuple) else (found,)
    return tuple(filled(each, known) if isinstance(each, str) else each for each in for_each)


def further(step: Step, kinds: Kinds, known: Values) -> list[str]:
    """What else a step may lead to: tries, and what takes it back."""
    lines = []
    if step.retry:
        times = "once" if step.retry.times == 1 else f"{step.retry.times} times"
        lines.append(f"If it fails: try again, at most {times}, {format_duration(step.retry.every)} apart")
    if step.undo is not None:
        undone: Sequence[str] = ()
        if step.undo.do == UNDO:
            kind = kinds.get(step.do)
            loose = loosely(kind, step.with_, known) if kind else None
            undone = _tried(lambda: kind.undo_plan(loose) if kind and loose else ())
        elif kind := kinds.get(step.undo.do):
            undone = described(kind, loosely(kind, step.undo.with_, known), step.undo.with_)
        lines += [f"If a later step fails: {line}" for line in undone or ("take this back",)]
    return lines


def described(kind: StepBase[Any], parameters: BaseModel | None, written: Mapping[str, Any]) -> list[str]:
    """The kind's plan; where it cannot be made yet, the kind and what is written."""
    found = _tried(lambda: kind.plan(parameters)) if parameters is not None else ()
    return list(found) or [
        f"{kind.step} {json.dumps(dict(written), ensure_ascii=False, default=str)}" if written else kind.step
    ]


def _tried(make: Any) -> Sequence[str]:
    """What a kind says of parameters of which some are not known yet, so that they may have another type than it expects."""
    try:
        return tuple(make())
    except (TypeError, ValueError, AttributeError, LookupError):
        return ()


def loosely(kind: StepBase[Any], written: Mapping[str, Any], known: Values) -> BaseModel | None:
    """The parameters as far as they are known; only to be shown. None where not even names can be filled in."""
    found: dict[str, Any] = {}
    for name, field in kind.parameters.model_fields.items():
        key = field.alias or name
        if key not in written:
            continue
        try:
            value = filled_parameters({key: written[key]}, known, kind.parameters)[key]
        except NotFilled:
            value = written[key]
        with suppress(ValidationError, TypeError):  # what is not known yet stays a name
            value = TypeAdapter(field.rebuild_annotation()).validate_python(value)
        found[name] = value
    return kind.parameters.model_construct(**found)


def longest(step: Step | Do, kind: StepBase[Any]) -> timedelta:
    """How long a step may take, all tries together."""
    within, retry = (step.within, step.retry) if isinstance(step, Step) else (None, None)
    if within is not None or retry is None:
        return within or kind.within
    return kind.within * (retry.times + 1) + retry.every * retry.times
