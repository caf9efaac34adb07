"""The other systems of the sandbox's company, as its people see them: tables, and what can be done there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sandbox.model import SlackUser

Deliver = Callable[[str, bytes, Mapping[str, str]], Awaitable[None]]
"""Posts a webhook: the path at the bot, the body, the headers."""


@dataclass(frozen=True)
class Button:
    """What somebody can do; `do` is what `CompanySystem.act` is given."""

    label: str
    do: str


@dataclass(frozen=True)
class Chart:
    """A small line chart in a cell, above its text."""

    paths: tuple[str, ...]
    """Of an SVG 100 wide and 24 high, one for each stretch without a gap."""
    label: str
    """What a person who cannot see it is told."""
    bad: bool = False


@dataclass(frozen=True)
class Row:
    """One line of a table, and its buttons."""

    id: str
    cells: tuple[str, ...]
    buttons: tuple[Button, ...] = ()
    lines: tuple[str, ...] = ()
    """Shown below it, such as notes."""
    charts: tuple[Chart | None, ...] = ()
    """Those of the cells, in their order; may be shorter."""


@dataclass(frozen=True)
class Table:
    """What a system shows of one kind of thing. `buttons` belong to the whole."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    empty: str
    """Said where there is none."""
    buttons: tuple[Button, ...] = ()


class CompanySystem(Protocol):
    """One system with its page."""

    name: str
    title: str
    note: str
    """What a newcomer should know of it, in one sentence."""

    def tables(self) -> Sequence[Table]:
        """What it shows now."""
        ...

    async def act(self, who: SlackUser, do: str, thing: str) -> None:
        """That person does something there, and the bot is told as the vendor would tell it. Raises ValueError."""
        ...
