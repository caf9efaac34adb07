"""What people ask of an investigation, about one incident."""

from __future__ import annotations

from datetime import datetime

from warroom.incident.change import authorize, change
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.investigation import lifecycle
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.text import cut

LONGEST_NAME = 200


async def investigate(world: World, incident_id: str, by: str, service: str = "") -> Incident:
    """It is looked into, of that service where one is named. Raises AlreadyDone, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.UPDATE, by, incident)
        return lifecycle.ask(incident, by, now, cut(service, LONGEST_NAME))

    return await change(world, incident_id, decide)


async def answer_cause(world: World, incident_id: str, by: str, *, right: bool) -> Incident:
    """`by` says whether the cause was right. Raises AlreadyDone, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.UPDATE, by, incident)
        return lifecycle.answer_cause(incident, by, now, right=right)

    return await change(world, incident_id, decide)
