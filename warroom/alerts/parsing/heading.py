"""What Datadog writes around a monitor's name: "[P1] [Triggered on {host:a}] [TEST] Name on host:a"."""

from __future__ import annotations

import re
from typing import NamedTuple

from warroom.alerts.parsing import words

_BRACKET = re.compile(r"\[(?P<word>[A-Za-z][A-Za-z0-9 _-]{0,30}?)(?:\]| on \{)")
_PRIORITY = re.compile(r"P[1-5]", re.IGNORECASE)
_MOST_BRACKETS = 6


class Heading(NamedTuple):
    """A title taken apart."""

    name: str
    """The monitor's own name; the whole title when there is nothing else."""
    word: str | None = None
    """The transition, as the title words it."""
    scope: str | None = None
    priority: str | None = None
    """"P1" to "P5"."""
    test: bool = False


def split_title(title: str) -> Heading:
    """The title's parts. Brackets stand in any order; a bracket that is none of Datadog's begins the name."""
    word = scope = priority = None
    test = False
    rest = title
    for _ in range(_MOST_BRACKETS):
        found = _BRACKET.match(rest)
        if found is None:
            break
        said, end = found["word"], found.end()
        if found[0].endswith("{"):
            # The scope itself may hold "]" and "}"; only both together end it.
            closing = rest.find("}]", end)
            if closing < 0 or words.of_title(said) is None:
                break
            word, scope, end = said, rest[end:closing], closing + 2
        elif _PRIORITY.fullmatch(said):
            priority = said.upper()
        elif said == "TEST":
            test = True
        elif words.of_title(said) is not None:
            word = said
        else:
            break
        rest = rest[end:].lstrip()
    return Heading(rest or title, word, scope, priority, test)


def without_scope(name: str, scope: str | None) -> str:
    """The name without " on <scope>" at its end, which Datadog adds for monitors with groups."""
    shorter = name.removesuffix(f" on {scope}") if scope else name
    return shorter or name
