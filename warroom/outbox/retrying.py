"""Somebody asks for something again that failed for good."""

from __future__ import annotations

from warroom.errors import AlreadyDone
from warroom.incident.change import authorize
from warroom.incident.lookup import by_id
from warroom.incident.model import Incident
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import NothingToRetry

EVERYTHING = "*"
"""Instead of one key: whatever could not be closed at the end."""


async def retry(world: World, incident_id: str, key: str, by: str) -> Incident:
    """The effect of that key, which belongs to the incident, is due again; for EVERYTHING all that is still open elsewhere.
    Raises AlreadyDone, Refused, NotFound.
    """
    incident = await by_id(world, incident_id)
    await authorize(world, Permission.UPDATE, by, incident)
    keys = [each.key for each in incident.left_open] if key == EVERYTHING else [key]
    mine = [each for each in keys if each.startswith(f"{incident.id}:")]
    if not mine or not await world.store.requeue(mine, world.clock.now()):
        raise AlreadyDone(NothingToRetry(incident=incident.name))
    world.nudge()
    return incident
