"""What can happen to a call, by the names of the table in docs/reliability.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox import Sandbox
from sandbox.faults import CallFilter
from sandbox.vendors.system import FakeSystem
from tests.reliability.process import Forked

PAUSE = 20.0
"""Seconds that a 429 asks to wait."""
HANGING = ("hang_before", "hang_after")
"""Faults that end when whoever called loses patience."""


@dataclass(frozen=True)
class Trouble:
    """`fault` is one of the sandbox's; `kill` says at which moment of the call the process dies."""

    name: str
    fault: str | None = None
    kill: str | None = None
    unheard: bool = False
    """The call took effect, and nobody heard the answer."""

    def plan(self, slack: Sandbox, process: Forked, method: str, when: CallFilter) -> None:
        """Let it happen at the next call of that method that is meant."""
        if self.kill:
            slack.on_call(method, moment=self.kill, do=process.kill, when=when)
        if self.fault in HANGING:
            slack.fail(method, self.fault, when=when, do=lambda: process.skip(hanging=1))
        elif self.fault:
            slack.fail(method, self.fault, seconds=PAUSE, when=when)

    def plan_outside(self, system: FakeSystem, process: Forked, call: str) -> None:
        """The same for a call of another system, such as "POST /api/v2/downtime"."""
        method, path = call.split()
        if self.kill:
            after, late = self.fault is None, self.kill == "after"
            system.fail(method, path, drop=True, after=after, do=process.kill, late=late)
        else:
            assert self.fault is not None
            system.fail(method, path, **OUTSIDE[self.fault])
            if self.fault in HANGING:
                system.faults[-1].do, system.faults[-1].late = lambda: process.skip(), True


OUTSIDE: dict[str, dict[str, Any]] = {
    "ratelimited": {"status": 429, "headers": {"X-RateLimit-Reset": f"{PAUSE:.0f}", "Retry-After": f"{PAUSE:.0f}"}},
    "500": {"status": 500},
    "503": {"status": 503, "body": b"<html>Service unavailable</html>", "headers": {"Content-Type": "text/html"}},
    "hang_before": {"hang": True},
    "hang_after": {"hang": True, "after": True},
    "reset_after": {"drop": True, "after": True},
    "garbage_after": {"status": 200, "body": b"<!doctype html>", "after": True},
}
"""The sandbox's faults as other systems have them."""


TROUBLES = (
    Trouble("kill -9 before", fault="reset_before", kill="before"),
    Trouble("kill -9 during", kill="before", unheard=True),
    Trouble("kill -9 after", kill="after", unheard=True),
    Trouble("429", fault="ratelimited"),
    Trouble("500", fault="500"),
    Trouble("503 with HTML", fault="503"),
    Trouble("timeout before", fault="hang_before"),
    Trouble("timeout after", fault="hang_after", unheard=True),
    Trouble("reset after", fault="reset_after", unheard=True),
    Trouble("malformed answer", fault="garbage_after", unheard=True),
)
"""During: the call is on its way, and takes effect although nobody waits for its answer any more."""
