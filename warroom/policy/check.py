"""From the data of a policy file to a policy, or to every mistake in it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from warroom.policy.crosscheck import mistakes_between, warnings_about
from warroom.policy.investigation import span_mistakes
from warroom.policy.mistake import Mistake, Wrong, did_you_mean, shown
from warroom.policy.model import Policy
from warroom.policy.rule import OUTCOMES
from warroom.policy.severity import merged_defaults
from warroom.value import Value

_KINDS = {
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of names to values",
    "model_type": "must be a mapping of names to values",
    "model_attributes_type": "must be a mapping of names to values",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "missing": "is missing",
    "recursion_loop": "contains itself",
}


class Checked(Value):
    """The policy, or None with at least one mistake. Warnings are no mistakes but look like oversights."""

    policy: Policy | None
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()


def check(data: object, schema: type[Policy] = Policy) -> Checked:
    """What the data of a policy file (as YAML gives it; None for an empty file) means. Never raises.

    `schema` is the type of policy with the sections of the integrations that there are.
    """
    if data is None:
        return Checked(policy=schema())
    if not isinstance(data, Mapping):
        problem = f"a policy is a mapping with the keys {', '.join(schema.model_fields)}, not {_kind(data)}"
        return Checked(policy=None, mistakes=(Mistake(path="", problem=problem, suggestion="begin with: workspace:"),))
    whole = _filled(data, schema)
    policy: Policy | None = None
    mistakes: list[Mistake] = []
    try:
        policy = schema.model_validate(whole)
    except ValidationError as error:
        # A list of which no entry is right is reported as too short as well.
        details = (each for each in error.errors(include_url=False) if each["type"] != "too_short" or not each["input"])
        mistakes = [mistake_of(detail, schema) for detail in details]
    mistakes += [m for m in mistakes_between(data, whole, schema) if m.path not in {known.path for known in mistakes}]
    mistakes += span_mistakes(policy.investigate) if policy else ()
    if mistakes or policy is None:
        return Checked(policy=None, mistakes=tuple(dict.fromkeys(mistakes)))
    policy = _with_keys(policy)
    return Checked(policy=policy, warnings=tuple(warnings_about(policy)))


def _filled(data: Mapping[Any, Any], schema: type[Policy]) -> dict[Any, Any]:
    """The data with severities laid over the built-in ones, with sections and outcomes that say nothing as empty."""
    whole = {key: value for key, value in data.items() if value is not None or key not in schema.model_fields}
    if isinstance(written := whole.get("severities"), Mapping):
        whole["severities"] = merged_defaults(written)
    if isinstance(rules := whole.get("rules"), list | tuple):
        whole["rules"] = [_filled_rule(rule) for rule in rules]
    if isinstance(teams := whole.get("teams"), Mapping):
        whole["teams"] = {key: {} if team is None else team for key, team in teams.items()}
    if isinstance(services := whole.get("services"), Mapping):
        whole["services"] = {key: {} if service is None else service for key, service in services.items()}
    return whole


def _filled_rule(rule: Any) -> Any:
    if not isinstance(rule, Mapping):
        return rule
    empty = [key for key in ("when", *OUTCOMES[:3]) if key in rule and rule[key] is None]
    return {**rule, **{key: {} for key in empty}}


def _with_keys(policy: Policy) -> Policy:
    """The same policy with severities in `only` and the default team spelled as their keys, and a time zone for each schedule."""
    teams = {
        name: team.copy_with(
            escalation=tuple(
                level.copy_with(only=tuple(policy.severity_named(word) or word for word in level.only))
                for level in team.escalation
            )
        )
        for name, team in policy.teams.items()
    }
    said = policy.workspace.default_team
    workspace = policy.workspace.copy_with(default_team=policy.team_named(said)) if said else policy.workspace
    schedules = {
        name: schedule if schedule.timezone else schedule.copy_with(timezone=workspace.timezone)
        for name, schedule in policy.schedules.items()
    }
    return policy.copy_with(teams=teams, workspace=workspace, schedules=schedules)


def mistake_of(detail: ErrorDetails, schema: type[BaseModel]) -> Mistake:
    """One of pydantic's errors about data that should become `schema`, in our words."""
    where = tuple(part for part in detail["loc"] if part != "[key]")
    path = path_of(where)
    kind = detail["type"]
    if "[key]" in detail["loc"] and kind != "value_error":
        return Mistake(path=path, problem=f"the name {shown(where[-1])} must be text", suggestion="put it in quotes")
    if kind == "extra_forbidden":
        known = tuple(_keys_at(where[:-1], schema))
        return Mistake(
            path=path,
            problem=f"there is no key {shown(where[-1])} here",
            suggestion=did_you_mean(str(where[-1]), known),
        )
    if kind == "missing":
        return Mistake(path=path, problem="is missing")
    if kind == "invalid_key":
        return Mistake(path=path, problem=f"the name {shown(where[-1])} must be text", suggestion="put it in quotes")
    if kind == "value_error" and isinstance(error := detail.get("ctx", {}).get("error"), ValueError):
        return Mistake(path=path, problem=str(error), suggestion=error.suggestion if isinstance(error, Wrong) else "")
    if kind in ("enum", "literal_error"):
        expected = str(detail.get("ctx", {}).get("expected", "")).replace("'", "")
        return Mistake(
            path=path, problem=f"{shown(detail['input'])} is not one of its values", suggestion=f"write {expected}"
        )
    problem = _KINDS.get(kind, detail["msg"])
    return Mistake(path=path, problem=f"{problem}, not {_kind(detail['input'])}", suggestion=_quotes(detail["input"]))


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, str):
        return f"the text {shown(value)}" if value.strip() else "empty text"
    if isinstance(value, Sequence):
        return "a list" if value else "an empty list"
    return shown(value)


def _quotes(value: object) -> str:
    """YAML reads on, off, yes, no and dates as something else than text."""
    return "" if value is None or isinstance(value, Mapping | Sequence) else "put text in quotes"


def path_of(where: Sequence[str | int]) -> str:
    """("teams", "platform", "escalation", 1, "after") as "teams.platform.escalation[1].after"."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _keys_at(where: Sequence[str | int], schema: type[BaseModel]) -> Iterator[str]:
    """The keys that the model at that place knows."""
    model: Any = schema
    for part in where:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(part))
            model = field.annotation if field else None
        else:
            model = _model_in(model)
    model = _model_in(model)
    if model is not None:
        yield from (field.alias or name for name, field in model.model_fields.items())


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside dict[str, Model], tuple[Model, ...] or Model | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        if (found := _model_in(part)) is not None:
            return found
    return None
