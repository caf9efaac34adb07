"""Somebody asks for something again that failed for good."""

from __future__ import annotations

from warroom.errors import AlreadyDone
from warroom.incident.change import authorize
from warroom.incident.lookup import by_id
from warroom.incident.model import Incident
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import NothingToRetry


async def retry(world: World, incident_id: str, key: str, by: str) -> Incident:
    """The effect of that key, which belongs to the incident, is due again. Raises AlreadyDone, Refused, NotFound."""
    incident = await by_id(world, incident_id)
    await authorize(world, Permission.UPDATE, by, incident)
    mine = key.startswith(f"{incident.id}:")
    if not mine or not await world.store.requeue([key], world.clock.now()):
        raise AlreadyDone(NothingToRetry(incident=incident.name))
    world.nudge()
    return incident
