"""Handing over: somebody else commands from now on, and the room hears where things stand."""

from __future__ import annotations

from datetime import datetime

from warroom.errors import AlreadyDone
from warroom.escalation import rules as escalation
from warroom.incident.change import authorize, change
from warroom.incident.decision import Decision
from warroom.incident.events import RoleAssigned
from warroom.incident.model import Incident
from warroom.incident.notices import HandedOver, RoleIsYours
from warroom.incident.roles import COMMANDER
from warroom.outbox.effects import PrivateReply
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import RoleHeld


async def hand_over(world: World, incident_id: str, by: str, person: str) -> Incident:
    """`person` (an id) commands and is in the room, where the state of things is said. Raises AlreadyDone, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.ROLES, by, incident)
        if incident.commander == person:
            raise AlreadyDone(RoleHeld(incident=incident.name, role=COMMANDER, person=person))
        after = incident.copy_with(commander=person).with_invitees(person)
        decision = Decision(after).record(RoleAssigned(role=COMMANDER, person=person), now, by=by)
        decision = decision.with_effects(*escalation.invite_new(incident, after))
        if person != by:
            key, notice = f"{incident.id}:role:{COMMANDER}:v{incident.version}", RoleIsYours(by=by, role=COMMANDER)
            decision = decision.with_effects(PrivateReply(incident_id=incident.id, key=key, user=person, notice=notice))
        return decision.say(HandedOver(by=by, person=person, before=incident.commander))

    return await change(world, incident_id, decide)
