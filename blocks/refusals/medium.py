"""Where the words of a refusal are read: in the chat or on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from blocks import text


@dataclass(frozen=True, slots=True)
class Medium:
    """Where the words are read: how people are shown there, and what is typed there."""

    person: Callable[[str], str]
    """From a user id."""
    list_open: str
    """The command that shows the open incidents."""
    declare: str
    """An example of declaring an incident."""
    sure: Callable[[str], str]
    """How a name is written that is no misspelling."""


CHAT = Medium(text.mention, "/incident list", "declare checkout returns 500s --sev 1", '"{}"'.format)
TERMINAL = Medium(
    str, "python -m bot list", "python -m bot declare checkout returns 500s --sev 1", "--service '\"{}\"'".format
)
