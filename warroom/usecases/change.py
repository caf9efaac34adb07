"""The one way an existing incident changes: load, decide, commit, and again if somebody was faster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from warroom.changes import Changeset, Claim, Ending, Settlement
from warroom.decision import Decision, changeset
from warroom.errors import Conflict, NotFound, Refused
from warroom.incident import Incident
from warroom.ports import World

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
            raise NotFound("That incident is not in the record.")
        now = world.clock.now()
        settlement = done(settles) if settles else None
        try:
            decision = await decide(incident, now)
        except Refused:
            if settlement:
                await world.commit(Changeset(now=now, settlement=settlement))
            raise
        if decision is None:
            if settlement:
                await world.commit(Changeset(now=now, settlement=settlement))
            return incident
        wanted = changeset(incident, decision, now=now, policy=world.policy, settlement=settlement)
        try:
            await world.commit(wanted)
        except Conflict:
            continue
        assert wanted.incident is not None
        return wanted.incident.but(version=incident.version + 1)
    raise Conflict(f"Incident {incident_id} kept changing under us; {ATTEMPTS} attempts were too few.")


def done(claim: Claim) -> Settlement:
    """The end of a claim that was performed."""
    return Settlement(key=claim.key, fence=claim.fence, rev=claim.rev, ending=Ending.DONE)
