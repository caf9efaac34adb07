"""One figure with its target, and the table of all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """What was measured, and what it should be at most (or, with `at_least`, at least)."""

    what: str
    measured: float
    target: float
    unit: str
    at_least: bool = False
    note: str = ""

    @property
    def ratio(self) -> float:
        """Measured against target; below 1 is better than asked, also for figures that should be large."""
        if self.at_least:
            return self.target / self.measured if self.measured else float("inf")
        return self.measured / self.target if self.target else float("inf")


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
    """Print the table."""
    table = Table(title="Warroom, measured", show_lines=False)
    for head, justify in (
        ("what", "left"),
        ("measured", "right"),
        ("target", "right"),
        ("ratio", "right"),
        ("", "left"),
    ):
        table.add_column(head, justify=justify)  # type: ignore[arg-type]  # one of rich's words
    for each in figures:
        target = f"{'≥' if each.at_least else '≤'} {each.target:g} {each.unit}"
        style = "green" if each.ratio <= 1 else "yellow"
        table.add_row(
            each.what, f"{each.measured:.4g} {each.unit}", target, f"{each.ratio:.2f}", each.note, style=style
        )
    Console(width=150).print(table)
