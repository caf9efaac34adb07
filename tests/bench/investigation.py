"""How well an investigation names causes: on made-up incidents of the sandbox's company, and on recorded ones (`PETSHOP=directory`).

`make bench` prints the tables; `python -m tests.bench.investigation [incidents]` prints them alone.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import company_cases, injected, petshop
from tests.bench.report import Figure, percentile
from warroom.investigation.abnormal import compared
from warroom.investigation.model import Answer, Findings
from warroom.investigation.rules import investigate

SEED = 9_001
"""Of the table. Seeds below 100 are for development."""
INCIDENTS = 216
CROWDED = 54
"""Incidents with 20 innocent changes around, and as many without a guilty one."""
INJECTED = 60
"""Troubles injected into recorded normal operation, a third of it for each defect; and healthy windows."""
BANDS = (0.0, 0.3, 0.5, 0.7, 0.9, 1.01)


@dataclass(frozen=True)
class Case:
    """One answer beside the truth."""

    kind: str
    cause: str | None
    change: str | None
    answer: Answer
    chance: float
    largest: str | None
    latest: str | None
    seconds: float

    @property
    def first(self) -> bool:
        """Whether the first cause is the true one; where nothing is wrong, whether none was named."""
        return [each.service for each in self.answer.causes[:1]] == ([self.cause] if self.cause else [])

    @property
    def in_three(self) -> bool:
        """Whether the true one is among the causes."""
        return any(each.service == self.cause for each in self.answer.causes) if self.cause else self.first

    @property
    def blamed(self) -> str | None:
        """The change that the first cause is put down to."""
        found = self.answer.causes[0].change if self.answer.causes else None
        return found.id if found else None


def looked_at(kind: str, cause: str | None, change: str | None, findings: Findings) -> Case:
    """The answer to the findings, beside what simpler ways would have said."""
    began = time.perf_counter()
    answer = investigate(findings)
    took = time.perf_counter() - began
    below = {each.service for each in findings.series}
    loudest = max(compared(findings), key=lambda each: (abs(each.deviation), each.series.service), default=None)
    before = [each for each in findings.changes if each.at <= findings.at]
    latest = max(before, key=lambda each: (each.at, each.id), default=None)
    return Case(
        kind, cause, change, answer, 1 / max(1, len(below)), loudest.series.service if loudest else None,
        latest.service if latest else None, took,
    )  # fmt: skip


def company(seed: int, count: int, **more: object) -> list[Case]:
    """So many incidents of the company."""
    return [
        looked_at(made.kind, made.service, made.change.id if made.change else None, found)
        for made, found in company_cases.cases(seed, count, **more)
    ]


def share(cases: Iterable[Case], of: Callable[[Case], bool]) -> float:
    """Per cent of the cases."""
    counted = [of(each) for each in cases]
    return 100 * sum(counted) / len(counted) if counted else 0.0


def table(title: str, cases: Sequence[Case]) -> None:
    """Per kind: how often right, beside chance and simpler ways, and the time taken."""
    shown = Table(title=title)
    for head in (
        "trouble",
        "incidents",
        "first",
        "in three",
        "no cause",
        "chance",
        "largest deviation",
        "latest change",
        "ms, median",
    ):
        shown.add_column(head, justify="left" if head == "trouble" else "right")
    groups: dict[str, list[Case]] = defaultdict(list)
    for each in cases:
        groups[each.kind].append(each)
    for kind, some in [*sorted(groups.items()), ("all with a cause", [each for each in cases if each.cause])]:
        if some:
            shown.add_row(
                kind, str(len(some)), f"{share(some, lambda c: c.first):.0f} %", f"{share(some, lambda c: c.in_three):.0f} %",
                f"{share(some, lambda c: not c.answer.causes):.0f} %", f"{100 * sum(c.chance for c in some) / len(some):.0f} %",
                f"{share(some, lambda c: c.largest == c.cause):.0f} %", f"{share(some, lambda c: c.latest == c.cause):.0f} %",
                f"{1000 * percentile([c.seconds for c in some], 0.5):.0f}",
            )  # fmt: skip
    Console(width=150).print(shown)


def calibration(cases: Sequence[Case]) -> list[tuple[float, float, int, float]]:
    """By band of confidence: its mean confidence, per cent that were right, and how many."""
    found = []
    for low, high in pairwise(BANDS):
        inside = [each for each in cases if each.answer.causes and low <= each.answer.causes[0].confidence < high]
        if inside:
            mean = sum(each.answer.causes[0].confidence for each in inside) / len(inside)
            found.append((low, mean, len(inside), share(inside, lambda c: c.first)))
    return found


def show_calibration(cases: Sequence[Case]) -> None:
    """The first causes, by the confidence they were said with."""
    shown = Table(title="Calibration: of the causes said with a confidence, how many were right")
    for head in ("confidence", "mean", "causes", "right"):
        shown.add_column(head, justify="right")
    for low, mean, count, right in calibration(cases):
        shown.add_row(f"from {low:.1f}", f"{mean:.2f}", str(count), f"{right:.0f} %")
    Console(width=150).print(shown)


def measured(count: int = INCIDENTS) -> list[Figure]:
    """The tables of the company, printed, and their figures."""
    cases = company(SEED, count)
    table(f"{len(cases)} made-up incidents of the company, 3 innocent changes around each", cases)
    show_calibration(cases)
    some = max(18, count * CROWDED // INCIDENTS)
    crowded = company(SEED + 1, some, innocent=20, by_change=True)
    table("The same with 20 innocent changes around a guilty one", crowded)
    guiltless = company(SEED + 2, some, innocent=20, by_change=False)
    table("20 innocent changes and no guilty one", guiltless)
    by_change = [each for each in cases if each.change]
    otherwise = [each for each in cases if each.cause and not each.change]
    well = [each for each in cases if each.kind == "healthy"]
    sure = [each for each in cases if each.answer.causes and 0.7 <= each.answer.causes[0].confidence < 0.9]
    figures = [
        Figure("cause first, where a change caused it", share(by_change, lambda c: c.first), 90, "%", at_least=True),
        Figure("cause first, otherwise", share(otherwise, lambda c: c.first), 80, "%", at_least=True),
        Figure("cause first, 20 innocent changes around", share(crowded, lambda c: c.first), 80, "%", at_least=True),
        Figure(
            "no change blamed, where none is guilty",
            share(guiltless, lambda c: c.blamed is None),
            80,
            "%",
            at_least=True,
        ),
        Figure("a cause named in healthy windows", share(well, lambda c: bool(c.answer.causes)), 10, "%"),
        Figure("an analysis, 99 of 100", 1000 * percentile([each.seconds for each in cases], 0.99), 5000, "ms"),
    ]
    if sure:
        figures.append(
            Figure("right, of those said with 0.7 to 0.9", share(sure, lambda c: c.first), 65, "%", at_least=True)
        )
    return figures


def recorded(folder: Path) -> list[Figure]:
    """The tables of a directory of recorded incidents, printed, and their figures."""
    found = []
    for name, late in (("as told", 0), ("noticed 8 minutes later", 8), ("noticed 9 minutes earlier", -9)):
        cases = [
            looked_at(each.name.partition("/")[0], each.cause, None, each.findings)
            for each in petshop.cases(folder, timedelta(minutes=late))
        ]
        table(f"Recorded incidents, {name}", cases)
        found.append(cases)
    services = {each.answer.service for each in found[0]}
    well = [
        looked_at("normal", None, None, each.findings)
        for service in sorted(services)
        for each in petshop.healthy(folder, service)
    ]
    well += [looked_at("normal", None, None, each) for each in injected.healthy(folder, SEED, INJECTED)]
    table("Windows of normal operation", well)
    made = {
        defect: [
            looked_at(each.kind, each.cause, None, each.findings)
            for each in injected.cases(folder, SEED, count, (defect,))
        ]
        for defect, count in {"": INJECTED, **dict.fromkeys(injected.DEFECTS, INJECTED // 3)}.items()
    }
    for defect, some in made.items():
        table(f"Injected troubles{', ' if defect else ''}{defect}", some)
    show_calibration([each for some in made.values() for each in some])
    return [
        Figure(
            "injected troubles: cause in the first three", share(made[""], lambda c: c.in_three), 75, "%", at_least=True
        ),
        Figure("recorded incidents: cause first", share(found[0], lambda c: c.first), 75, "%", at_least=True),
        Figure(
            "recorded incidents: cause in the first three",
            share(found[0], lambda c: c.in_three),
            95,
            "%",
            at_least=True,
        ),
        Figure("recorded normal operation: a cause named", share(well, lambda c: bool(c.answer.causes)), 10, "%"),
    ]


async def measure() -> list[Figure]:
    """All of it: the company, and the recorded incidents where a directory is given."""
    figures = await asyncio.to_thread(measured, int(os.environ.get("INCIDENTS", INCIDENTS)))
    if folder := os.environ.get("PETSHOP"):
        figures += await asyncio.to_thread(recorded, Path(folder))
    return figures


if __name__ == "__main__":
    from tests.bench.report import show

    show(recorded(Path(os.environ["PETSHOP"])) if sys.argv[1:] == ["recorded"] else asyncio.run(measure()))
