"""Can the alert channels be read? Asked by `check`, before alerts are missed.

Sources: docs.slack.dev conversations.info, conversations.history, conversations.join.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from integrations.slack.channels import ChannelBook
from integrations.slack.client import close_client, open_client
from integrations.slack.rate_limits import Budget, RateLimitedClient
from warroom.errors import Rejected, Retryable
from warroom.ports import Clock

MOST_WAITS = 5
"""How often a limit of Slack's is waited for."""
LONGEST_WAIT = 20.0


async def unreadable(
    bot_token: str, base_url: str, names: Sequence[str], clock: Clock, sleep: Callable[[float], Awaitable[None]]
) -> list[str]:
    """Why alert channels cannot be read, as sentences with a next step; none where they can. Nothing is changed in Slack."""
    client = open_client(bot_token, base_url)
    book, line = ChannelBook(clock), RateLimitedClient(client, Budget(clock))
    found = []
    try:
        for name in names:
            why = await _why_patiently(book, line, name, sleep)
            if why:
                found.append(f"the alert channel {name} (workspace.alert_channels) cannot be read: {why}")
    finally:
        await close_client(client)
    return found


async def _why_patiently(
    book: ChannelBook, line: RateLimitedClient, name: str, sleep: Callable[[float], Awaitable[None]]
) -> str | None:
    waits = 0
    while True:
        try:
            return await _why(book, line, name)
        except Rejected as error:
            return f"{error}. {error.advice}".strip()
        except Retryable as error:
            waits += 1
            if waits > MOST_WAITS:
                return f"{error}. Check again in a few minutes."
            await sleep(min(error.after if error.after is not None else 1.0, LONGEST_WAIT))


async def _why(book: ChannelBook, line: RateLimitedClient, name: str) -> str | None:
    """None where it can be read, or will be once the bot has entered it by itself. Raises Rejected or Retryable."""
    channel_id = await book.find(name, line)
    channel = (await line.call("conversations.info", channel=channel_id)).get("channel") or {}
    if channel.get("is_archived"):
        return "it is archived, so nothing is posted there. Unarchive it, or name another channel in the policy."
    if channel.get("is_member"):
        await line.call("conversations.history", channel=channel_id, limit=1)
        return None
    if channel.get("is_private"):
        return "it is private and the bot is not in it. Invite it there: /invite @Warroom"
    return None
