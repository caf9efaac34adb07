"""Planned faults: which Web API call fails, in which way, and whether it took effect nevertheless."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Literal

from sandbox.model import Json

FaultKind = Literal[
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
"""`_before`: the call has no effect. `_after`: it takes effect and then fails. "503" and "garbage_after" answer with HTML."""
CallFilter = Callable[[Json], bool]
"""Whether a call with these arguments is meant."""
FAULT_KINDS: tuple[str, ...] = FaultKind.__args__  # type: ignore[attr-defined]  # the values of a Literal


@dataclass
class CallFault:
    """Applies from the `nth` matching call on, to `times` calls (None: without end), to each with `probability`."""

    method: str
    kind: str
    nth: int = 1
    times: int | None = 1
    probability: float = 1.0
    seconds: float = 1.0
    """The Retry-After of "ratelimited", or how long "delay" lasts."""
    when: CallFilter | None = None
    do: Callable[[], object] = lambda: None
    """Called when the fault is applied."""
    until: asyncio.Event | None = None
    """Ends a delay in place of `seconds`."""
    seen: int = 0
    applied: int = 0


@dataclass
class CallHook:
    """Runs `do` at the `nth` matching call: "before" it takes effect, or "after" that and before the answer."""

    method: str
    nth: int
    moment: str
    do: Callable[[], object]
    when: CallFilter | None = None
    seen: int = 0


@dataclass
class FaultPlan:
    """The faults and hooks that are planned.

    `method` may contain wildcards, as in chat.*. A post to a response_url is called "response_url", an upload "upload".
    """

    chance: random.Random
    planned: list[CallFault] = field(default_factory=list)
    hooks: list[CallHook] = field(default_factory=list)

    def add(
        self,
        method: str,
        kind: str,
        *,
        nth: int = 1,
        times: int | None = 1,
        probability: float = 1.0,
        seconds: float = 1.0,
        when: CallFilter | None = None,
        do: Callable[[], object] = lambda: None,
        until: asyncio.Event | None = None,
    ) -> CallFault:
        """Plan a fault. `times=None`: until `clear`. ValueError for an unknown kind."""
        if kind not in FAULT_KINDS:
            raise ValueError(f"no fault is called {kind!r}; there are {', '.join(FAULT_KINDS)}")
        fault = CallFault(method, kind, nth, times, probability, seconds, when, do, until)
        self.planned.append(fault)
        return fault

    def clear(self) -> None:
        """Remove every planned fault and hook."""
        self.planned.clear()
        self.hooks.clear()

    def take_fault(self, method: str, args: Json) -> CallFault | None:
        """The fault to apply to this call, or None. Counts the call, so ask once per call."""
        for fault in self.planned:
            if not _matches(fault, method, args):
                continue
            fault.seen += 1
            over = fault.times is not None and fault.applied >= fault.times
            if fault.seen >= fault.nth and not over and self.chance.random() < fault.probability:
                fault.applied += 1
                fault.do()
                return fault
        return None

    def take_hooks(self, method: str, args: Json) -> list[CallHook]:
        """The hooks to run at this call. Counts the call, so ask once per call."""
        due = []
        for hook in self.hooks:
            if _matches(hook, method, args):
                hook.seen += 1
                if hook.seen == hook.nth:
                    due.append(hook)
        return due


def _matches(plan: CallFault | CallHook, method: str, args: Json) -> bool:
    return fnmatch(method, plan.method) and (plan.when is None or plan.when(args))
