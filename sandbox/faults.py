"""Trouble on demand: which call goes wrong, how, and whether it happened all the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Literal

from sandbox.model import Json

Kind = Literal[
    "ratelimited",
    "500",
    "503",
    "reset_before",
    "reset_after",
    "hang_before",
    "hang_after",
    "delay",
    "internal_error_after",
    "garbage_after",
]
"""`_before` and `_after` say whether the call took effect. "503" answers with HTML, "garbage" is not JSON."""
When = Callable[[Json], bool]
"""Chooses among the calls of a method by what they carry."""
KINDS: tuple[str, ...] = Kind.__args__  # type: ignore[attr-defined]  # how typing keeps the words of a Literal


@dataclass
class Fault:
    """Goes wrong at the `nth` matching call, at `times` calls from there on, each with a `probability`."""

    method: str
    kind: str
    nth: int = 1
    times: int | None = 1
    probability: float = 1.0
    seconds: float = 1.0
    """The Retry-After, or the length of a delay."""
    when: When | None = None
    do: Callable[[], object] = lambda: None
    """Done when it strikes."""
    until: asyncio.Event | None = None
    """Ends a delay in place of `seconds`."""
    seen: int = 0
    struck: int = 0


@dataclass
class Hook:
    """Something to do at a call: "before" it takes effect, or "after" and before it is answered."""

    method: str
    nth: int
    moment: str
    do: Callable[[], object]
    when: When | None = None
    seen: int = 0


@dataclass
class Faults:
    """All trouble ahead. `method` may have wildcards; posts to a response_url and uploads go by these names, "response_url"
    and "upload".
    """

    chance: random.Random
    ahead: list[Fault] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)

    def add(
        self,
        method: str,
        kind: str,
        *,
        nth: int = 1,
        times: int | None = 1,
        probability: float = 1.0,
        seconds: float = 1.0,
        when: When | None = None,
        do: Callable[[], object] = lambda: None,
        until: asyncio.Event | None = None,
    ) -> Fault:
        """Plan one. `times=None` means for ever. ValueError for an unknown kind."""
        if kind not in KINDS:
            raise ValueError(f"no fault is called {kind!r}; there are {', '.join(KINDS)}")
        fault = Fault(method, kind, nth, times, probability, seconds, when, do, until)
        self.ahead.append(fault)
        return fault

    def clear(self) -> None:
        """No more trouble."""
        self.ahead.clear()
        self.hooks.clear()

    def strike(self, method: str, args: Json) -> Fault | None:
        """The trouble of this call, if any."""
        for fault in self.ahead:
            if not _meant(fault, method, args):
                continue
            fault.seen += 1
            over = fault.times is not None and fault.struck >= fault.times
            if fault.seen >= fault.nth and not over and self.chance.random() < fault.probability:
                fault.struck += 1
                fault.do()
                return fault
        return None

    def due(self, method: str, args: Json) -> list[Hook]:
        """The hooks of this call. Counts the call, so ask once."""
        due = []
        for hook in self.hooks:
            if _meant(hook, method, args):
                hook.seen += 1
                if hook.seen == hook.nth:
                    due.append(hook)
        return due


def _meant(plan: Fault | Hook, method: str, args: Json) -> bool:
    return fnmatch(method, plan.method) and (plan.when is None or plan.when(args))
