"""A line to Slack that keeps within the budget."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from integrations.slack.budget import POSTS, Budget
from integrations.slack.client import Answer, call
from warroom.errors import Retryable

PAGE = 200
"""Items asked for at once (Slack: "Pagination" recommends at most 200)."""


class RateLimitedClient:
    """Calls Slack when the budget allows it; otherwise the caller comes back later."""

    def __init__(
        self, client: AsyncWebClient, budget: Budget, priority: int = 50, over: Callable[[], bool] = lambda: False
    ) -> None:
        """`over` says that the time is up in which the caller may act."""
        self.client, self._budget, self._priority, self._over = client, budget, priority, over

    async def call(self, method: str, **args: Any) -> Answer:
        """Slack's answer. Raises Retryable (also, with `after`, when it is not this call's turn yet) or Rejected."""
        async with self.acquire(method, _channel(method, args)):
            return await call(self.client, method, **args)

    @asynccontextmanager
    async def acquire(self, method: str, channel: str | None) -> AsyncIterator[None]:
        """What is called inside is counted, and a 429 heeded. Raises Retryable when it is not this call's turn yet."""
        if self._over():
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
