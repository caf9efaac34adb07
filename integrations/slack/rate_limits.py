"""Slack's rate limits, obeyed before they bite: the `Budget` counts, the `RateLimitedClient` asks it before each call.

Tiers: docs.slack.dev "Rate limits" (calls per minute, per method and workspace) and each method's page. Posting: about
one message a second in a channel, short bursts allowed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from integrations.slack.client import Answer, call
from warroom.errors import Retryable
from warroom.ports import Clock, outside, time_is_up

TIER_2, TIER_3, TIER_4, SPECIAL = 20, 50, 100, 300
"""Calls per minute."""
ANSWERS = 1200
"""Answers to people per minute in all. Slack names no such limit: each response_url is a webhook of its own, used a few times."""

RESPONSE_URL = "response_url"
"""No method. Slack limits each address to one post a second, as every incoming webhook (docs.slack.dev "Rate limits")."""

PER_MINUTE: Mapping[str, int] = {
    "auth.test": SPECIAL,
    "bookmarks.add": TIER_2,
    "bookmarks.list": TIER_3,
    "canvases.edit": TIER_3,
    "canvases.sections.lookup": TIER_3,
    "chat.delete": TIER_3,
    "chat.getPermalink": SPECIAL,
    "chat.postEphemeral": TIER_4,
    "chat.postMessage": SPECIAL,
    "chat.update": TIER_3,
    "conversations.archive": TIER_2,
    "conversations.canvases.create": TIER_2,
    "conversations.create": TIER_2,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.invite": TIER_3,
    "conversations.join": TIER_3,
    "conversations.list": TIER_2,
    "conversations.members": TIER_4,
    "conversations.rename": TIER_2,
    "conversations.replies": TIER_3,
    "conversations.setPurpose": TIER_2,
    "conversations.setTopic": TIER_2,
    "conversations.unarchive": TIER_2,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "pins.add": TIER_2,
    RESPONSE_URL: ANSWERS,
    "usergroups.list": TIER_2,
    "usergroups.users.list": TIER_2,
    "usergroups.users.update": TIER_2,
    "users.conversations": TIER_2,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "users.lookupByEmail": TIER_3,
    "views.publish": TIER_4,
}
"""Where Slack's sources differ, the smaller number."""

POSTS = frozenset({"chat.postMessage", "files.completeUploadExternal"})
"""What puts a message into a channel for everybody in it. What one person sees has limits of its own: Tier 4 for ephemeral
messages, and those of webhooks for response_urls."""
CHANNEL_PER_SECOND = 1.0
CHANNEL_BURST = 3.0
BURST_SHARE = 5
"""A method's burst is its number per minute divided by this; less than Slack lets pass, for calls bunch up on their way."""
REMEMBERED = 1000
"""Channels whose budget is kept."""
PAGE = 200
"""Items asked for at once (Slack: "Pagination" recommends at most 200)."""
MOMENT = 1e-6
"""Seconds; a clock shows no shorter time. Rounding leaves less than that to wait, which would mean to ask again at once."""


@dataclass
class _Bucket:
    per_second: float
    size: float
    at: datetime
    left: float = 0.0
    waiting: list[tuple[datetime, int]] = field(default_factory=list)
    """When those who have to wait come back, with their priority."""

    def resize(self, per_second: float, size: float) -> None:
        """From now on it holds and gains that much."""
        self.per_second, self.size = per_second, size
        self.left = min(self.left, size)

    def refill(self, now: datetime) -> None:
        # A clock that was set back refills nothing, but must not stop the refilling for as long.
        passed = max(0.0, (now - self.at).total_seconds())
        self.left = min(self.size, self.left + passed * self.per_second)
        self.at = now
        self.waiting = [(when, who) for when, who in self.waiting if now < when <= now + timedelta(minutes=10)]

    def wait(self, priority: int) -> float:
        """Seconds until it is this one's turn: behind those of the same or higher priority, before the rest."""
        missing = (1 - self.left) / self.per_second
        if missing < MOMENT:
            return 0.0
        ahead = sum(1 for _, theirs in self.waiting if theirs <= priority)
        return missing + ahead / self.per_second

    @property
    def full(self) -> bool:
        return self.left >= self.size and not self.waiting


