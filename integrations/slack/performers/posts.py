"""The card, the announcement, and everything the bot says in a room or a thread."""

from __future__ import annotations

from datetime import timedelta

import structlog

from blocks.announcement import announcement, team_line, trouble
from blocks.incident_card import incident_card
from blocks.notices import notice_card
from integrations.slack.performers.act import Act
from integrations.slack.performers.messages import redraw, remove, remove_if_possible, say
from warroom.effects import Announce, Effect, Place, Post, ShowCard, TellEverybody, TellTeam, Withdraw
from warroom.errors import Rejected, Retryable
from warroom.facts import Announced, CardShown, Posted
from warroom.incident import Incident
from warroom.notices import Unanswered

log = structlog.get_logger(__name__)


async def show_card(act: Act[ShowCard]) -> CardShown | None:
    """Post the card, or redraw it whole. Without a room there is nothing to do: the room's opening asks again."""
    incident = await act.incident()
    if incident.channel_id is None:
        return None
    card = incident_card(await act.view(incident), act.now)
    if incident.card_ts is not None and await redraw(act, incident.channel_id, incident.card_ts, card):
        return None
    _, ts = await say(act, incident.channel_id, card, incident=incident)
    return CardShown(ts=ts)


async def announce(act: Act[Announce]) -> Announced | None:
    """Post the announcement, or redraw it whole. Private incidents are never announced."""
    incident = await act.incident()
    if incident.private:
        return None
    card = announcement(await act.view(incident), act.now)
    there, ts = incident.announced_in, incident.announced_ts
    if there is not None and ts is not None and await redraw(act, there, ts, card):
        return None
    channel = await act.desk.channels.find(act.effect.channel, act.line)
    channel_id, ts = await say(act, channel, card, incident=incident)
    return Announced(channel_id=channel_id, ts=ts)


async def tell_team(act: Act[TellTeam]) -> None:
    """One line in the team's own channel. Private incidents are not told."""
    incident = await act.incident()
    if incident.private:
        return
    card = team_line(await act.view(incident), act.now)
    await say(act, await act.desk.channels.find(act.effect.channel, act.line), card)


async def tell_everybody(act: Act[TellEverybody]) -> None:
    """One line about trouble of the bot's own."""
    card = trouble(act.effect.what, act.effect.advice)
    await say(act, await act.desk.channels.find(act.effect.channel, act.line), card)


async def post(act: Act[Post]) -> Posted | None:
    """Say it, then remove the message it takes the place of."""
    incident = await act.incident()
    where = await _where(act, incident)
    if where is None:
        return None
    channel, thread_ts = where
    notice = act.effect.notice
    card = notice_card(notice, await act.view(incident), act.now)
    # That nobody answers is for everybody, and a thread is read by those who follow it already; said again it stays there.
    everybody = isinstance(notice, Unanswered) and notice.rounds == 1
    _, ts = await say(act, channel, card, thread_ts=thread_ts, broadcast=everybody)
    slot = act.effect.slot
    if slot is None:
        return None
    previous = incident.slot(slot)
    if previous is not None and previous != ts:
        await remove_if_possible(act, channel, previous)
    return Posted(slot=slot, ts=ts)


async def withdraw(act: Act[Withdraw]) -> None:
    """Delete the bot's message."""
    incident = await act.incident()
    if incident.channel_id is not None:
        await remove(act, incident.channel_id, act.effect.ts)


async def _where(act: Act[Post], incident: Incident) -> tuple[str, str | None] | None:
    """(channel, thread) of a notice; None when there never will be such a place. Raises Retryable while awaited."""
    match act.effect.place:
        case Place.ROOM:
            return await _room(act, incident), None
        case Place.CARD_THREAD:
            room = await _room(act, incident)
            if incident.card_ts is None and not await act.never_came("show_card"):
                raise Retryable("the card is not there yet")
            return room, incident.card_ts
        case Place.ANNOUNCEMENT:
            return await _announcement(act, incident)


async def _room(act: Act[Effect], incident: Incident) -> str:
    if incident.channel_id is not None:
        return incident.channel_id
    if await act.never_came("open_room"):
        raise Rejected(f"{incident.name} has no room", code="no_room", advice="Declare it again.")
    raise Retryable("the room is not open yet")


LONGEST_WAIT = timedelta(hours=1)
"""An announcement that is not there after so long does not come."""


async def _announcement(act: Act[Effect], incident: Incident) -> tuple[str, str] | None:
    if incident.announced_in is not None and incident.announced_ts is not None:
        return incident.announced_in, incident.announced_ts
    if incident.private or not act.desk.policy.workspace.announce:
        return None
    if await act.never_came("announce") or act.now - act.claim.created_at > LONGEST_WAIT:
        log.info("nothing was announced, so there is no thread to write into", key=act.key)
        return None
    raise Retryable("the announcement is not there yet")
