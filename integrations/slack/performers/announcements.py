"""The incident outside its room: the announcement, the team's line, and what everybody of a channel is told."""

from __future__ import annotations

from blocks.announcement import announcement, team_line, trouble
from integrations.slack.performers.performer import EffectContext
from integrations.slack.performers.posts import find, redraw, say
from warroom.outbox.effects import Announce, TellEverybody, TellTeam
from warroom.outbox.results import Announced, TeamTold


async def announce(context: EffectContext[Announce]) -> Announced | None:
    """Post the announcement, or redraw it whole. Private incidents are never announced."""
    incident = await context.incident()
    if incident.private:
        return None
    card = announcement(await context.view(incident), context.now)
    there, ts = incident.room.announced_in, incident.room.announced_ts
    if there is not None and ts is not None and await redraw(context, there, ts, card):
        return None
    channel = await context.deps.channels.find(context.effect.channel, context.line)
    channel_id, ts = await say(context, channel, card, incident=incident)
    return Announced(channel_id=channel_id, ts=ts)


async def tell_team(context: EffectContext[TellTeam]) -> TeamTold | None:
    """Post the line in the team's own channel, or redraw it. Private incidents are not told."""
    incident = await context.incident()
    if incident.private:
        return None
    card = team_line(await context.view(incident), context.now)
    there, ts = incident.room.team_in, incident.room.team_ts
    if there is not None and ts is not None:
        # One that somebody deleted is not posted again: the team has read it.
        await redraw(context, there, ts, card)
        return None
    channel = await context.deps.channels.find(context.effect.channel, context.line)
    if context.claim.rev:
        # It was asked for before, perhaps by a release that did not remember where the line is.
        found = await find(context, channel, None, context.since(incident))
        if found is not None:
            await redraw(context, channel, found, card)
            return TeamTold(channel_id=channel, ts=found)
    channel_id, ts = await say(context, channel, card, incident=incident)
    return TeamTold(channel_id=channel_id, ts=ts)


async def tell_everybody(context: EffectContext[TellEverybody]) -> None:
    """One line about trouble of the bot's own."""
    card = trouble(context.effect.what, context.effect.advice)
    await say(context, await context.deps.channels.find(context.effect.channel, context.line), card)
