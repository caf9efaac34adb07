"""Reading the alert channels from where reading stopped last, so that nothing posted meanwhile is missed.

What stands in threads is read after the channel itself (`alert_threads`), and decided with it in the order of time.
Slack gives the newest page first (docs.slack.dev, conversations.history), and alerts are decided in the order they were
posted; so a channel's pages are gathered in memory first, over several tries when the budget ends in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import structlog

from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.alert_threads import Threads, read_threads
from integrations.slack.performers.performer import EffectContext
from integrations.slack.rate_limits import PAGE, next_cursor
from warroom.alerts.app_messages import SOURCE
from warroom.alerts.channels import read_message
from warroom.errors import Rejected, Retryable
from warroom.outbox.changes import Changeset, Quarantined, ReadCursor, ReceivedAlert
from warroom.outbox.effects import DecideAlerts, ReadAlertChannels, TellEverybody

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""Alerts stored in one transaction."""
OUTSIDE = frozenset({"not_in_channel", "channel_not_found"})


@dataclass
class ChannelReading:
    """How far the reading of one channel got."""

    since: str
    cursor: str | None = None
    ended: bool = False
    """The channel itself is read; its threads are not, perhaps."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    threads: Threads = field(default_factory=Threads)

    @property
    def newest(self) -> str:
        """The time of the newest message in the channel itself. A reply would move the place beyond a message that was
        posted between the reading of the channel and that of the thread."""
        return max([self.since, *(str(message.get("ts") or "") for message in self.messages)])


async def read_alert_channels(context: EffectContext[ReadAlertChannels]) -> None:
    """Read them one after another. A channel that cannot be read is said once, and does not stop the others.

    Raises Retryable when there is more to read than may be read now.
    """
    for name in context.deps.policy.workspace.alert_channels:
        try:
            channel_id = await context.deps.channels.find(name, context.line)
            reading = await _read(context, channel_id)
        except Rejected as error:
            await _failure_notice(context, name, error)
            continue
        try:
            await read_threads(context, channel_id, reading.since, reading.messages, reading.threads)
        except Rejected as error:
            # What stands in the channel itself counts all the same.
            await _failure_notice(context, name, error)
        await _take_in(context, ReadCursor(channel_id=channel_id, name=name, ts=reading.newest), reading)
        context.deps.reading.pop(channel_id, None)


async def _failure_notice(context: EffectContext[ReadAlertChannels], name: str, error: Rejected) -> None:
    """Said in the log each time, and in the broadcast channel once for each reason."""
    log.error("an alert channel cannot be read", channel=name, why=str(error), advice=error.advice)
    announce = context.deps.policy.workspace.announce
    if announce:
        what = f"Alerts in {name} are not seen: {error}"
        key = f"unreadable:{name.casefold()}:{error.code}"
        notice = TellEverybody(key=key, priority=20, channel=announce, what=what, advice=error.advice)
        await context.deps.store.commit(Changeset(now=context.now, effects=(notice,)))


async def _read(context: EffectContext[ReadAlertChannels], channel_id: str) -> ChannelReading:
    """Everything posted in the channel itself since reading stopped; one never read before is read from when we asked."""
    reading = context.deps.reading.get(channel_id)
    if reading is None:
        known = {each.channel_id: each.ts for each in await context.deps.store.read_cursors()}
        reading = ChannelReading(since=known.get(channel_id) or f"{context.claim.created_at.timestamp():.6f}")
        context.deps.reading[channel_id] = reading
    while not reading.ended:
        page = await _page(context, channel_id, reading)
        reading.messages += page.get("messages") or []
        reading.cursor = next_cursor(page)
        reading.ended = reading.cursor is None
    return reading


async def _page(context: EffectContext[ReadAlertChannels], channel_id: str, reading: ChannelReading) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        return await context.call(
            "conversations.history", channel=channel_id, oldest=reading.since, limit=PAGE, cursor=reading.cursor
        )

    try:
        return await ask()
    except SlackDeclined as refusal:
        if refusal.code == "invalid_cursor" and reading.cursor is not None:
            # Cursors expire; a message that is read twice is stored once.
            reading.cursor = None
            raise Retryable("the channel must be read from its end again") from refusal
        if refusal.code not in OUTSIDE:
            raise
    await _enter(context, channel_id)
    return await ask()


async def _enter(context: EffectContext[ReadAlertChannels], channel_id: str) -> None:
    try:
        await context.call("conversations.join", channel=channel_id)
    except SlackDeclined as refusal:
        if refusal.code == "missing_scope":
            raise
        raise Rejected(
            f"the bot is not in it and cannot enter by itself ({refusal.code})",
            code=refusal.code,
            advice="Invite it there: /invite @Warroom.",
        ) from refusal


async def _take_in(context: EffectContext[ReadAlertChannels], position: ReadCursor, reading: ChannelReading) -> None:
    """The alerts are stored before the position moves: a crash in between reads them again, and they are known."""
    by_time = {str(message.get("ts") or ""): message for message in (*reading.messages, *reading.threads.replies)}
    received: list[ReceivedAlert] = []
    kept: list[Quarantined] = []
    readers = context.deps.message_readers
    for ts in sorted(by_time):
        parsed, useless = read_message(by_time[ts], position.channel_id, readers, context.deps.policy, context.now)
        received += [ReceivedAlert(alert=alert, received_at=context.now, source=SOURCE) for alert in parsed.alerts]
        kept += useless
    for place in range(0, len(received), AT_ONCE):
        part = tuple(received[place : place + AT_ONCE])
        await context.deps.store.commit(Changeset(now=context.now, received=part, effects=(DecideAlerts(priority=1),)))
    await context.deps.store.commit(Changeset(now=context.now, read_cursors=(position,), quarantined=tuple(kept)))
