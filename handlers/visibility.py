"""A private incident answers to the people in its room alone, whatever a button or a form carries."""

from __future__ import annotations

from handlers.answers import Actor
from handlers.audit import about_id
from warroom.errors import NotFound
from warroom.incident import record
from warroom.incident.authorize import require_active
from warroom.ports import World
from warroom.refusals import IncidentGone, LeftRoom


async def admitted(world: World, actor: Actor, incident_id: str) -> None:
    """Returns when the actor may know of the incident that a button or form is about, or when it is about none.

    Whoever presses in its room is in it, also when Slack's word of their joining was lost. Raises NotFound, and Forbidden
    for an account that is not active.
    """
    await require_active(world, actor.user)
    incident = await about_id(world, incident_id)
    if incident is None or incident.shown_to(actor.user):
        return
    if actor.user in incident.participants.left:
        raise NotFound(LeftRoom())
    if incident.room.channel_id is None or actor.channel != incident.room.channel_id:
        raise NotFound(IncidentGone())
    await record.joined(world, incident.room.channel_id, actor.user)
