"""Slack's rate limits: a bucket per method, and one per channel for posting.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sandbox.clock import SandboxClock

BURST = 0.25
"""The share of a minute's calls that may come at once; Slack says "small bursts" and promises no figure."""
POSTS_A_SECOND = 1.0
POST_BURST = 5.0


@dataclass
class _Bucket:
    size: float
    per_second: float
    level: float
    at: float

    def wait(self, now: float) -> int:
        """Take one and return 0, or the whole seconds until there is one, at least 1."""
        self.level = min(self.size, self.level + (now - self.at) * self.per_second)
        self.at = now
        if self.level >= 1:
            self.level -= 1
            return 0
        return max(1, math.ceil((1 - self.level) / self.per_second))


class Limits:
    """Whether a call is one too many."""

    def __init__(self, clock: SandboxClock, *, on: bool) -> None:
        self.on, self._clock = on, clock
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, method: str, per_minute: int, channel: str = "") -> int:
        """Seconds to wait before this call, 0 when it may go through.

        `channel` is where it posts; a response_url has no method, but counts as a post there all the same.
        """
        if not self.on:
            return 0
        waited = self._take(method, max(1.0, per_minute * BURST), per_minute / 60) if method else 0
        if channel and not waited:
            waited = self._take(f"post:{channel}", POST_BURST, POSTS_A_SECOND)
        return waited

    def _take(self, name: str, size: float, per_second: float) -> int:
        now = self._clock.seconds()
        bucket = self._buckets.setdefault(name, _Bucket(size, per_second, size, now))
        return bucket.wait(now)
