"""Pin, topic, purpose and bookmarks: what makes a channel a war room."""

from __future__ import annotations

from html import unescape

from blocks.topic import purpose, topic
from integrations.slack.failures import Declined
from integrations.slack.performers.act import Act
from warroom.effects import AddBookmark, PinCard, SetPurpose, SetTopic


async def pin_card(act: Act[PinCard]) -> None:
    """Pin the card; one that is pinned already, or that is gone, needs nothing."""
    incident = await act.incident()
    if incident.channel_id is None or incident.card_ts is None:
        return
    try:
        await act.call("pins.add", channel=incident.channel_id, timestamp=incident.card_ts)
    except Declined as refusal:
        if refusal.code not in ("already_pinned", "message_not_found"):
            raise


async def set_topic(act: Act[SetTopic]) -> None:
    """Set the topic from the state as it is now. Every call posts a line in the room, so in doubt it is read first."""
    incident = await act.incident()
    if incident.channel_id is None:
        return
    wanted = topic(await act.view(incident))
    if not await _is_already(act, incident.channel_id, "topic", wanted):
        await act.call("conversations.setTopic", channel=incident.channel_id, topic=wanted)


async def set_purpose(act: Act[SetPurpose]) -> None:
    """Set the purpose."""
    incident = await act.incident()
    if incident.channel_id is None:
        return
    wanted = purpose(await act.view(incident))
    if not await _is_already(act, incident.channel_id, "purpose", wanted):
        await act.call("conversations.setPurpose", channel=incident.channel_id, purpose=wanted)


async def _is_already(act: Act[SetTopic] | Act[SetPurpose], channel: str, what: str, wanted: str) -> bool:
    if not act.doubtful:
        return False
    answer = await act.call("conversations.info", channel=channel)
    value = (answer["channel"].get(what) or {}).get("value") or ""
    # Slack keeps &, < and > encoded.
    return unescape(value) == unescape(wanted)


async def add_bookmark(act: Act[AddBookmark]) -> None:
    """Add the link. Slack keeps duplicates, so in doubt the list is read first."""
    incident = await act.incident()
    if incident.channel_id is None:
        return
    if act.doubtful:
        answer = await act.call("bookmarks.list", channel_id=incident.channel_id)
        if any(unescape(known.get("link") or "") == act.effect.url for known in answer.get("bookmarks") or []):
            return
    await act.call(
        "bookmarks.add",
        channel_id=incident.channel_id,
        title=act.effect.title,
        type="link",
        link=act.effect.url,
        emoji=act.effect.emoji,
    )
