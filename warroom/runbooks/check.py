"""From the data of a runbook's file to a runbook, or to every mistake in it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from warroom.capabilities import Placed, StepBase
from warroom.policy.check import mistake_of
from warroom.policy.mistake import Mistake, did_you_mean, shown
from warroom.policy.remediation import Remediation
from warroom.runbooks.check_parameters import checked_parameters
from warroom.runbooks.library import Kinds
from warroom.runbooks.model import UNDO, Runbook
from warroom.runbooks.values import NotFilled, condition, names_in, place_of
from warroom.value import Value

KNOWN = {
    "incident": "its name, such as INC-12",
    "number": "its number",
    "title": "its title",
    "severity": "its severity, such as SEV-1",
    "service": "the first of its services",
    "services": "all of them, as a list",
    "team": "its team",
    "monitor": "the title of its last alert",
    "host": "the host of its last alert",
    "environment": "the environment of its last alert",
    "cause": "the service that the last investigation named as the cause",
}
"""What every runbook knows of its incident."""
FAILED = {"step": "the id of the step that failed", "why": "why it failed"}
"""The fields of {failed}, in `otherwise` and `undo`."""
EACH = "each"
ALWAYS = {"state": "done, failed or skipped"}
ITEMS = {"count": "how many it was done for", "items": "what came of each, as a list"}


class CheckedRunbook(Value):
    """The runbook, or None with at least one mistake."""

    runbook: Runbook | None
    mistakes: tuple[Mistake, ...] = ()


def check(data: object, kinds: Kinds, remediation: Remediation, key: str = "") -> CheckedRunbook:
    """What the data of a runbook's file (as YAML gives it) means. Never raises."""
    if not isinstance(data, Mapping):
        problem = f"a runbook is a mapping with the keys {', '.join(_keys())}"
        return CheckedRunbook(
            runbook=None, mistakes=(Mistake(path="", problem=problem, suggestion="begin with: name:"),)
        )
    runbook: Runbook | None = None
    mistakes: list[Mistake] = []
    whole = {name: value for name, value in data.items() if value is not None}
    if "key" in whole:
        mistakes.append(
            Mistake(path="key", problem="there is no key “key” here", suggestion="the file's name is its key")
        )
    try:
        runbook = Runbook.model_validate(whole | {"key": key})
    except ValidationError as error:
        mistakes += [mistake_of(each, Runbook) for each in error.errors(include_url=False)]
    paths = {each.path for each in mistakes}
    mistakes += [each for each in _further(whole, kinds, remediation) if each.path not in paths]
    return CheckedRunbook(runbook=None if mistakes else runbook, mistakes=tuple(dict.fromkeys(mistakes)))


def _keys() -> list[str]:
    return [field.alias or name for name, field in Runbook.model_fields.items() if name != "key"]


# What the types cannot say is read from the data as written, so that a mistake in one place hides none in another. Whatever has the
# wrong shape is left to the types.


def _further(data: Mapping[Any, Any], kinds: Kinds, remediation: Remediation) -> Iterator[Mistake]:
    steps = [each if isinstance(each, Mapping) else {} for each in _list(data.get("steps"))]
    inputs = data.get("inputs") if isinstance(data.get("inputs"), Mapping) else {}
    assert isinstance(inputs, Mapping)
    ids = [str(each["id"]) for each in steps if isinstance(each.get("id"), str)]
    needs = {str(each.get("id")): [one for one in _list(each.get("needs")) if isinstance(one, str)] for each in steps}
    yield from _names(steps, inputs)
    yield from _inputs(data, inputs)
    before = {step_id: _ancestors(step_id, needs) for step_id in needs}
    for place, step in enumerate(steps):
        path, step_id = f"steps[{place}]", str(step.get("id"))
        for index, need in enumerate(_list(step.get("needs"))):
            if isinstance(need, str) and need not in ids:
                where = f"{path}.needs[{index}]" if isinstance(step.get("needs"), list) else f"{path}.needs"
                yield Mistake(path=where, problem=f"there is no step {shown(need)}", suggestion=did_you_mean(need, ids))
        known = _Known(steps, kinds, tuple(inputs), before.get(step_id, ()), each="for_each" in step)
        yield from _step(path, step, known, kinds, remediation)
    for circle in _circles(needs):
        place = next(index for index, step in enumerate(steps) if step.get("id") == circle[0])
        problem = "the steps wait for each other: " + " needs ".join((*circle, circle[0]))
        yield Mistake(path=f"steps[{place}].needs", problem=problem, suggestion="take one of these needs out")
    after = _Known(steps, kinds, tuple(inputs), tuple(ids), failed=True)
    said = data.get("otherwise")
    for place, step in enumerate(_list(said)):
        if isinstance(step, Mapping):
            path = f"otherwise[{place}]" if isinstance(said, list) else "otherwise"
            yield from _doing(path, step, after, kinds, remediation)


