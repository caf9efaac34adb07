"""What happens when a timer comes due. Each ends its claim in the same transaction as what it caused."""

from __future__ import annotations

from datetime import datetime

from warroom.alerts import storms
from warroom.escalation import cadence
from warroom.escalation import rules as escalation
from warroom.incident import lifecycle
from warroom.incident.change import change
from warroom.incident.decision import Decision, timers_of
from warroom.incident.model import Incident
from warroom.incident.notices import PageReason
from warroom.incident.usecases import page_next
from warroom.outbox.changes import Claim
from warroom.ports import World
from warroom.postmortem import reminders


async def fire(world: World, claim: Claim) -> Incident:
    """The incident after its timer was looked at. A timer that was moved meanwhile, or is not due, changes nothing.

    Raises NotFound, Conflict, LeaseLost.
    """
    assert claim.timer is not None
    assert claim.incident_id is not None
    kind = claim.timer

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        due = timers_of(incident).get(kind)
        if due is None or due > now:
            return None
        return await _due(world, incident, kind, now)

    return await change(world, claim.incident_id, decide, settles=claim, alone=True)


async def _due(world: World, incident: Incident, kind: str, now: datetime) -> Decision | None:
    policy = world.policy
    if kind.startswith("action:"):
        return reminders.action_due(incident, kind.removeprefix("action:"), now)
    match kind:
        case "page":
            return await page_next(world, incident, now, reason=PageReason.CHAIN)
        case "ack":
            return escalation.overdue(incident, now)
        case "update":
            return await _update_missed(world, incident, now)
        case "stale":
            return cadence.stale(incident, now)
        case "postmortem":
            return reminders.chase(incident, now, policy)
        case "close":
            return lifecycle.close(incident, None, now)
        case "redraw":
            return Decision(incident.copy_with(redraw_at=None))
        case "storm":
            return storms.told(incident, await world.store.firings(incident.id, storms.LOOKED_AT), now)
        case "auto_resolve":
            text = "every alert recovered and stayed so"
            return lifecycle.resolve(incident, None, now, policy, text)
    raise ValueError(f"no rule for a timer of kind {kind!r}")


async def _update_missed(world: World, incident: Incident, now: datetime) -> Decision:
    decision = cadence.missed(incident, now, world.policy)
    if not cadence.calls_for_help(decision.incident, now, world.policy):
        return decision
    return decision.and_then(await page_next(world, decision.incident, now, reason=PageReason.NO_UPDATE))
