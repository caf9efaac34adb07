"""When a person last wrote in a room: the channel's newest messages, and the threads below them in which something is new."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import structlog

from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.performer import EffectContext
from integrations.slack.rate_limits import PAGE
from warroom.escalation.activity import last_heard
from warroom.outbox.effects import ReadRoomActivity
from warroom.outbox.results import RoomActivity

log = structlog.get_logger(__name__)

MOST_THREADS = 10
"""Threads that are read, those with the newest replies first."""
SAID = frozenset({"", "file_share", "me_message", "thread_broadcast"})
"""Subtypes of messages in which a person says something; the others are Slack's own lines."""


async def read_room_activity(context: EffectContext[ReadRoomActivity]) -> RoomActivity:
    """The newest message of a person since one was heard of. A room that cannot be read counts as silent."""
    incident = await context.incident()
    channel = incident.room.channel_id
    if channel is None:
        return RoomActivity()
    since = f"{last_heard(incident).timestamp():.6f}"
    try:
        page = await context.call("conversations.history", channel=channel, limit=PAGE)
        messages = page.get("messages") or []
        newest = _newest(messages, since, context.deps.bot_user_id)
        if newest is None:
            newest = await _in_threads(context, channel, messages, since)
    except SlackDeclined as refusal:
        log.warning("whether anybody writes in the room cannot be read; it counts as silent", code=refusal.code)
        return RoomActivity()
    return RoomActivity(last_at=datetime.fromtimestamp(float(newest), UTC) if newest else None)


async def _in_threads(
    context: EffectContext[ReadRoomActivity], channel: str, messages: Iterable[dict[str, Any]], since: str
) -> str | None:
    latest = {str(each.get("ts")): str(each.get("latest_reply") or "") for each in messages}
    threads = sorted((ts for ts in latest if latest[ts] > since), key=lambda ts: latest[ts], reverse=True)
    found: list[str] = []
    for ts in threads[:MOST_THREADS]:
        page = await context.call("conversations.replies", channel=channel, ts=ts, oldest=since, limit=PAGE)
        if newest := _newest(page.get("messages") or [], since, context.deps.bot_user_id):
            found.append(newest)
    return max(found, default=None)


def _newest(messages: Iterable[dict[str, Any]], since: str, bot: str) -> str | None:
    said = (
        str(each.get("ts") or "")
        for each in messages
        if not each.get("bot_id") and each.get("user") not in (None, bot) and (each.get("subtype") or "") in SAID
    )
    return max((ts for ts in said if ts > since), default=None)