def _names(steps: list[Mapping[Any, Any]], inputs: Mapping[Any, Any]) -> Iterator[Mistake]:
    taken = dict.fromkeys((*KNOWN, EACH, "failed"), "a value of the incident")
    for name in inputs:
        if str(name) in taken:
            yield Mistake(
                path=f"inputs.{name}",
                problem=f"{shown(name)} is {taken[str(name)]} already",
                suggestion="use another name",
            )
    taken |= {str(name): "an input" for name in inputs}
    for place, step in enumerate(steps):
        step_id = step.get("id")
        if isinstance(step_id, str) and step_id in taken:
            problem = f"{shown(step_id)} is {taken[step_id]} already"
            yield Mistake(path=f"steps[{place}].id", problem=problem, suggestion="use another id")
        taken.setdefault(str(step_id), "another step's id")


def _inputs(data: Mapping[Any, Any], inputs: Mapping[Any, Any]) -> Iterator[Mistake]:
    auto = data.get("auto") is True
    for name, said in inputs.items():
        written = said if isinstance(said, Mapping) else {}
        default, options = written.get("default"), _list(written.get("options"))
        for used in names_in(default):
            if used not in KNOWN:
                yield Mistake(
                    path=f"inputs.{name}.default",
                    problem=f"there is no value {{{used}}}",
                    suggestion=did_you_mean(used, KNOWN),
                )
        if options and default is not None and not list(names_in(default)) and default not in options:
            yield Mistake(path=f"inputs.{name}.default", problem=f"{shown(default)} is none of its options")
        if auto and default is None:
            problem = "has no default, and a runbook that begins by itself can ask nobody"
            yield Mistake(path=f"inputs.{name}", problem=problem, suggestion="add a default, or take auto out")
    if auto and not data.get("when"):
        yield Mistake(path="auto", problem="it would begin in every incident", suggestion="say when")


class _Known:
    """Which values may be used in one place of a runbook."""

    def __init__(
        self,
        steps: list[Mapping[Any, Any]],
        kinds: Kinds,
        inputs: tuple[Any, ...],
        before: tuple[str, ...],
        *,
        each: bool = False,
        failed: bool = False,
    ) -> None:
        self._steps = {str(step.get("id")): step for step in steps}
        self._kinds, self._before, self._failed = kinds, before, failed
        self._plain = {*KNOWN, *map(str, inputs), *((EACH,) if each else ())}

    def mistake(self, path: str, name: str) -> Mistake | None:
        first, _, rest = name.partition(".")
        if first in self._plain:
            return None
        if self._failed and first == "failed":
            return (
                None
                if rest in FAILED
                else Mistake(path=path, problem=f"there is no value {{{name}}}", suggestion=did_you_mean(rest, FAILED))
            )
        step = self._steps.get(first)
        if step is None:
            known = (*self._plain, *self._before)
            return Mistake(path=path, problem=f"there is no value {{{name}}}", suggestion=did_you_mean(first, known))
        if first not in self._before:
            problem = f"{{{name}}} is known only when the step {shown(first)} is done, and this step does not need it"
            return Mistake(path=path, problem=problem, suggestion=f"add {first} to needs")
        kind = self._kinds.get(str(step.get("do")))
        if kind is None:
            return None  # said where the step stands
        fields = {**(ITEMS if "for_each" in step else kind.outputs), **ALWAYS}
        if not rest:
            return Mistake(
                path=path,
                problem=f"{shown(first)} is a step, not a value",
                suggestion=f"write {{{first}.{next(iter(fields))}}}",
            )
        if rest.partition(".")[0] in fields:
            return None
        return Mistake(
            path=path, problem=f"the step {shown(first)} gives no {shown(rest)}", suggestion=did_you_mean(rest, fields)
        )

    def mistakes(self, path: str, part: Any) -> Iterator[Mistake]:
        """Of every placeholder in the texts of that part of the file."""
        if isinstance(part, str):
            yield from (found for name in names_in(part) if (found := self.mistake(path, name)))
        elif isinstance(part, Mapping):
            for key, value in part.items():
                yield from self.mistakes(f"{path}.{key}", value)
        elif isinstance(part, list | tuple):
            for place, value in enumerate(part):
                yield from self.mistakes(f"{path}[{place}]", value)


