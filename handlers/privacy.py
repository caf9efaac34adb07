"""A private incident answers to the people in its room alone, whatever a button or a form carries."""

from __future__ import annotations

from handlers.answers import Asker
from handlers.audit import about_id
from warroom.errors import NotFound
from warroom.ports import World
from warroom.usecases import record


async def admitted(world: World, asker: Asker, incident_id: str) -> None:
    """Returns when the asker may know of the incident that a button or form is about, or when it is about none.

    Whoever presses in its room is in it, also when Slack's word of their joining was lost. Raises NotFound.
    """
    incident = await about_id(world, incident_id)
    if incident is None or incident.shown_to(asker.user):
        return
    if asker.user in incident.left:
        raise NotFound("You left the room of this incident. Let somebody who is in it invite you again.")
    if incident.channel_id is None or asker.channel != incident.channel_id:
        raise NotFound("That incident is not in the record any more.")
    await record.joined(world, incident.channel_id, asker.user)
