"""What was posted in threads of an alert channel while nobody listened: a channel's history does not give replies.

A message names the time of its latest reply (docs.slack.dev, "Retrieving messages"), so only threads are read in which
something new stands, under messages of an app whose messages are alerts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.performer import EffectContext
from integrations.slack.rate_limits import PAGE, next_cursor
from warroom.alerts.app_messages import is_from
from warroom.errors import Retryable
from warroom.outbox.effects import ReadAlertChannels

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(days=3)
"""How old a message may be whose thread is read. Less than what was accepted is remembered, so nothing counts twice."""
OLDER_PAGES = 5
"""Pages of messages that are looked through for threads before the place where reading stopped."""
MOST_THREADS = 50
"""Threads that are read at once, those with the newest replies first."""
GONE = frozenset({"thread_not_found", "message_not_found"})


@dataclass
class Threads:
    """How far the reading of a channel's threads got."""

    pages: int = 0
    cursor: str | None = None
    older: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[str] | None = None
    """Threads to be read; None until it is known which."""
    inside: str | None = None
    """The cursor within the first of them."""
    replies: list[dict[str, Any]] = field(default_factory=list)


async def read_threads(
    context: EffectContext[ReadAlertChannels],
    channel_id: str,
    since: str,
    newer: Iterable[dict[str, Any]],
    threads: Threads,
) -> list[dict[str, Any]]:
    """Replies newer than `since`, and than LOOK_BACK. `newer` are the channel's messages since then.

    Raises Retryable (the next try goes on where this one stopped) or Rejected.
    """
    earliest = f"{(context.now - LOOK_BACK).timestamp():.6f}"
    after = max(since, earliest)
    if threads.waiting is None:
        if since > earliest:
            await _look_back(context, channel_id, since, earliest, threads)
        threads.waiting = _with_news(context, [*threads.older, *newer], after)
    while threads.waiting:
        await _one(context, channel_id, threads.waiting[0], after, threads)
        threads.waiting.pop(0)
        threads.inside = None
    return threads.replies


async def _look_back(
    context: EffectContext[ReadAlertChannels], channel_id: str, since: str, earliest: str, threads: Threads
) -> None:
    while threads.pages < OLDER_PAGES:
        try:
            page = await context.call(
                "conversations.history",
                channel=channel_id,
                latest=since,
                oldest=earliest,
                inclusive=True,
                limit=PAGE,
                cursor=threads.cursor,
            )
        except SlackDeclined as refusal:
            if refusal.code == "invalid_cursor" and threads.cursor is not None:
                # Cursors expire; which thread has news is looked up anew.
                threads.pages, threads.cursor = 0, None
                raise Retryable("the threads must be looked for again") from refusal
            raise
        threads.older += page.get("messages") or []
        threads.pages += 1
        threads.cursor = next_cursor(page)
        if threads.cursor is None:
            return


def _with_news(context: EffectContext[ReadAlertChannels], messages: Iterable[dict[str, Any]], after: str) -> list[str]:
    senders, readers = context.deps.policy.workspace.alert_bots, context.deps.message_readers
    theirs = [each for each in messages if is_from(each, readers, senders)]
    latest = {str(each.get("ts")): str(each.get("latest_reply") or "") for each in theirs}
    news = sorted((ts for ts in latest if latest[ts] > after), key=lambda ts: latest[ts], reverse=True)
    if len(news) > MOST_THREADS:
        log.warning("more threads of alerts have news than are read at once", threads=len(news), read=MOST_THREADS)
    return news[:MOST_THREADS]


async def _one(
    context: EffectContext[ReadAlertChannels], channel_id: str, ts: str, after: str, threads: Threads
) -> None:
    while True:
        try:
            page = await context.call(
                "conversations.replies",
                channel=channel_id,
                ts=ts,
                oldest=after,
                limit=PAGE,
                cursor=threads.inside,
            )
        except SlackDeclined as refusal:
            if refusal.code in GONE:
                return
            if refusal.code == "invalid_cursor" and threads.inside is not None:
                threads.inside = None
                raise Retryable("the thread must be read from its start again") from refusal
            raise
        # The message itself comes with every page.
        threads.replies += [each for each in page.get("messages") or [] if str(each.get("ts") or "") > after]
        threads.inside = next_cursor(page)
        if threads.inside is None:
            return