def _step(
    path: str, step: Mapping[Any, Any], known: _Known, kinds: Kinds, remediation: Remediation
) -> Iterator[Mistake]:
    yield from _doing(path, step, known, kinds, remediation)
    yield from known.mistakes(f"{path}.for_each", step.get("for_each"))
    for place, said in enumerate(_list(step.get("if"))):
        where = f"{path}.if[{place}]" if isinstance(step.get("if"), list) else f"{path}.if"
        yield from known.mistakes(where, said)
        try:
            condition(str(said))
        except NotFilled as error:
            yield Mistake(path=where, problem=str(error))
    kind, undo = kinds.get(str(step.get("do"))), step.get("undo")
    if undo is True and kind is not None and not kind.undoes:
        yield Mistake(
            path=f"{path}.undo",
            problem=f"{kind.step} cannot take itself back",
            suggestion="write what to do: {do: …, with: …}",
        )
    if isinstance(undo, Mapping):
        yield from _doing(f"{path}.undo", undo, known, kinds, remediation)


def _doing(
    path: str, step: Mapping[Any, Any], known: _Known, kinds: Kinds, remediation: Remediation
) -> Iterator[Mistake]:
    """Of the kind and its parameters."""
    do, written = step.get("do"), step.get("with") or {}
    if not isinstance(do, str) or do == UNDO:
        return
    kind = kinds.get(do)
    if kind is None:
        yield Mistake(
            path=f"{path}.do", problem=f"there is no kind of step {shown(do)}", suggestion=did_you_mean(do, kinds)
        )
        return
    if not isinstance(written, Mapping):
        return
    where = f"{path}.with"
    yield from known.mistakes(where, written)
    for name, value in written.items():
        if place_of(kind.parameters, str(name)) is Placed.SECRET and list(names_in(value)):
            yield Mistake(
                path=f"{where}.{name}",
                problem="nothing can be filled in where a secret is named",
                suggestion="write env:NAME",
            )
    parameters, mistakes = checked_parameters(kind, written)
    for mistake in mistakes:
        yield mistake.copy_with(path=f"{where}.{mistake.path}" if mistake.path else where)
    if kind.changes or kind.limits:
        yield from _allowed(path, kind, parameters, remediation, exact=not list(names_in(written)))


def _allowed(
    path: str, kind: StepBase[Any], parameters: BaseModel | None, remediation: Remediation, *, exact: bool
) -> Iterator[Mistake]:
    if exact and parameters is not None:
        refused = kind.refused(parameters, remediation.allow)
    else:
        family = kind.step.partition(".")[0]
        none = kind.changes and not (
            remediation.allow.family(family) is not None or (family == "command" and remediation.allow.command)
        )
        refused = f"the policy allows nothing of {family}; add {family} to remediation.allow" if none else ""
    if refused:
        problem, _, hint = refused.partition("; ")
        yield Mistake(path=f"{path}.do", problem=problem, suggestion=hint or "add it to the policy's remediation.allow")


def _ancestors(step_id: str, needs: Mapping[str, list[str]]) -> tuple[str, ...]:
    found: list[str] = []
    waiting = list(needs.get(step_id, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.append(one)
            waiting += needs.get(one, ())
    return tuple(found)


def _circles(needs: Mapping[str, list[str]]) -> Iterator[tuple[str, ...]]:
    """Each circle once, beginning with its first step in the file."""
    told: set[frozenset[str]] = set()
    for start in needs:
        path = _circle_from(start, needs)
        if path and frozenset(path) not in told:
            told.add(frozenset(path))
            yield path


def _circle_from(start: str, needs: Mapping[str, list[str]]) -> tuple[str, ...]:
    """The shortest way from a step by its needs back to itself; empty where there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for way in ways:
        for need in needs.get(way[-1], ()):
            if need == start:
                return way
            if need not in seen:
                seen.add(need)
                ways.append((*way, need))
    return ()


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]
