"""Slack's rate limits: a token bucket per method, one per channel for posting, one per response_url, and a number of
events per hour.

https://docs.slack.dev/apis/web-api/rate-limits: one message a second in a channel; one a second to each incoming webhook,
of which a response_url is one. chat.postEphemeral has its tier alone (its own page: Tier 4).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from sandbox.clock import SandboxClock

BURST_SHARE = 0.25
"""The share of a minute's calls that may be made at once; Slack allows "small bursts" without a figure."""
POSTS_A_SECOND = 1.0
POST_BURST = 5.0
EVENTS_AN_HOUR = 30_000
"""Event deliveries to an app per workspace; further ones are dropped."""
MINUTE, HOUR = 60, 3600


@dataclass
class _TokenBucket:
    size: float
    per_second: float
    level: float
    at: float

    def wait(self, now: float) -> int:
        """Take a token and return 0, or return the whole seconds until there is one, at least 1."""
        self.level = min(self.size, self.level + (now - self.at) * self.per_second)
        self.at = now
        if self.level >= 1:
            self.level -= 1
            return 0
        return max(1, math.ceil((1 - self.level) / self.per_second))


class RateLimits:
    """The limits of Web API calls. Without `on` every call is let through."""

    def __init__(self, clock: SandboxClock, *, on: bool) -> None:
        self.on, self._clock = on, clock
        self._buckets: dict[str, _TokenBucket] = {}

    def seconds_to_wait(self, method: str, per_minute: int, channel: str = "") -> int:
        """Seconds to wait before this call; 0 when it may go through, and then it is counted.

        `channel` is where it posts for everybody.
        """
        if not self.on:
            return 0
        waited = self._take(method, max(1.0, per_minute * BURST_SHARE), per_minute / 60) if method else 0
        if channel and not waited:
            waited = self._take(f"post:{channel}", POST_BURST, POSTS_A_SECOND)
        return waited

    def seconds_to_respond(self, key: str, channel: str) -> int:
        """The same for a post to the response_url `key`: a webhook of its own, which may be posted to once a second.

        `channel` is where everybody sees what is posted; empty for what one person sees, which counts nowhere else.
        """
        if not self.on:
            return 0
        waited = self._take(f"response_url:{key}", POST_BURST, POSTS_A_SECOND)
        return waited or (self._take(f"post:{channel}", POST_BURST, POSTS_A_SECOND) if channel else 0)

    def _take(self, name: str, size: float, per_second: float) -> int:
        now = self._clock.seconds()
        bucket = self._buckets.setdefault(name, _TokenBucket(size, per_second, size, now))
        return bucket.wait(now)


class EventLimit:
    """At most `most` event deliveries in an hour, counted by the minute."""

    def __init__(self, clock: SandboxClock, *, on: bool, most: int = EVENTS_AN_HOUR) -> None:
        self.on, self.most, self._clock = on, most, clock
        self._delivered: Counter[int] = Counter()
        self._reported = 0

    def count_delivery(self) -> bool:
        """Count one delivery; False, and not counted, when the hour's number is used up."""
        if not self.on:
            return True
        minute = self.minute
        for past in [each for each in self._delivered if each <= minute - HOUR]:
            del self._delivered[past]
        if self._delivered.total() >= self.most:
            return False
        self._delivered[minute] += 1
        return True

    def minute_to_report(self) -> int | None:
        """The current minute if it has not been reported yet, else None: Slack reports dropped events once a minute."""
        before, self._reported = self._reported, self.minute
        return self._reported if self._reported != before else None

    @property
    def minute(self) -> int:
        """The current minute, as seconds since 1970."""
        return int(self._clock.seconds()) // MINUTE * MINUTE
