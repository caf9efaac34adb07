"""Posting exactly once: every message carries its effect's key, and in doubt the key is looked for first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import structlog

from blocks.kit import Card
from integrations.slack.client import Answer
from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.context import EffectContext
from warroom.errors import Retryable
from warroom.incident.model import Incident
from warroom.outbox.effects import Effect

log = structlog.get_logger(__name__)

EVENT_TYPE = "warroom"
GONE = frozenset({"channel_not_found", "not_in_channel", "thread_not_found"})


def stamp(key: str) -> str:
    """The block id by which a message of that effect is known even where Slack drops metadata."""
    return f"wr:{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def body(card: Card, key: str) -> dict[str, Any]:
    """The arguments of chat.postMessage and chat.update that make up the message."""
    blocks = [dict(block) for block in card.blocks]
    if blocks:
        blocks[0]["block_id"] = stamp(key)
    return {
        "text": card.text,
        "blocks": blocks,
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
    }


async def say(
    context: EffectContext[Effect],
    channel: str,
    card: Card,
    *,
    thread_ts: str | None = None,
    broadcast: bool = False,
    incident: Incident | None = None,
) -> tuple[str, str]:
    """(channel id, ts) of the effect's message: in doubt the one found, else a new one. Raises Retryable or Rejected.

    `broadcast` shows a thread's message in the channel too. `incident` is for what shows its state, under a key that
    comes again: the search covers its whole life, and what is found is redrawn.
    """
    if context.outcome_unknown:
        found = await find(context, channel, thread_ts, context.since(incident))
        if found is not None:
            if incident is not None:
                # It shows what was known when it was posted; what changed since then was asked for by this same effect.
                await redraw(context, channel, found, card)
            return channel, found
    try:
        answer = await _post(context, channel, card, thread_ts, broadcast)
    except SlackDeclined as refusal:
        if refusal.code != "not_in_channel":
            context.deps.channels.forget(channel)
            raise
        await _join(context, channel, refusal)
        answer = await _post(context, channel, card, thread_ts, broadcast)
    return answer["channel"], answer["ts"]


async def _join(context: EffectContext[Effect], channel: str, why: SlackDeclined) -> None:
    """Raises `why` where Slack lets nobody but people bring the bot in: that refusal has the advice that helps."""
    try:
        await context.call("conversations.join", channel=channel)
    except SlackDeclined as refusal:
        if refusal.code == "missing_scope":
            raise
        raise why from refusal


async def _post(
    context: EffectContext[Effect], channel: str, card: Card, thread_ts: str | None, broadcast: bool
) -> Answer:
    where = {"channel": channel, "thread_ts": thread_ts, "unfurl_links": False, "unfurl_media": False}
    if broadcast:
        where["reply_broadcast"] = True
    return await _draw(context, "chat.postMessage", card, **where)


async def _draw(context: EffectContext[Effect], method: str, card: Card, **where: Any) -> Answer:
    """Slack fetches a card's pictures itself and refuses the whole card when it cannot: then it is drawn without them."""
    bad = context.deps.bad_pictures
    shown = Card(card.text, [block for block in card.blocks if block.get("image_url") not in bad])
    try:
        return await context.call(method, **where, **body(shown, context.key))
    except SlackDeclined as refusal:
        pictures = {block["image_url"] for block in shown.blocks if block["type"] == "image"}
        if refusal.code != "invalid_blocks" or not pictures:
            raise
        log.info("Slack cannot show a picture; the card goes without", key=context.key)
        # Remembered, because the budget may let the second call go only later.
        if len(bad) > 1000:
            bad.clear()
        bad |= pictures
        return await _draw(context, method, card, **where)


async def redraw(context: EffectContext[Effect], channel: str, ts: str, card: Card) -> bool:
    """Whether the message could be redrawn; False when it is gone. Raises Retryable or Rejected."""
    try:
        await _draw(context, "chat.update", card, channel=channel, ts=ts)
    except SlackDeclined as refusal:
        if refusal.code == "message_not_found":
            return False
        raise
    return True


async def remove(context: EffectContext[Effect], channel: str, ts: str) -> None:
    """Delete one of our messages; one that is gone already is fine. Raises Retryable or Rejected."""
    try:
        await context.call("chat.delete", channel=channel, ts=ts)
    except SlackDeclined as refusal:
        if refusal.code != "message_not_found":
            raise


async def remove_if_possible(context: EffectContext[Effect], channel: str, ts: str) -> None:
    """Delete a message that a newer one replaced. What matters is said already, so a failure is only logged."""
    try:
        await remove(context, channel, ts)
    except (Retryable, SlackDeclined) as error:
        log.warning("an old message stays beside the new one", channel=channel, ts=ts, why=str(error))


async def find(context: EffectContext[Effect], channel: str, thread_ts: str | None, since: str) -> str | None:
    """The ts of the message that carries the effect's key, None when there is none. Raises Retryable or Rejected."""
    wanted = {"channel": channel, "oldest": since, "include_all_metadata": True}
    method = "conversations.history"
    if thread_ts is not None:
        method, wanted = "conversations.replies", wanted | {"ts": thread_ts}
    try:
        async for message in context.items(method, "messages", **wanted):
            if message.get("user") == context.deps.bot_user_id and _carries(message, context.key):
                return str(message["ts"])
    except SlackDeclined as refusal:
        # Where the bot is not, it has not posted.
        if refusal.code not in GONE:
            raise
    return None


def _carries(message: Answer, key: str) -> bool:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    blocks: Iterable[Answer] = message.get("blocks") or ()
    return payload.get("key") == key or any(block.get("block_id") == stamp(key) for block in blocks)
