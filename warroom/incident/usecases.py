"""What people do in a room: acknowledge, escalate, resolve and everything between."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from warroom.errors import AlreadyDone, NotFound, Refused
from warroom.escalation import activity, cadence, page_hours
from warroom.escalation import rules as escalation
from warroom.incident import archiving, lifecycle, lookup, merging, opening
from warroom.incident.change import authorize, change
from warroom.incident.decision import Decision
from warroom.incident.declare import ids, unfound
from warroom.incident.events import OnIt, PageReason, PeopleInvited, PeoplePaged, RoleAssigned
from warroom.incident.model import Incident, State
from warroom.incident.notices import OnItNotice, RoleAssignedNotice, RoleIsYours
from warroom.incident.roles import COMMANDER, holder, role_meant, with_role
from warroom.outbox.effects import Invite, Place, PrivateReply
from warroom.people.model import Resolution
from warroom.people.resolution import nobody_on_call, resolve
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import (
    AlreadyInState,
    Attempt,
    EscalatedMeanwhile,
    IncidentGone,
    InRoomAlready,
    NobodyToInvite,
    NobodyToPage,
    NoEscalationPolicy,
    NotInState,
    NotSubscribed,
    OnlyYourself,
    PageFoundNobody,
    RoleHeld,
    RoleMissing,
    SeverityUnchanged,
    SilenceEnded,
    SubscribedAlready,
    UnknownSeverity,
)


async def acknowledge(world: World, incident_id: str, by: str) -> Incident:
    """`by` has it. Raises AlreadyDone, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.ACKNOWLEDGE, by, incident)
        decision = lifecycle.acknowledge(incident, by, now, world.policy)
        return decision.with_effects(*escalation.invite_new(incident, decision.incident))

    return await change(world, incident_id, decide)


async def escalate(world: World, incident_id: str, by: str, why: str = "", seen: int | None = None) -> Incident:
    """The next level of the escalation policy is paged now. Raises Refused, NotFound.

    `seen` is how many levels had been paged on the card that was pressed: when there are more meanwhile, somebody else
    pressed first and AlreadyDone is raised.
    """

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.ESCALATE, by, incident)
        if not incident.state.open:
            raise Refused(NotInState(incident=incident.name, state=incident.state, attempt=Attempt.ESCALATE))
        if not incident.escalation.levels:
            raise Refused(NoEscalationPolicy(incident=incident.name))
        if seen is not None and incident.escalation.reached + incident.escalation.rounds > seen:
            raise AlreadyDone(EscalatedMeanwhile(incident=incident.name))
        return await page_next(world, incident, now, reason=PageReason.BUTTON, by=by, why=why)

    return await change(world, incident_id, decide)


async def page_next(
    world: World, incident: Incident, now: datetime, *, reason: PageReason, by: str | None = None, why: str = ""
) -> Decision:
    """The decision that pages the next level, with the names resolved to the people of this moment."""
    people = await resolve(escalation.names_to_page(incident), world.directory, world.policy, only_exact=True)
    found = ids(people)
    if reason is not PageReason.BUTTON:
        # A person who escalates means now; the clock lets people sleep.
        asleep = page_hours.asleep((match.person for match in people.found), incident.severity, world.policy, now)
        awake = tuple(person for person in found if person not in asleep)
        if asleep and not awake:
            if incident.state is not State.DETECTED:
                return Decision(incident)  # an update is missing; the next one that is missed asks again
            return escalation.put_off(incident, tuple(asleep), min(asleep.values()), now, world.policy)
        found = awake
    called = opening.others(found, by)
    decision = escalation.page_next(incident, called, now, world.policy, reason=reason, by=by, why=why)
    if nobody_on_call(people):
        decision = replace(decision, incident=escalation.hurried(decision.incident, now))
    return opening.nobody_found(decision, unfound(people))


async def post_update(world: World, incident_id: str, by: str, text: str) -> Incident:
    """An update for the room and the announcement. Raises Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.UPDATE, by, incident)
        return cadence.post_update(incident, by, text, now, world.policy)

    return await change(world, incident_id, decide)


async def snooze(world: World, incident_id: str, by: str) -> Incident:
    """The update reminder comes again in 15 minutes. Raises Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.UPDATE, by, incident)
        return cadence.snooze(incident, by, now)

    return await change(world, incident_id, decide)


