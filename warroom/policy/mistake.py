"""What is wrong with a policy file, in words that say what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from warroom import text
from warroom.people.model import normal
from warroom.value import Value


class Mistake(Value):
    """One thing to correct or, as a warning, to look at.

    `path` is as in "teams.platform.escalation[1].after"; "" is the whole file.
    """

    path: str
    problem: str
    suggestion: str = ""
    line: int | None = None
    """In the file, counted from 1, where it was read from one."""

    def __str__(self) -> str:
        where = ", ".join(filter(None, (f"line {self.line}" if self.line else "", self.path)))
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{where}: {self.problem}{hint}" if where else f"{self.problem}{hint}"


class Wrong(ValueError):
    """Raised by validators of the policy's values: the problem, and what to write instead."""

    def __init__(self, problem: str, suggestion: str = "") -> None:
        super().__init__(problem)
        self.suggestion = suggestion


def did_you_mean(said: str, known: Iterable[str]) -> str:
    """ "did you mean X?" for the nearest known word, else the list of what is known, else ""."""
    words = {normal(word): word for word in known}
    near = text.did_you_mean(normal(said), words)
    if near is not None:
        return f"did you mean {words[near]}?"
    return f"known: {', '.join(words.values())}" if words else ""


def shown(value: object) -> str:
    """A short picture of a value from the file, quoted; of lists and mappings only what they are."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple | set):
        return "a list"
    return f"“{text.cut(' '.join(str(value).split()), 40)}”"


def _nearest(written: str, known: tuple[str, ...], proper: tuple[str, ...]) -> str:
    """As `did_you_mean`, except that another number is another name: SEV-9 is no slip of SEV-5, which is an alias of SEV-4."""
    number = re.findall(r"\d+", written)
    alike = tuple(name for name in known if re.findall(r"\d+", name) == number) if number else known
    near = did_you_mean(written, alike)
    return near if near.startswith("did you mean") or not proper else f"known: {', '.join(proper)}"


def unknown_name(
    path: str, written: object, what: str, known: Iterable[str], proper: Iterable[str] | None = None
) -> Iterator[Mistake]:
    """The mistake, if `written` is text that is none of the known names. `what` says of what they are the names, `proper` are
    those that are listed where none is near; by default all of them.
    """
    known = tuple(known)
    if isinstance(written, str) and written.strip() and normal(written) not in {normal(name) for name in known}:
        suggestion = (
            _nearest(written, known, known if proper is None else tuple(proper)) or f"describe it under {what}s:"
        )
        yield Mistake(path=path, problem=f"there is no {what} {shown(written)}", suggestion=suggestion)
