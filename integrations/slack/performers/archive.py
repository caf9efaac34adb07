"""Archiving an incident's channel when it is over, and opening an archived one again, which Slack refuses to most bots."""

from __future__ import annotations

from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.performer import EffectContext
from integrations.slack.performers.rooms import NOT_THERE
from warroom.incident.model import State
from warroom.outbox.effects import ArchiveRoom, UnarchiveRoom
from warroom.outbox.results import ChannelArchived, ChannelUnarchived


async def archive_room(context: EffectContext[ArchiveRoom]) -> ChannelArchived | None:
    """Archive the channel. None where it is archived already or the incident is not over any more."""
    incident = await context.incident()
    channel, room = incident.room.channel_id, incident.room
    if channel is None or room.archived_at or room.kept or incident.state not in (State.CLOSED, State.CANCELLED):
        return None
    # Archiving takes the bot out of the channel, so a second call is refused as if the channel were a stranger's.
    if context.outcome_unknown and await _archived(context, channel):
        return ChannelArchived()
    try:
        await context.call("conversations.archive", channel=channel)
    except SlackDeclined as refusal:
        if refusal.code != "already_archived":
            raise
    return ChannelArchived()


async def _archived(context: EffectContext[ArchiveRoom], channel: str) -> bool:
    try:
        answer = await context.call("conversations.info", channel=channel)
    except SlackDeclined as refusal:
        if refusal.code in NOT_THERE:
            return True  # a private channel that the bot is not in any more
        raise
    return bool(answer["channel"].get("is_archived"))


async def unarchive_room(context: EffectContext[UnarchiveRoom]) -> ChannelUnarchived | None:
    """Open the channel again and enter it. Slack answers a bot's token with not_in_channel: then a person has to, or the
    incident goes on elsewhere. None where the channel is not archived any more.
    """
    incident = await context.incident()
    channel = incident.room.channel_id
    if channel is None or incident.room.archived_at is None:
        return None
    try:
        await context.call("conversations.unarchive", channel=channel)
    except SlackDeclined as refusal:
        if refusal.code != "not_archived":
            return ChannelUnarchived(back=False)
    try:
        await context.call("conversations.join", channel=channel)
    except SlackDeclined as refusal:
        # A private channel cannot be entered, but the bot may be in it.
        if refusal.code != "method_not_supported_for_channel_type":
            return ChannelUnarchived(back=False)
    return ChannelUnarchived(back=True)