class Budget:
    """How many calls of each method may still be made now. Slack counts per app and workspace, not per process, so
    processes that work side by side each keep to their `share`.
    """

    def __init__(self, clock: Clock, on_blocked: Callable[[], None] = lambda: None) -> None:
        """`on_blocked` is called when Slack refused a call."""
        self._clock = clock
        self._on_blocked = on_blocked
        self._among = 1
        self._methods: dict[str, _Bucket] = {}
        self._channels: dict[str, _Bucket] = {}
        self._blocked: dict[str, tuple[datetime, float]] = {}

    def share(self, among: int) -> None:
        """So many processes, this one among them, divide what Slack allows."""
        if among == self._among:
            return
        now, self._among = self._clock.now(), among
        for method, bucket in self._methods.items():
            bucket.refill(now)
            bucket.resize(*self._shared(*_allowed(method)))
        for bucket in self._channels.values():
            bucket.refill(now)
            bucket.resize(*self._shared(CHANNEL_PER_SECOND, CHANNEL_BURST))

    def _shared(self, per_second: float, size: float) -> tuple[float, float]:
        # A bucket must hold one call, or there would never be any.
        return per_second / self._among, max(1.0, size / self._among)

    def take(self, method: str, channel: str | None = None, priority: int = 50) -> float:
        """Seconds to wait, 0.0 for go (then the call is counted). A lower `priority` number waits less."""
        now = self._clock.now()
        blocked = self._still_blocked(method, now)
        if blocked > 0:
            return blocked
        buckets = [self._of_method(method, now)]
        if channel is not None and method in POSTS:
            buckets.append(self._of_channel(channel, now))
        slowest = max(buckets, key=lambda bucket: bucket.wait(priority))
        wait = slowest.wait(priority)
        if wait > 0:
            slowest.waiting.append((now + timedelta(seconds=wait), priority))
            return wait
        for bucket in buckets:
            bucket.left -= 1
        return 0.0

    def block(self, method: str, seconds: float) -> None:
        """Slack answered 429: nobody calls this method before that many seconds have passed."""
        self._blocked[method] = (self._clock.now() + timedelta(seconds=seconds), seconds)
        self._on_blocked()

    @property
    def limited(self) -> dict[str, datetime]:
        """Methods that Slack said to leave alone, and until when."""
        now = self._clock.now()
        return {method: until for method, (until, _) in self._blocked.items() if until > now}

    def apply_limits(self, limited: Mapping[str, datetime]) -> None:
        """Another process was told by Slack not to call these methods until then."""
        now = self._clock.now()
        for method, until in limited.items():
            known, _ = self._blocked.get(method, (now, 0.0))
            if until > known:
                self._blocked[method] = (until, (until - now).total_seconds())

    def _still_blocked(self, method: str, now: datetime) -> float:
        until, length = self._blocked.get(method, (now, 0.0))
        left = (until - now).total_seconds()
        if left > length:
            # The clock was set back; Slack said how long, not until when.
            self._blocked[method] = (now + timedelta(seconds=length), length)
            return length
        if left <= 0:
            self._blocked.pop(method, None)
        return max(0.0, left)

    def _of_method(self, method: str, now: datetime) -> _Bucket:
        return self._bucket(self._methods, method, _allowed(method), now)

    def _of_channel(self, channel: str, now: datetime) -> _Bucket:
        if len(self._channels) > REMEMBERED:
            for bucket in self._channels.values():
                bucket.refill(now)
            self._channels = {name: bucket for name, bucket in self._channels.items() if not bucket.full}
        return self._bucket(self._channels, channel, (CHANNEL_PER_SECOND, CHANNEL_BURST), now)

    def _bucket(self, kept: dict[str, _Bucket], name: str, allowed: tuple[float, float], now: datetime) -> _Bucket:
        if name not in kept:
            per_second, size = self._shared(*allowed)
            # What the others spent just now is not known: among several, nobody begins with a whole burst.
            kept[name] = _Bucket(per_second, size, now, size if self._among == 1 else 1.0)
        kept[name].refill(now)
        return kept[name]


def _allowed(method: str) -> tuple[float, float]:
    """(calls a second, calls at once)."""
    return PER_MINUTE[method] / 60, PER_MINUTE[method] / BURST_SHARE


class RateLimitedClient:
    """Calls Slack when the budget allows it; otherwise the caller comes back later."""

    def __init__(self, client: AsyncWebClient, budget: Budget, priority: int = 50) -> None:
        self.client, self._budget, self._priority = client, budget, priority

    async def call(self, method: str, **args: Any) -> Answer:
        """Slack's answer. Raises Retryable (also, with `after`, when it is not this call's turn yet) or Rejected."""
        async with self.acquire(method, _channel(method, args)):
            with outside():
                return await call(self.client, method, **args)

    @asynccontextmanager
    async def acquire(self, method: str, channel: str | None) -> AsyncIterator[None]:
        """What is called inside is counted, and a 429 blocks the method. Raises Retryable when it is not this call's turn yet."""
        if time_is_up():
            # The machine slept, or its clock jumped: somebody else may be at it already.
            raise Retryable(f"the time for {method} is over", outcome_unknown=True)
        wait = self._budget.take(method, channel, self._priority)
        if wait > 0:
            raise Retryable(f"{method} waits for its turn", after=wait, outcome_unknown=False)
        try:
            yield
        except Retryable as error:
            if error.after is not None:
                self._budget.block(method, error.after)
            raise


def next_cursor(page: Answer) -> str | None:
    """Where the next page starts; None after the last. A page may be empty before the end (Slack: "Pagination")."""
    return (page.get("response_metadata") or {}).get("next_cursor") or None


def _channel(method: str, args: dict[str, Any]) -> str | None:
    return (args.get("channel") or args.get("channel_id")) if method in POSTS else None
