"""The one way an existing incident changes: load, decide, commit, and again if another process was faster; and who may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from warroom.errors import Conflict, Forbidden, NotFound, Refused
from warroom.incident.decision import Decision, changeset
from warroom.incident.model import Incident
from warroom.outbox.changes import Changeset, Claim, ClaimOutcome, ClaimResult
from warroom.people.resolution import resolve
from warroom.policy.permissions import Permission, Who
from warroom.ports import World
from warroom.refusals import AccountClosed, GuestMayNotDeclare, IncidentGone, NotAllowed, Repeated

Decide = Callable[[Incident, datetime], Awaitable[Decision | None]]
"""Decides from the incident as it is; None changes nothing. Must not itself change an incident."""

MOST_TRIES = 50
"""How often a change of two incidents is decided anew when other processes change one of them."""
MOST_FAILURES = 3
"""Attempts in a row that were refused although nobody had changed the incident; then something else is wrong."""


async def change(
    world: World,
    incident_id: str,
    decide: Decide,
    *,
    ends: Claim | None = None,
    claim_result: ClaimResult | None = None,
    alone: bool = False,
) -> Incident:
    """The incident after the decision. Raises NotFound, whatever `decide` raises (nothing is written then), or Conflict.

    Where `world` is for one gesture that has changed an incident before, Repeated is raised and nothing is written.

    Changes of one incident are made one after another, in the order in which they were asked for. With `ends` the claim
    ends as done in the same transaction, with `claim_result` as that says, also when the decision is None or is refused:
    what a timer asked for has been looked at. `alone` is for a `decide` that reads more of the record than the incident.
    """
    if ends is not None:
        claim_result = done(ends)
    version, failures = None, 0
    while True:
        # A claim has a lease that runs out; people wait without one.
        async with world.in_turn(incident_id, urgent=claim_result is not None, alone=alone) as turn:
            if turn.incident is None:
                turn.incident = await world.store.incident(incident_id)
                if turn.incident is None:
                    raise NotFound(IncidentGone())
                failures = failures + 1 if turn.incident.version == version else 0
                if failures == MOST_FAILURES:
                    raise Conflict(f"{turn.incident.name} cannot be stored, although nobody else changed it.")
                version = turn.incident.version
            incident = turn.incident
            now = world.clock.now()
            refused: Refused | None = None
            try:
                decision = await decide(incident, now)
            except Refused as error:
                decision, refused = None, error
            if decision is None:
                if not await turn.certain():
                    continue
                if claim_result:
                    await world.commit(Changeset(now=now, claim_result=claim_result))
                if refused:
                    raise refused
                return incident
            wanted = world.marked(
                changeset(
                    incident,
                    decision,
                    now=now,
                    policy=world.policy,
                    react=world.integrations.on_event,
                    claim_result=claim_result,
                )
            )
            try:
                written = await world.commit(wanted)
            except Conflict:
                continue
            if not written and world.gesture is not None:
                raise Repeated(world.gesture)
            assert wanted.incident is not None
            return wanted.incident.copy_with(version=incident.version + 1)


@dataclass(frozen=True, slots=True)
class Both:
    """The decisions about two incidents, which are made true together."""

    first: Decision
    second: Decision
    moved: tuple[tuple[str, str], ...] = ()
    """(incident id, dedup key) of firings that are not there any more."""


DecideBoth = Callable[[Incident, Incident, datetime], Awaitable[Both]]


async def change_both(world: World, first_id: str, second_id: str, decide: DecideBoth) -> tuple[Incident, Incident]:
    """Both incidents after the decision, in one transaction with a check of both versions: everything or nothing.

    Raises NotFound, Repeated, what `decide` raises, or Conflict when they cannot be stored although nobody changes them.
    """
    low, high = sorted((first_id, second_id))
    for _ in range(MOST_TRIES):
        # Always in the order of ids, so that two who merge in opposite directions never wait for each other.
        async with world.in_turn(low, alone=True) as one, world.store.in_turn(high, alone=True) as other:
            one.incident = other.incident = None
            first, second = await world.store.incident(first_id), await world.store.incident(second_id)
            if first is None or second is None:
                raise NotFound(IncidentGone())
            now = world.clock.now()
            both = await decide(first, second, now)
            react = world.integrations.on_event
            wanted = changeset(first, both.first, now=now, policy=world.policy, react=react)
            beside = changeset(second, both.second, now=now, policy=world.policy, react=react)
            try:
                written = await world.commit(world.marked(wanted.copy_with(beside=beside, moved_firings=both.moved)))
            except Conflict:
                continue
            finally:
                # What they are now is read again by whoever is next.
                one.incident = other.incident = None
            if not written and world.gesture is not None:
                raise Repeated(world.gesture)
            assert wanted.incident is not None
            assert beside.incident is not None
            return (
                wanted.incident.copy_with(version=first.version + 1),
                beside.incident.copy_with(version=second.version + 1),
            )
    raise Conflict("Two incidents that change all the time could not be stored together.")


def done(claim: Claim) -> ClaimResult:
    """The end of a claim that was performed."""
    return ClaimResult(key=claim.key, fence=claim.fence, rev=claim.rev, outcome=ClaimOutcome.DONE)


async def authorize(world: World, case: Permission, by: str | None, incident: Incident | None = None) -> None:
    """Returns when `by` may do it; None, which is no person, may do everything. Raises Forbidden, which names who may."""
    may: tuple[str, ...] = getattr(world.policy.permissions, case.value)
    if by is None:
        return
    if case is Permission.DECLARE:
        await _may_declare(world, by)
    await authorize_any(world, case, may, by, incident)


async def authorize_any(
    world: World, case: Permission, may: tuple[str, ...], by: str, incident: Incident | None = None
) -> None:
    """Returns when `by` is one of those people, in the words of the policy. Raises Forbidden, which says that they are needed for
    `case`.
    """
    if Who.EVERYBODY in may:
        return
    if incident is not None and Who.RESPONDERS in may and incident.concerns(by):
        return
    if incident is not None and Who.COMMANDER in may and incident.commander == by:
        return
    names = [name for name in may if name not in tuple(Who)]
    people = await resolve(names, world.directory, world.policy)
    if by in (match.person.id for match in people.found):
        return
    raise Forbidden(
        NotAllowed(
            permission=case,
            may=may,
            incident=incident.name if incident else None,
            has_commander=bool(incident and incident.commander),
            room=_open_room(incident) if Who.RESPONDERS in may else None,
        )
    )


async def require_active(world: World, user: str) -> None:
    """Returns when the account is active, as far as the directory knows: the chat is not asked. Raises Forbidden."""
    person = await world.store.person(user)
    if person is not None and person.deleted:
        raise Forbidden(AccountClosed())


async def _may_declare(world: World, user: str) -> None:
    person = await world.store.person(user)
    if person is not None and person.deleted:
        raise Forbidden(AccountClosed())
    if person is not None and person.is_guest and not world.policy.workspace.guests_may_declare:
        raise Forbidden(GuestMayNotDeclare())


def _open_room(incident: Incident | None) -> str | None:
    """The name of the incident's channel, when anybody may join it."""
    return incident.room.channel_name if incident and not incident.private else None
