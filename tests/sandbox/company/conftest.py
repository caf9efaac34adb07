"""A company on a clock that the test sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sandbox.company import Company
from sandbox.company.metrics import SIGNALS
from sandbox.company.model import DAY
from sandbox.company.promql_values import by_service
from sandbox.company.services import NAMES

NOON = 20528 * DAY + 12 * 3600.0
"""16 March 2026, a Monday."""
MINUTE = 60.0


@dataclass
class Moment:
    """A clock that shows what it is told to."""

    at: float = NOON

    def __call__(self) -> float:
        return self.at


@dataclass
class World:
    """A company and its clock."""

    now: Moment
    company: Company

    def passes(self, minutes: float) -> None:
        """Time goes by."""
        self.now.at += minutes * MINUTE

    def value(self, signal: str, service: str, minutes: float = 5) -> float:
        """The median of the last minutes; nan where there is none."""
        until = self.now.at
        times, values = by_service(self.company, SIGNALS[signal], until - minutes * MINUTE, until).get(
            service, (np.zeros(0), np.zeros(0))
        )
        return float(np.median(values)) if len(times) else float("nan")

    def abnormal(
        self, since: float, signals: tuple[str, ...] = ("errors", "latency", "saturation", "memory")
    ) -> set[str]:
        """The services of which a signal has been far above what it was in the hour before `since`."""
        found = set()
        for signal in signals:
            for service, (times, values) in by_service(
                self.company, SIGNALS[signal], since - 3600, self.now.at
            ).items():
                before, after = values[times <= since], values[times > since + 2 * MINUTE]
                if not len(before) or not len(after):
                    continue
                usual = float(np.median(before))
                spread = 1.5 * float(np.median(np.abs(before - usual))) + 0.05 * usual + 0.004
                if float(np.median(after)) > usual + 8 * spread:
                    found.add(service)
        return found


@pytest.fixture
def world() -> World:
    """A company at noon."""
    now = Moment()
    return World(now, Company(7, now))


def everything(company: Company, since: float, until: float) -> dict[tuple[str, str], tuple[bytes, bytes]]:
    """Every signal of every service, to be compared."""
    return {
        (signal, service): (times.tobytes(), values.tobytes())
        for signal, query in SIGNALS.items()
        for service, (times, values) in by_service(company, query, since, until).items()
    }


__all__ = ["NAMES", "NOON", "Moment", "World", "everything"]
