"""A place in the JSON under inspection, and the checks that everything else is put together from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_LATER_ESCAPED = re.compile(r"&(?!(?:amp|lt|gt);)|[<>]")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where we are (a JSON pointer, RFC 6901) and where problems are written down."""

    pointer: str
    found: list[str] = field(default_factory=list)

    def at(self, key: str | int) -> Spot:
        """The place one step deeper."""
        return Spot(f"{self.pointer}/{str(key).replace('~', '~0').replace('/', '~1')}", self.found)

    def error(self, what: str) -> None:
        """Write a problem down the way Slack puts it into response_metadata.messages."""
        self.found.append(f"[ERROR] {what} [json-pointer:{self.pointer or '/'}]")


Check = Callable[[Any, Spot], None]


def length(text: str) -> int:
    """Characters as Slack counts them: after its own escaping of &, < and >; an entity counts as written."""
    return len(text) + sum(4 if found[0] == "&" else 3 for found in _LATER_ESCAPED.finditer(text))


def string(most: int | None = None, least: int = 1) -> Check:
    """A string of `least` to `most` characters."""

    def check(value: Any, spot: Spot) -> None:
        if not isinstance(value, str):
            spot.error("must be a string")
        elif len(value) < least:
            spot.error(f"must be more than {least - 1} characters")
        elif most is not None and len(value) > most:
            spot.error(f"must be less than {most + 1} characters")

    return check


def matching(pattern: str, what: str, most: int | None = None) -> Check:
    """A string of at most `most` characters that the whole pattern matches."""
    compiled = re.compile(pattern)
    limited = string(most)

    def check(value: Any, spot: Spot) -> None:
        limited(value, spot)
        if isinstance(value, str) and value and not compiled.fullmatch(value):
            spot.error(f"must be a valid {what}")

    return check


def integer(least: int | None = None, most: int | None = None) -> Check:
    """A whole number within the limits."""

    def check(value: Any, spot: Spot) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            spot.error("must be an integer")
        elif least is not None and value < least:
            spot.error(f"must be at least {least}")
        elif most is not None and value > most:
            spot.error(f"must be at most {most}")

    return check


def boolean(value: Any, spot: Spot) -> None:
    """True or false, not a word for it."""
    if not isinstance(value, bool):
        spot.error("must be a boolean")


def one_of(*allowed: str) -> Check:
    """One of the given strings."""

    def check(value: Any, spot: Spot) -> None:
        if value not in allowed:
            spot.error(f"must be one of: {', '.join(allowed)}")

    return check


def array(each: Check, most: int | None = None, least: int = 1) -> Check:
    """A list of `least` to `most` items, every one of them checked."""

    def check(value: Any, spot: Spot) -> None:
        if not isinstance(value, list):
            spot.error("must be an array")
            return
        if len(value) < least:
            spot.error(f"no fewer than {least} items allowed")
        if most is not None and len(value) > most:
            spot.error(f"no more than {most} items allowed")
        for i, item in enumerate(value):
            each(item, spot.at(i))

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with exactly these fields. Slack refuses fields that it does not know."""
    known = {**(optional or {}), **required}

    def check(value: Any, spot: Spot) -> None:
        if not isinstance(value, dict):
            spot.error("must provide an object")
            return
        for name in required:
            if name not in value:
                spot.error(f"missing required field: {name}")
        for name, part in value.items():
            if name in known:
                known[name](part, spot.at(name))
            elif name != "type":
                spot.error(f"invalid additional property: {name}")

    return check


def typed(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` says which of the checks it has to pass."""

    def check(value: Any, spot: Spot) -> None:
        if not isinstance(value, dict):
            spot.error("must provide an object")
        elif "type" not in value:
            spot.error("missing required field: type")
        elif not isinstance(value["type"], str) or value["type"] not in kinds:
            spot.at("type").error(f"unsupported type: {str(value['type'])[:80]}")
        else:
            kinds[value["type"]](value, spot)

    return check


def both(*checks: Check) -> Check:
    """Every one of the checks."""

    def check(value: Any, spot: Spot) -> None:
        for each in checks:
            each(value, spot)

    return check
