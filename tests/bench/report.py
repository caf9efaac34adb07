"""One figure with its target and the limit measured beside it, and the table of all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Limit:
    """What this machine does without Warroom in the same run, and what Warroom is to do beside it. In the figure's unit."""

    what: str
    measured: float
    goal: float


@dataclass(frozen=True)
class Figure:
    """What was measured, and what it should be at most (or, with `at_least`, at least).

    `target` is what the product promises on a machine of its own; where a `limit` was measured, its goal decides instead.
    Raises ValueError for a figure that cannot be.
    """

    what: str
    measured: float
    target: float
    unit: str
    at_least: bool = False
    limit: Limit | None = None

    def __post_init__(self) -> None:
        for number in (self.measured, *((self.limit.measured, self.limit.goal) if self.limit else ())):
            if not math.isfinite(number) or number < 0:
                raise ValueError(f"“{self.what}” came out as {number}: the bench measures something else than it says.")

    @property
    def ratio(self) -> float:
        """The figure in parts of the limit, or of the target where there is no limit."""
        beside = self.limit.measured if self.limit else self.target
        return self.measured / beside if beside else math.inf if self.measured else 1.0

    @property
    def met(self) -> bool:
        """Whether it is as good as it should be on this machine."""
        wanted = self.limit.goal if self.limit else self.target
        return self.measured >= wanted if self.at_least else self.measured <= wanted

    def bound(self, number: float) -> str:
        """The number as the bound that it is: "≤ 60 ms"."""
        return f"{'≥' if self.at_least else '≤'} {self.shown(number)}"

    def shown(self, number: float) -> str:
        """The number with its unit."""
        return f"{number:,.0f} {self.unit}" if number >= 100 else f"{number:.3g} {self.unit}"


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def resident(pid: int | str = "self") -> float:
    """Memory of a process, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError("this system does not say how much memory a process has")


def show(figures: list[Figure]) -> None:
    """Print the table, and how many are met."""
    table = Table(title="Warroom, measured", show_lines=False)
    for head in ("what", "figure", "target", "limit, measured beside it", "ratio", "goal by the limit", "met"):
        # rich has words of its own for the two sides.
        table.add_column(head, justify="left" if head in ("what", "limit, measured beside it", "met") else "right")
    for each in figures:
        limit = each.limit
        table.add_row(
            each.what,
            each.shown(each.measured),
            each.bound(each.target),
            f"{limit.what}: {each.shown(limit.measured)}" if limit else "",
            f"{each.ratio:.2f}",
            each.bound(limit.goal) if limit else "",
            "yes" if each.met else "NO",
            style="green" if each.met else "yellow",
        )
    console = Console(width=190)
    console.print(table)
    console.print(
        f"{sum(each.met for each in figures)} of {len(figures)} are met. The ratio is the figure in parts of the limit, "
        "or of the target where there is no limit; where there is one, its goal decides."
    )
