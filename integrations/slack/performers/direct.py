"""Direct messages: to whoever is paged, to whoever follows an incident; and the reply below the message it came from."""

from __future__ import annotations

from datetime import timedelta

import structlog

from blocks.direct_messages import direct_message, morning_message, source_reply
from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.performer import EffectContext
from integrations.slack.performers.posts import redraw, remove, say
from warroom.errors import Retryable
from warroom.incident.direct import let_in_soon
from warroom.incident.model import Incident, State
from warroom.incident.parts import DirectPurpose
from warroom.outbox.effects import RedrawDirect, ReplyToSource, SendDirect, TellMorning
from warroom.outbox.results import DirectlySent

LONGEST_WAIT = timedelta(minutes=10)
"""Whoever is not let in by then does not hear of a private incident."""
LOOKED_AT = 500
"""Open incidents that are looked through for those that waited for somebody's morning."""
log = structlog.get_logger(__name__)

CLOSED_TO_US = frozenset(
    {"channel_not_found", "not_in_channel", "is_archived", "thread_not_found", "message_not_found"}
)
"""Where the bot cannot reply and nobody needs to hear of it: a conversation between people, or a message that is gone."""


async def send_direct(context: EffectContext[SendDirect]) -> DirectlySent | None:
    """Send it; its result removes the one before. In doubt it is not sent again; nobody is told of what they may not know."""
    effect, incident = context.effect, await context.incident()
    if context.outcome_unknown:
        log.warning("a direct message may have been sent, so it is not sent again", key=context.key)
        return None
    if not incident.shown_to(effect.user):
        waited = context.now - context.claim.created_at
        if let_in_soon(incident, effect.user) and waited < LONGEST_WAIT:
            raise Retryable(f"they are not in the room of {incident.name} yet")
        return None
    if effect.purpose is DirectPurpose.SUBSCRIPTION and effect.user not in incident.subscribers:
        return None
    view = await context.view(incident)
    card = direct_message(effect.purpose, effect.user, view, context.now, by=effect.by, why=effect.why)
    channel, ts = await say(context, effect.user, card)
    return DirectlySent(user=effect.user, purpose=effect.purpose, channel_id=channel, ts=ts)


async def tell_morning(context: EffectContext[TellMorning]) -> None:
    """One message about every incident whose page waited for this person until that moment and that nobody has taken since. In doubt
    it is not sent again: they are mentioned in the rooms too.
    """
    effect, deps = context.effect, context.deps
    if context.outcome_unknown:
        log.warning("a direct message may have been sent, so it is not sent again", key=context.key)
        return

    def waited(incident: Incident) -> bool:
        state = incident.escalation
        mine = effect.user in state.waiting or effect.user in state.waited
        return mine and state.waiting_until == effect.morning and incident.shown_to(effect.user)

    found = [each for each in await deps.store.incidents(open_only=True, limit=LOOKED_AT) if waited(each)]
    views = [await context.view(each) for each in found if each.state is State.DETECTED]
    if views:
        await say(context, effect.user, morning_message(views, context.now))


async def redraw_direct(context: EffectContext[RedrawDirect]) -> None:
    """Redraw it whole, or delete it where the person may not know of the incident any more. What they deleted stays deleted."""
    effect, incident = context.effect, await context.incident()
    there = incident.direct_message(effect.user, effect.purpose)
    if there is None:
        return
    if not incident.shown_to(effect.user):
        await remove(context, there.channel_id, there.ts)
        return
    card = direct_message(effect.purpose, effect.user, await context.view(incident), context.now)
    await redraw(context, there.channel_id, there.ts, card)


async def reply_to_source(context: EffectContext[ReplyToSource]) -> None:
    """One line in the message's thread. Private incidents are not told."""
    incident = await context.incident()
    if incident.private:
        return
    card = source_reply(await context.view(incident))
    try:
        await say(context, context.effect.channel, card, thread_ts=context.effect.ts)
    except SlackDeclined as refusal:
        if refusal.code not in CLOSED_TO_US:
            raise
        log.info("the bot cannot reply where the incident was declared from", why=str(refusal))
