"""Subscribing, by command or button: updates of one incident as direct messages, or of every one of a team or severity."""

from __future__ import annotations

from blocks import ids
from blocks.answers import linked, said
from blocks.kit import Card
from blocks.usage import FollowWhat
from handlers import gestures, parse_command
from handlers.actions import ActionContext, Run
from handlers.command_context import CommandContext
from handlers.parse_command import unquote
from warroom.errors import Refused
from warroom.incident import lookup
from warroom.incident import usecases as incidents
from warroom.incident.model import Incident
from warroom.people import usecases as people
from warroom.people.model import Following
from warroom.text import as_typed


async def subscribe(context: CommandContext) -> Card:
    """subscribe [N | TEAM | SEV-1]"""
    following = _following(context)
    if following is not None:
        await people.follow(context.world, following)
        return said(f"You follow every new incident {_of(following)}: updates come to you as direct messages.")
    incident = await incidents.subscribe(context.world, (await _incident(context)).id, context.user)
    return said(
        f"You follow {incident.name}: updates and changes of state come to you as direct messages{linked(incident)}"
    )


async def unsubscribe(context: CommandContext) -> Card:
    """unsubscribe [N | TEAM | SEV-1]"""
    following = _following(context)
    if following is not None:
        await people.unfollow(context.world, following)
        return said(f"You no longer follow new incidents {_of(following)}.")
    incident = await incidents.unsubscribe(context.world, (await _incident(context)).id, context.user)
    return said(f"You no longer follow {incident.name}.")


def _of(following: Following) -> str:
    return f"of team {following.team}" if following.team else f"of severity {following.severity}"


def _following(context: CommandContext) -> Following | None:
    """What is followed when it is a team or a severity; None for an incident. A bare number is an incident."""
    text, policy = as_typed(unquote(context.text)), context.world.policy
    if team := policy.team_named(text):
        return Following(user=context.user, team=team)
    severity = None if text.isdigit() else policy.severity_named(text)
    return Following(user=context.user, severity=severity) if severity else None


async def _incident(context: CommandContext) -> Incident:
    """The incident that is named, else the channel's own. Raises Refused, NotFound."""
    here = context.actor.channel
    target = parse_command.target(context.text, bare=True)
    room = await context.world.store.incident_in(here) if here else None
    if target.rest:
        raise Refused(FollowWhat(said=target.rest))
    if target.number is None and target.channel is None:
        if room is None:
            raise Refused(FollowWhat())
        incident = room
    else:
        incident = await lookup.by_number_or_room(context.world, target.number, target.channel)
    gestures.about(incident)
    if not incident.shown_to(context.user) and (room is None or room.id != incident.id):
        raise lookup.no_such(target.number)
    return incident


async def follow_incident(context: ActionContext) -> Card:
    """Subscribe: updates as direct messages."""
    incident = await incidents.subscribe(context.world, context.incident_id, context.user)
    return said(f"You follow {incident.name}: updates and changes of state come to you as direct messages.")


async def unfollow_incident(context: ActionContext) -> None:
    """Unsubscribe: the message that was pressed says so."""
    await incidents.unsubscribe(context.world, context.incident_id, context.user)


BUTTONS: dict[str, Run] = {
    ids.SUBSCRIBE: follow_incident,
    ids.UNSUBSCRIBE: unfollow_incident,
}
