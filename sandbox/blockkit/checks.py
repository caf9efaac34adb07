"""The checks of which the Block Kit rules are composed, and the JSON location at which they report problems."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_LATER_ESCAPED = re.compile(r"&(?!(?:amp|lt|gt);)|[<>]")


@dataclass(frozen=True, slots=True)
class Location:
    """A position in the JSON (a JSON pointer, RFC 6901) and the list to which problems are added."""

    pointer: str
    problems: list[str] = field(default_factory=list)

    def at(self, key: str | int) -> Location:
        """The location of a field or item of this one."""
        return Location(f"{self.pointer}/{str(key).replace('~', '~0').replace('/', '~1')}", self.problems)

    def error(self, what: str) -> None:
        """Add a problem, worded as Slack words it in response_metadata.messages."""
        self.problems.append(f"[ERROR] {what} [json-pointer:{self.pointer or '/'}]")


Check = Callable[[Any, Location], None]


def length(text: str) -> int:
    """The number of characters as Slack counts them: after escaping &, < and >, existing entities as written."""
    return len(text) + sum(4 if found[0] == "&" else 3 for found in _LATER_ESCAPED.finditer(text))


def string(most: int | None = None, least: int = 1) -> Check:
    """A string of `least` to `most` characters."""

    def check(value: Any, location: Location) -> None:
        if not isinstance(value, str):
            location.error("must be a string")
        elif len(value) < least:
            location.error(f"must be more than {least - 1} characters")
        elif most is not None and len(value) > most:
            location.error(f"must be less than {most + 1} characters")

    return check


def matching(pattern: str, what: str, most: int | None = None) -> Check:
    """A string of at most `most` characters that fully matches the pattern; `what` names it in the problem."""
    compiled = re.compile(pattern)
    limited = string(most)

    def check(value: Any, location: Location) -> None:
        limited(value, location)
        if isinstance(value, str) and value and not compiled.fullmatch(value):
            location.error(f"must be a valid {what}")

    return check


def integer(least: int | None = None, most: int | None = None) -> Check:
    """A whole number within the limits."""

    def check(value: Any, location: Location) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            location.error("must be an integer")
        elif least is not None and value < least:
            location.error(f"must be at least {least}")
        elif most is not None and value > most:
            location.error(f"must be at most {most}")

    return check


def boolean(value: Any, location: Location) -> None:
    """True or false."""
    if not isinstance(value, bool):
        location.error("must be a boolean")


def one_of(*allowed: str) -> Check:
    """One of the given strings."""

    def check(value: Any, location: Location) -> None:
        if value not in allowed:
            location.error(f"must be one of: {', '.join(allowed)}")

    return check


def array(each: Check, most: int | None = None, least: int = 1) -> Check:
    """A list of `least` to `most` items, each checked with `each`."""

    def check(value: Any, location: Location) -> None:
        if not isinstance(value, list):
            location.error("must be an array")
            return
        if len(value) < least:
            location.error(f"no fewer than {least} items allowed")
        if most is not None and len(value) > most:
            location.error(f"no more than {most} items allowed")
        for i, item in enumerate(value):
            each(item, location.at(i))

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields and no others, as Slack refuses unknown fields."""
    known = {**(optional or {}), **required}

    def check(value: Any, location: Location) -> None:
        if not isinstance(value, dict):
            location.error("must provide an object")
            return
        for name in required:
            if name not in value:
                location.error(f"missing required field: {name}")
        for name, part in value.items():
            if name in known:
                known[name](part, location.at(name))
            elif name != "type":
                location.error(f"invalid additional property: {name}")

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """An object checked by the rule for its `type`."""

    def check(value: Any, location: Location) -> None:
        if not isinstance(value, dict):
            location.error("must provide an object")
        elif "type" not in value:
            location.error("missing required field: type")
        elif not isinstance(value["type"], str) or value["type"] not in kinds:
            location.at("type").error(f"unsupported type: {str(value['type'])[:80]}")
        else:
            kinds[value["type"]](value, location)

    return check


def all_of(*checks: Check) -> Check:
    """All of the checks, in order."""

    def check(value: Any, location: Location) -> None:
        for each in checks:
            each(value, location)

    return check
