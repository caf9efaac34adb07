"""The policy file: reading it with every mistake named at once, showing what it means, and its schema for editors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from warroom.policy import Mistake, Policy, check
from warroom.policy.check import path_of
from warroom.policy.severity import BUILT_IN
from warroom.value import Value


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


def load(path: Path | None) -> Loaded:
    """The policy in that file; the built-in one for None. Raises PolicyError with every mistake."""
    if path is None:
        return Loaded(policy=Policy())
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError((_whole(f"byte {error.start} is not UTF-8", "save the file as UTF-8 text"),), path) from None
    except OSError as error:
        hint = "give the right path in WARROOM_POLICY, or run without one for the built-in policy"
        raise PolicyError((_whole(f"cannot be read: {error.strerror or error}", hint),), path) from None
    return _read(text, path)


def _whole(problem: str, suggestion: str = "", line: int | None = None) -> Mistake:
    return Mistake(path="", problem=problem, suggestion=suggestion, line=line)


def _read(text: str, path: Path) -> Loaded:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines, twice = _walked(node)
        data = yaml.SafeLoader("").construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise PolicyError((_syntax(error),), path) from None
    except ValueError as error:
        hint = "put text that looks like a date or number in quotes"
        raise PolicyError((_whole(f"a value cannot be read: {error}", hint),), path) from None
    except RecursionError:
        raise PolicyError(
            (_whole("it is nested too deeply", "look for brackets that are never closed"),), path
        ) from None
    checked = check(data)
    mistakes = (*twice, *(_at_line(mistake, lines) for mistake in checked.mistakes))
    if mistakes or checked.policy is None:
        raise PolicyError(tuple(sorted(mistakes, key=lambda mistake: mistake.line or 0)), path)
    return Loaded(policy=checked.policy, path=path, warnings=tuple(_at_line(w, lines) for w in checked.warnings))


def _syntax(error: yaml.YAMLError) -> Mistake:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return _whole(f"is not YAML: {' '.join(str(error).split())}", "look for characters that cannot be seen")
    mark, problem = error.problem_mark, error.problem or "cannot be understood"
    hints = {
        r"\\t": "indent with spaces, not tabs",
        "mapping values are not allowed": "put quotes around text that contains a colon",
        "expected <block end>": "lines of one block begin in the same column",
        "could not find expected ':'": "a key is followed by a colon and a space",
        "expected ',' or": "a bracket or brace is not closed",
        "found unknown escape": "use single quotes around text with backslashes",
        "expected a single document": "keep one policy in the file, without ---",
        "cannot start any token": "put quotes around text that begins with @, ` or %",
        "undefined alias": "put quotes around text that begins with *",
        "while scanning an alias": "put quotes around text that begins with *",
    }
    said = f"{error.context or ''} {problem}"
    hint = next((hint for sign, hint in hints.items() if re.search(sign, said) or sign in said), "")
    return _whole(f"is not YAML at column {mark.column + 1}: {problem}", hint, mark.line + 1)


def _walked(root: yaml.Node | None) -> tuple[dict[str, int], list[Mistake]]:
    """(the line of each path, a mistake for each key that stands twice in one mapping)."""
    lines: dict[str, int] = {}
    twice: list[Mistake] = []
    seen: set[int] = set()

    def walk(node: yaml.Node, where: tuple[str | int, ...]) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        known: dict[str, int] = {}
        for key, line, child in _children(node):
            path = path_of((*where, key))
            lines[path] = line
            if isinstance(key, str) and key in known and key != "<<":
                problem = f"the key stands twice, first in line {known[key]}; YAML would keep only one of them"
                twice.append(Mistake(path=path, problem=problem, suggestion="put both into one", line=line))
            known.setdefault(str(key), line)
            walk(child, (*where, key))

    if root is not None:
        walk(root, ())
    return lines, twice


def _children(node: yaml.Node) -> Iterator[tuple[str | int, int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value.start_mark.line + 1, value


def _at_line(mistake: Mistake, lines: dict[str, int]) -> Mistake:
    """With the line of its path, or of the nearest thing around it that the file contains."""
    path = mistake.path
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return mistake.but(line=lines.get(path))


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


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the file. It cannot say everything: `check` also knows what names what."""
    schema = Policy.model_json_schema()
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