async def on_it(world: World, incident_id: str, by: str) -> Incident:
    """Whoever was paged because of silence is on it. Raises AlreadyDone when nobody asks any more, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.ACKNOWLEDGE, by, incident)
        if incident.state is not State.ACKNOWLEDGED or not incident.escalation.silent:
            raise AlreadyDone(SilenceEnded(incident=incident.name))
        decision = Decision(incident.with_asked_back(by)).record(OnIt(), now, by=by)
        decision = decision.with_effects(*escalation.invite_new(incident, decision.incident))
        return decision.say(OnItNotice(by=by), slot=activity.SLOT, in_place=True)

    return await change(world, incident_id, decide)


async def mitigate(world: World, incident_id: str, by: str) -> Incident:
    """The damage stopped. Raises AlreadyDone, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.MITIGATE, by, incident)
        decision = lifecycle.mitigate(incident, by, now, world.policy)
        return decision.with_effects(*escalation.invite_new(incident, decision.incident))

    return await change(world, incident_id, decide)


async def resolve_incident(world: World, incident_id: str, by: str | None, summary: str = "") -> Incident:
    """It is over. Raises AlreadyDone, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.RESOLVE, by, incident)
        return lifecycle.resolve(incident, by, now, world.policy, summary)

    return await change(world, incident_id, decide)


async def reopen(world: World, incident_id: str, by: str, *, only_cancelled: bool = False) -> Incident:
    """It was not over, or the cancellation or the merge is taken back; with `only_cancelled` nothing else. Raises AlreadyDone,
    Refused, NotFound.
    """
    known = await world.store.incident(incident_id)
    if known is not None and known.merged is not None:
        incident, _ = await merging.undo(world, incident_id, by)
        return incident

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.REOPEN, by, incident)
        if only_cancelled and incident.state is not State.CANCELLED:
            raise AlreadyDone(AlreadyInState(incident=incident.name, state=incident.state, attempt=Attempt.REOPEN))
        decision = lifecycle.reopen(incident, by, now, world.policy)
        return decision.with_effects(*escalation.invite_new(incident, decision.incident))

    return await change(world, incident_id, decide)


async def cancel(world: World, incident_id: str, by: str, why: str) -> Incident:
    """A false alarm. Raises AlreadyDone, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.CANCEL, by, incident)
        return lifecycle.cancel(incident, by, now, why)

    return await change(world, incident_id, decide)


async def raise_severity(world: World, incident_id: str, by: str, said: str) -> Incident:
    """At least that severity. Raises AlreadyDone, Refused, NotFound."""
    return await set_severity(world, incident_id, by, said, only_up=True)


async def set_severity(
    world: World, incident_id: str, by: str, said: str, *, only_up: bool = False, why: str = ""
) -> Incident:
    """A new severity, with its own times from now on; `why` in the words of `by`. Raises AlreadyDone, Refused, NotFound."""
    severity = world.policy.severity_named(said)
    if severity is None:
        raise Refused(UnknownSeverity(said=said, known=tuple(world.policy.severities)))

    async def decide(incident: Incident, now: datetime) -> Decision:
        lower = world.policy.more_severe(incident.severity, severity)
        if lower and only_up:
            raise AlreadyDone(SeverityUnchanged(incident=incident.name, severity=incident.severity))
        await authorize(world, Permission.LOWER_SEVERITY if lower else Permission.RAISE_SEVERITY, by, incident)
        return lifecycle.change_severity(incident, by, severity, now, world.policy, why=why)

    return await change(world, incident_id, decide)


async def assign_role(
    world: World, incident_id: str, by: str, role: str, person: str, *, vacant: bool = False
) -> Incident:
    """`person` (an id) has the role, by any of its names, and is in the channel; with `vacant` only where nobody has it.

    Raises AlreadyDone, Refused, NotFound.
    """
    role = role_meant(role, world.policy)
    if not role:
        raise Refused(RoleMissing())

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.ROLES, by, incident)
        held = incident.commander if role == COMMANDER else holder(incident.roles, role)
        if held == person or (vacant and held):
            raise AlreadyDone(RoleHeld(incident=incident.name, role=role, person=held or person))
        if role == COMMANDER:
            after = incident.copy_with(commander=person)
        else:
            after = incident.copy_with(roles=with_role(incident.roles, role, person))
        after = after.with_asked_back(person)
        decision = Decision(after).record(RoleAssigned(role=role, person=person), now, by=by)
        decision = decision.with_effects(*escalation.invite_new(incident, after))
        if person != by:
            key, notice = f"{incident.id}:role:{role}:v{incident.version}", RoleIsYours(by=by, role=role)
            decision = decision.with_effects(PrivateReply(incident_id=incident.id, key=key, user=person, notice=notice))
        return decision.say(RoleAssignedNotice(by=by, role=role, person=person), Place.CARD_THREAD)

    return await change(world, incident_id, decide)


