"""The policy file: reading it with every mistake named at once, showing what it means, and its schema for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bot.yaml_file import UnreadableFile, at_line, read_yaml, text_of
from warroom.policy import Mistake, Policy, check
from warroom.policy.severity import BUILT_IN
from warroom.value import Value

BIGGEST, MOST_VALUES = 5_000_000, 200_000
"""Bytes and values of a policy: one file for thousands of services, often written by a program."""


class PolicyError(Exception):
    """The policy file cannot be used. `mistakes` are all that is wrong with it; the text lists them, one a line."""

    def __init__(self, mistakes: tuple[Mistake, ...], path: Path | None = None) -> None:
        self.mistakes = mistakes
        self.path = path
        count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        lines = [f"The policy {path or 'given'} has {count}:", *(f"  {mistake}" for mistake in mistakes)]
        super().__init__("\n".join(lines))


class Loaded(Value):
    """A policy, where it came from (None: built in) and what looks like an oversight in it."""

    policy: Policy
    path: Path | None = None
    warnings: tuple[Mistake, ...] = ()


def load(path: Path | None, schema: type[Policy]) -> Loaded:
    """The policy in that file, of the type `schema`; the built-in one for None. Raises PolicyError with every mistake."""
    if path is None:
        return Loaded(policy=schema())
    try:
        hint = "give the right path in WARROOM_POLICY, or run without one for the built-in policy"
        return _read(text_of(path, hint, BIGGEST), path, schema)
    except UnreadableFile as error:
        raise PolicyError((error.mistake,), path) from None


def _read(text: str, path: Path, schema: type[Policy]) -> Loaded:
    data, lines, twice = read_yaml(text, most=MOST_VALUES)
    checked = check(data, schema)
    mistakes = (*twice, *(at_line(mistake, lines) for mistake in checked.mistakes))
    if mistakes or checked.policy is None:
        raise PolicyError(tuple(sorted(mistakes, key=lambda mistake: mistake.line or 0)), path)
    return Loaded(policy=checked.policy, path=path, warnings=tuple(at_line(w, lines) for w in checked.warnings))


def effective_yaml(policy: Policy) -> str:
    """The policy with all its defaults, as a file that means the same."""
    workspace = policy.workspace.model_dump(mode="json")
    shown: dict[str, Any] = {
        "workspace": {k: v for k, v in workspace.items() if v is not None or k == "stale_after"},
        "severities": {
            **{key: severity.model_dump(mode="json") for key, severity in policy.severities.items()},
            **{key: None for key in BUILT_IN if key not in policy.severities},
        },
        **policy.model_dump(mode="json", exclude={"workspace", "severities"}, exclude_defaults=True),
    }
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=110)


def json_schema(policy: type[Policy]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the file that becomes such a policy. It cannot say everything: `check` also knows what names what."""
    schema = policy.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Warroom policy"
    schema["description"] = "What a workspace decides about its incidents."
    severity = schema["$defs"]["Severity"]
    severity.pop("required", None)
    for name in ("name", "acknowledge_within"):
        severity["properties"][name]["description"] = "Needed for a severity that is not built in."
    entry = schema["properties"]["severities"]
    entry["additionalProperties"] = {"anyOf": [{"$ref": "#/$defs/Severity"}, {"type": "null"}]}
    entry["description"] = "Laid over the built-in SEV-1 to SEV-4 per key; null takes a built-in one out."
    return schema
