"""Slack's rate limits: a bucket per method, one per channel for posting, and how many events the app is sent in an hour.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from sandbox.clock import SandboxClock

BURST = 0.25
"""The share of a minute's calls that may come at once; Slack says "small bursts" and promises no figure."""
POSTS_A_SECOND = 1.0
POST_BURST = 5.0
EVENTS_AN_HOUR = 30_000
"""Deliveries to an app from a workspace; what is more is dropped."""
MINUTE, HOUR = 60, 3600


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


class EventLimit:
    """How many deliveries of events the app may get in an hour, counted by the minute."""

    def __init__(self, clock: SandboxClock, *, on: bool, most: int = EVENTS_AN_HOUR) -> None:
        self.on, self.most, self._clock = on, most, clock
        self._delivered: Counter[int] = Counter()
        self._said = 0

    def takes(self) -> bool:
        """Count one delivery, if there may be one more."""
        if not self.on:
            return True
        minute = self.minute
        for past in [each for each in self._delivered if each <= minute - HOUR]:
            del self._delivered[past]
        if self._delivered.total() >= self.most:
            return False
        self._delivered[minute] += 1
        return True

    def news(self) -> int | None:
        """The minute to tell the app of, when it has not been told of it: Slack says it once a minute."""
        said, self._said = self._said, self.minute
        return self._said if self._said != said else None

    @property
    def minute(self) -> int:
        """The running minute, as seconds since 1970."""
        return int(self._clock.seconds()) // MINUTE * MINUTE
