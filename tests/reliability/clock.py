"""The workspace's clock for processes beside the test: what the test winds, they see at once."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox import SandboxClock

FORKS = multiprocessing.get_context("forkserver")
"""Makes processes from one that is single-threaded and has imported the bot already."""
FORKS.set_forkserver_preload(["tests.reliability.life"])


@dataclass(frozen=True)
class SharedClock:
    """Shows what a `WoundClock` of another process on this machine shows."""

    began: float
    """Seconds since 1970, less those of the machine's monotonic clock; both, when it stands."""
    runs: bool
    wound: Any
    """The seconds by which it was wound, in shared memory."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.fromtimestamp(self.began + self.runs * time.monotonic() + self.wound.value, UTC)


class WoundClock(SandboxClock):
    """The workspace's clock, which can be shared with processes of this machine."""

    def __init__(self, *, frozen: bool = False) -> None:
        super().__init__(frozen=frozen)
        self._shared = FORKS.RawValue("d", 0.0)

    def advance(self, by: float | timedelta) -> None:
        """See `SandboxClock.advance`; nobody elsewhere is woken."""
        super().advance(by)
        self._shared.value = self._advanced

    @property
    def shared(self) -> SharedClock:
        """The same clock for another process."""
        began = self._origin if self._frozen else self._origin - self._began
        return SharedClock(began, not self._frozen, self._shared)
