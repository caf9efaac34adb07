"""What every command of the command line shares: settings, policy, failures as sentences, and how text is printed.

Everything is printed by `say`, `out` and `err`, tables are `TextTable`s: no secret, and nothing that would steer the
terminal, gets past `printable`.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Never, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from blocks import charts
from blocks.refusals import TERMINAL, refusal_words
from bot.integrations import policy_model, settings_model
from bot.policy_file import PolicyError, load
from bot.runtime.observability import hide, hide_secrets, set_up_logging
from bot.settings import Settings, SettingsError, load_settings
from warroom.errors import Refused, WarroomError
from warroom.policy import Policy

STEERING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories of what shows nothing: control characters, direction overrides, lone surrogates, separators."""
JOINER = "\N{ZERO WIDTH JOINER}"
"""Harmless, and emoji are built with it."""


def printable(text: str) -> str:
    """The text without secrets, and with everything that would steer the terminal spelled out, as in `\\x1b[31m`.

    Line feeds and tabs stay.
    """
    text = hide(text).replace("\r\n", "\n")
    if all(char.isprintable() or char in "\n\t" for char in text):
        return text
    return "".join(_spelled(char) for char in text)


def _spelled(char: str) -> str:
    if char in "\n\t" or char == JOINER or unicodedata.category(char) not in STEERING:
        return char
    return char.encode("unicode_escape").decode()


class Terminal(Console):
    """Prints what rich can print, and steers the terminal only by the styles that we give."""

    def print(self, *objects: Any, **how: Any) -> None:
        """As rich's."""
        super().print(*(printable(each) if isinstance(each, str) else each for each in objects), **how)


class TextTable(Table):
    """A table whose cells are shown as they are."""

    def __init__(self, *headers: str) -> None:
        super().__init__(*headers, box=None)

    def add_row(self, *cells: object, **_: Any) -> None:
        """One more line."""
        super().add_row(*(Text(printable(str(cell))) for cell in cells))


out = Terminal()
err = Terminal(stderr=True)


def say(text: str) -> None:
    """The text as it is, on standard output."""
    typer.echo(printable(text))


T = TypeVar("T")


def number_in(said: str | int) -> int:
    """The number that 12, #12 or INC-12 means. Raises typer.BadParameter."""
    found = re.fullmatch(r"\s*(?:#|inc[-\s]?)?(\d{1,9})\s*", str(said), re.IGNORECASE)
    if found is None:
        raise typer.BadParameter(f"“{said}” is not an incident. Write its number: 12, #12 or INC-12.")
    return int(found[1])


IncidentNumber = Annotated[
    int, typer.Argument(metavar="N", parser=number_in, help="The incident: 12, #12 or INC-12.", show_default=False)
]


def fail(text: object, code: int = 1) -> Never:
    """The sentence in red, and the end of the program."""
    err.print(str(text), style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def do(work: Coroutine[Any, Any, T]) -> T:
    """Run it to the end; what a person can mend becomes a sentence."""
    try:
        return asyncio.run(work)
    except Refused as refused:
        fail(refusal_words(refused.reason, TERMINAL))
    except (SettingsError, PolicyError, WarroomError) as error:
        fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def settings_or_exit() -> Settings:
    """The settings; the end when they are wrong."""
    try:
        settings = load_settings(settings_model())
    except SettingsError as error:
        fail(error, 2)
    hide_secrets(settings.secrets)
    set_up_logging(settings.log_level, settings.log_format)
    return settings


def policy_of(settings: Settings) -> Policy:
    """The policy, its warnings said; the end when it is wrong."""
    return policy_at(settings.policy_path)


def policy_at(path: Path | None) -> Policy:
    """The policy in that file, its warnings said; the end when it is wrong."""
    try:
        loaded = load(path, policy_model())
    except PolicyError as error:
        fail(error, 2)
    for warning in loaded.warnings:
        err.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    return loaded.policy


def save_chart(path: Path, draw: Callable[[], bytes]) -> None:
    """Write the PNG that `draw` makes. Exits with a sentence where it cannot be drawn or written."""
    if not charts.available():
        fail("A chart needs matplotlib: install the extra “charts”, see docs/dependencies.md.")
    try:
        path.write_bytes(draw())
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror or error}.")
