"""The card, the announcement, and everything the bot says in a room or a thread."""

from __future__ import annotations

from datetime import timedelta

import structlog

from blocks.announcement import announcement, team_line, trouble
from blocks.incident_card import incident_card
from blocks.notices import notice_card
from integrations.slack.performers.context import EffectContext
from integrations.slack.performers.messages import redraw, remove, remove_if_possible, say
from warroom.errors import Rejected, Retryable
from warroom.incident.model import Incident
from warroom.incident.notices import Unanswered
from warroom.outbox.effects import Announce, Effect, Place, Post, ShowCard, TellEverybody, TellTeam, Withdraw
from warroom.outbox.results import Announced, CardShown, Posted

log = structlog.get_logger(__name__)


async def show_card(context: EffectContext[ShowCard]) -> CardShown | None:
    """Post the card, or redraw it whole. Without a room there is nothing to do: the room's opening asks again."""
    incident = await context.incident()
    if incident.room.channel_id is None:
        return None
    card = incident_card(await context.view(incident), context.now)
    if incident.room.card_ts is not None and await redraw(
        context, incident.room.channel_id, incident.room.card_ts, card
    ):
        return None
    _, ts = await say(context, incident.room.channel_id, card, incident=incident)
    return CardShown(ts=ts)


async def announce(context: EffectContext[Announce]) -> Announced | None:
    """Post the announcement, or redraw it whole. Private incidents are never announced."""
    incident = await context.incident()
    if incident.private:
        return None
    card = announcement(await context.view(incident), context.now)
    there, ts = incident.room.announced_in, incident.room.announced_ts
    if there is not None and ts is not None and await redraw(context, there, ts, card):
        return None
    channel = await context.desk.channels.find(context.effect.channel, context.line)
    channel_id, ts = await say(context, channel, card, incident=incident)
    return Announced(channel_id=channel_id, ts=ts)


async def tell_team(context: EffectContext[TellTeam]) -> None:
    """One line in the team's own channel. Private incidents are not told."""
    incident = await context.incident()
    if incident.private:
        return
    card = team_line(await context.view(incident), context.now)
    await say(context, await context.desk.channels.find(context.effect.channel, context.line), card)


async def tell_everybody(context: EffectContext[TellEverybody]) -> None:
    """One line about trouble of the bot's own."""
    card = trouble(context.effect.what, context.effect.advice)
    await say(context, await context.desk.channels.find(context.effect.channel, context.line), card)


async def post(context: EffectContext[Post]) -> Posted | None:
    """Say it, then remove the message it takes the place of."""
    incident = await context.incident()
    where = await _where(context, incident)
    if where is None:
        return None
    channel, thread_ts = where
    notice = context.effect.notice
    card = notice_card(notice, await context.view(incident), context.now)
    # That nobody answers is for everybody, and a thread is read by those who follow it already; said again it stays there.
    everybody = isinstance(notice, Unanswered) and notice.rounds == 1
    _, ts = await say(context, channel, card, thread_ts=thread_ts, broadcast=everybody)
    slot = context.effect.slot
    if slot is None:
        return None
    previous = incident.room.slot(slot)
    if previous is not None and previous != ts:
        await remove_if_possible(context, channel, previous)
    return Posted(slot=slot, ts=ts)


async def withdraw(context: EffectContext[Withdraw]) -> None:
    """Delete the bot's message."""
    incident = await context.incident()
    channel = context.effect.channel or incident.room.channel_id
    if channel is not None:
        await remove(context, channel, context.effect.ts)


async def _where(context: EffectContext[Post], incident: Incident) -> tuple[str, str | None] | None:
    """(channel, thread) of a notice; None when there never will be such a place. Raises Retryable while awaited."""
    match context.effect.place:
        case Place.ROOM:
            return await _room(context, incident), None
        case Place.CARD_THREAD:
            room = await _room(context, incident)
            if incident.room.card_ts is None and not await context.never_came("show_card"):
                raise Retryable("the card is not there yet")
            return room, incident.room.card_ts
        case Place.ANNOUNCEMENT:
            return await _announcement(context, incident)


async def _room(context: EffectContext[Effect], incident: Incident) -> str:
    if incident.room.channel_id is not None:
        return incident.room.channel_id
    if await context.never_came("open_room"):
        raise Rejected(f"{incident.name} has no room", code="no_room", advice="Declare it again.")
    raise Retryable("the room is not open yet")


LONGEST_WAIT = timedelta(hours=1)
"""An announcement that is not there after so long does not come."""


async def _announcement(context: EffectContext[Effect], incident: Incident) -> tuple[str, str] | None:
    if incident.room.announced_in is not None and incident.room.announced_ts is not None:
        return incident.room.announced_in, incident.room.announced_ts
    if incident.private or not context.desk.policy.workspace.announce:
        return None
    if await context.never_came("announce") or context.now - context.claim.created_at > LONGEST_WAIT:
        log.info("nothing was announced, so there is no thread to write into", key=context.key)
        return None
    raise Retryable("the announcement is not there yet")
