"""The one way an existing incident changes: load, decide, commit, and again if somebody was faster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from warroom.errors import Conflict, NotFound, Refused
from warroom.incident.decision import Decision, changeset
from warroom.incident.model import Incident
from warroom.outbox.changes import Changeset, Claim, ClaimOutcome, ClaimResult
from warroom.ports import World
from warroom.refusals import IncidentGone

Decide = Callable[[Incident, datetime], Awaitable[Decision | None]]
"""Decides from the incident as it is; None changes nothing."""

ATTEMPTS = 50
"""Each attempt loses only to a commit that succeeded, so this many in a row means that something else is wrong."""


async def change(world: World, incident_id: str, decide: Decide, *, settles: Claim | None = None) -> Incident:
    """The incident after the decision. Raises NotFound, whatever `decide` raises (nothing is written then), or Conflict.

    With `settles` the claim ends in the same transaction, also when the decision is None or is refused: what a timer asked
    for has been looked at.
    """
    for _ in range(ATTEMPTS):
        incident = await world.store.incident(incident_id)
        if incident is None:
            raise NotFound(IncidentGone())
        now = world.clock.now()
        claim_result = done(settles) if settles else None
        try:
            decision = await decide(incident, now)
        except Refused:
            if claim_result:
                await world.commit(Changeset(now=now, claim_result=claim_result))
            raise
        if decision is None:
            if claim_result:
                await world.commit(Changeset(now=now, claim_result=claim_result))
            return incident
        wanted = changeset(incident, decision, now=now, policy=world.policy, claim_result=claim_result)
        try:
            await world.commit(wanted)
        except Conflict:
            continue
        assert wanted.incident is not None
        return wanted.incident.copy_with(version=incident.version + 1)
    raise Conflict(f"Incident {incident_id} kept changing under us; {ATTEMPTS} attempts were too few.")


def done(claim: Claim) -> ClaimResult:
    """The end of a claim that was performed."""
    return ClaimResult(key=claim.key, fence=claim.fence, rev=claim.rev, outcome=ClaimOutcome.DONE)
