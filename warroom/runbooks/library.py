"""The runbooks of a process, and the kinds of steps that there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from warroom.capabilities import StepBase
from warroom.people.model import normal
from warroom.policy.mistake import Mistake
from warroom.runbooks.model import Runbook

Kinds = Mapping[str, StepBase[Any]]
"""By name, such as "metrics.read"."""


def kinds_of(*groups: Iterable[StepBase[Any]]) -> Kinds:
    """All of them by name. Raises ValueError when two have the same."""
    found: dict[str, StepBase[Any]] = {}
    for group in groups:
        for kind in group:
            if kind.step in found:
                raise ValueError(f"two kinds of steps are called {kind.step}")
            found[kind.step] = kind
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class UnusableRunbook:
    """A runbook that cannot be used, and why."""

    key: str
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """What may be run."""

    runbooks: tuple[Runbook, ...] = ()
    kinds: Kinds = field(default_factory=dict)
    unusable: tuple[UnusableRunbook, ...] = ()

    def named(self, said: str) -> Runbook | None:
        """The runbook that a key or a name means, or None. Case and punctuation do not matter."""
        wanted = normal(said)
        by_key = (each for each in self.runbooks if normal(each.key) == wanted)
        by_name = (each for each in self.runbooks if normal(each.name) == wanted)
        return next(by_key, None) or next(by_name, None) if wanted else None