async def keep_channel(world: World, incident_id: str, by: str) -> Incident:
    """The channel is not archived. Raises AlreadyDone, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.UPDATE, by, incident)
        return archiving.keep(incident, by, now, world.policy)

    return await change(world, incident_id, decide)


async def invite(world: World, incident_id: str, by: str, names: tuple[str, ...]) -> Resolution:
    """Everybody behind the names is invited; who was not found, or could be several people, is in the answer.

    Raises Refused, NotFound.
    """
    if not names:
        raise Refused(NobodyToInvite())
    private = (await lookup.by_id(world, incident_id)).private
    people = await resolve(names, world.directory, world.policy, only_exact=private)

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        await authorize(world, Permission.INVITE, by, incident)
        after = incident.with_asked_back(*ids(people))
        new = tuple(
            p
            for p in after.participants.invitees
            if p not in incident.participants.invitees
            or (p in incident.participants.left and p not in after.participants.left)
        )
        if not new:
            return None
        decision = Decision(after).record(PeopleInvited(invited=new), now, by=by)
        return decision.with_effects(*escalation.invite_new(incident, after))

    await change(world, incident_id, decide)
    return people


async def page(world: World, incident_id: str, by: str, names: tuple[str, ...], why: str = "") -> Resolution:
    """Everybody behind the names (teams, groups, people) is invited and called in the room now.

    Whoever pages is not among them. Raises Refused when nobody was found, NotFound.
    """
    if not names:
        raise Refused(NobodyToPage(teams=tuple(world.policy.teams)))
    people = await resolve(names, world.directory, world.policy, only_exact=True)
    called = tuple(person for person in ids(people) if person != by)
    if not called and not people.ambiguous:
        raise Refused(OnlyYourself(said=names) if people.found else PageFoundNobody(unknown=people.unknown))
    led = tuple(dict.fromkeys(match.said for match in people.found if match.person.id in called))

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        await authorize(world, Permission.PAGE, by, incident)
        if not called:
            return None
        after = incident.with_asked_back(*called)
        event = PeoplePaged(paged=called, names=led, reason=PageReason.TEAM, why=why)
        return escalation.paged_by(Decision(after), incident, event, now, by=by)

    await change(world, incident_id, decide)
    return people.copy_with(found=tuple(match for match in people.found if match.person.id in called))


async def join(world: World, incident_id: str, by: str) -> Incident:
    """`by` is invited to the channel of an incident that they may see. Raises AlreadyDone, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        if not incident.shown_to(by):
            raise NotFound(IncidentGone())
        if by in incident.participants.invited and by not in incident.participants.left:
            raise AlreadyDone(InRoomAlready(incident=incident.name))
        after = incident.with_invitees(by)
        decision = Decision(after).record(PeopleInvited(invited=(by,)), now, by=by)
        channel = after.room.channel_id
        if channel is None:
            return decision
        key = f"{after.id}:join:{by}:v{incident.version}"
        return decision.with_effects(Invite(incident_id=after.id, key=key, people=(by,)))

    return await change(world, incident_id, decide)


async def subscribe(world: World, incident_id: str, by: str) -> Incident:
    """`by` gets updates and changes of state as direct messages. Raises AlreadyDone, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        if not incident.shown_to(by):
            raise NotFound(IncidentGone())
        if by in incident.subscribers:
            raise AlreadyDone(SubscribedAlready(incident=incident.name))
        if not incident.state.open:
            raise Refused(NotInState(incident=incident.name, state=incident.state, attempt=Attempt.SUBSCRIBE))
        return Decision(incident.copy_with(subscribers=(*incident.subscribers, by)), quiet=True)

    return await change(world, incident_id, decide)


async def unsubscribe(world: World, incident_id: str, by: str) -> Incident:
    """`by` gets no more of them. Raises AlreadyDone, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        if by not in incident.subscribers:
            raise AlreadyDone(NotSubscribed(incident=incident.name))
        others = tuple(person for person in incident.subscribers if person != by)
        return Decision(incident.copy_with(subscribers=others), quiet=True)

    return await change(world, incident_id, decide)
