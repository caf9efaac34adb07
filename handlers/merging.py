"""Merging: `/incident merge` and the button below a similar open incident; and back."""

from __future__ import annotations

from blocks import ids
from blocks.answers import merged, said
from blocks.kit import Card
from blocks.usage import MergeUnclear
from handlers import gestures, parse_command
from handlers.actions import ActionContext, Run
from handlers.command_context import CommandContext
from warroom.errors import NotFound, Refused
from warroom.incident import lookup, merging
from warroom.incident.model import Incident
from warroom.refusals import IncidentGone

UNDO = ("undo", "back")


async def merge(context: CommandContext) -> Card:
    """merge N | N INTO | undo"""
    words = [word for word in context.text.split() if word.casefold() not in ("into", "in", "with")]
    undoing = bool(words) and words[-1].casefold() in UNDO
    numbers = [parse_command.target(word, bare=True).number for word in (words[:-1] if undoing else words)]
    if any(number is None for number in numbers) or len(numbers) > 2 - undoing:
        raise Refused(MergeUnclear())
    here = await context.world.store.incident_in(context.actor.channel) if context.actor.channel else None
    if undoing:
        incident = await _named(context, numbers[0]) if numbers else here
        if incident is None:
            raise Refused(MergeUnclear())
        gestures.about(incident)
        incident, other = await merging.undo(context.world, incident.id, context.user)
        return said(
            f"{incident.name} is an incident of its own again. People who came with it stay in {other.name} too."
        )
    if len(numbers) == 1 and here is not None:
        incident, into = here, await _named(context, numbers[0])
    elif len(numbers) == 2:
        incident, into = await _named(context, numbers[0]), await _named(context, numbers[1])
    else:
        raise Refused(MergeUnclear())
    gestures.about(incident)
    return merged(*await merging.merge(context.world, incident.id, into.id, context.user))


async def _named(context: CommandContext, number: int | None) -> Incident:
    """That incident, when the person may know of it. Raises NotFound."""
    incident = await lookup.by_number_or_room(context.world, number, None)
    if incident.room.channel_id != context.actor.channel and not incident.shown_to(context.user):
        gestures.about(incident)
        raise lookup.no_such(number) if number else NotFound(IncidentGone())
    return incident


async def press(context: ActionContext) -> Card:
    """Merge into INC-12, below an open incident that is similar"""
    other = await lookup.by_number_or_room(context.world, int(context.seen), None)
    return merged(*await merging.merge(context.world, context.incident_id, other.id, context.user))


BUTTONS: dict[str, Run] = {ids.MERGE: press}
