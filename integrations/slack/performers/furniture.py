"""Pin, topic, purpose and bookmarks: what makes a channel a war room."""

from __future__ import annotations

from html import unescape

from blocks.topic import purpose, topic
from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.context import EffectContext
from warroom.outbox.effects import AddBookmark, PinCard, SetPurpose, SetTopic


async def pin_card(context: EffectContext[PinCard]) -> None:
    """Pin the card; one that is pinned already, or that is gone, needs nothing."""
    incident = await context.incident()
    if incident.room.channel_id is None or incident.room.card_ts is None:
        return
    try:
        await context.call("pins.add", channel=incident.room.channel_id, timestamp=incident.room.card_ts)
    except SlackDeclined as refusal:
        if refusal.code not in ("already_pinned", "message_not_found"):
            raise


async def set_topic(context: EffectContext[SetTopic]) -> None:
    """Set the topic from the state as it is now. Every call posts a line in the room, so in doubt it is read first."""
    incident = await context.incident()
    if incident.room.channel_id is None:
        return
    wanted = topic(await context.view(incident))
    if not await _is_already(context, incident.room.channel_id, "topic", wanted):
        await context.call("conversations.setTopic", channel=incident.room.channel_id, topic=wanted)


async def set_purpose(context: EffectContext[SetPurpose]) -> None:
    """Set the purpose."""
    incident = await context.incident()
    if incident.room.channel_id is None:
        return
    wanted = purpose(await context.view(incident))
    if not await _is_already(context, incident.room.channel_id, "purpose", wanted):
        await context.call("conversations.setPurpose", channel=incident.room.channel_id, purpose=wanted)


async def _is_already(
    context: EffectContext[SetTopic] | EffectContext[SetPurpose], channel: str, what: str, wanted: str
) -> bool:
    if not context.outcome_unknown:
        return False
    answer = await context.call("conversations.info", channel=channel)
    value = (answer["channel"].get(what) or {}).get("value") or ""
    # Slack keeps &, < and > encoded.
    return unescape(value) == unescape(wanted)


async def add_bookmark(context: EffectContext[AddBookmark]) -> None:
    """Add the link. Slack keeps duplicates, so in doubt the list is read first."""
    incident = await context.incident()
    if incident.room.channel_id is None:
        return
    if context.outcome_unknown:
        answer = await context.call("bookmarks.list", channel_id=incident.room.channel_id)
        if any(unescape(known.get("link") or "") == context.effect.url for known in answer.get("bookmarks") or []):
            return
    await context.call(
        "bookmarks.add",
        channel_id=incident.room.channel_id,
        title=context.effect.title,
        type="link",
        link=context.effect.url,
        emoji=context.effect.emoji,
    )
