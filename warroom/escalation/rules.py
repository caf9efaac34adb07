"""Who is paged, and when: the escalation policy, its levels and what happens when nobody acknowledges. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime, timedelta

from warroom.escalation import activity
from warroom.incident.decision import Decision, elsewhere
from warroom.incident.events import AcknowledgementOverdue, PageReason, PageWaits, PeoplePaged
from warroom.incident.model import Incident, Origin, State
from warroom.incident.notices import Paged, PageWaitsNotice, Unanswered
from warroom.incident.parts import EscalationLevel
from warroom.outbox.effects import Effect, Invite, Place
from warroom.policy import Policy

FALLBACK_REPEAT = timedelta(minutes=30)
"""How often the last level is paged again for a severity that the policy does not know any more."""


def next_level(incident: Incident) -> int | None:
    """Index of the next level that applies to the severity and was not paged, or None when there is none."""
    for index in range(incident.escalation.reached, len(incident.escalation.levels)):
        if _applies(incident.escalation.levels[index], incident.severity):
            return index
    return None


def last_level(incident: Incident) -> int | None:
    """Index of the last paged level that applies to the severity, or None when none was."""
    paged = [
        i for i in range(incident.escalation.reached) if _applies(incident.escalation.levels[i], incident.severity)
    ]
    return paged[-1] if paged else None


def _applies(level: EscalationLevel, severity: str) -> bool:
    return not level.only or severity in level.only


def next_page_at(incident: Incident, now: datetime, policy: Policy) -> datetime | None:
    """When somebody is paged next: the next level's time, or the repetition of the last. None once somebody has it, and
    while escalation is paused.
    """
    state = incident.escalation
    if incident.state is not State.DETECTED or not state.levels or state.paused_at:
        return None
    index = next_level(incident)
    if index is not None:
        return incident.declared_at + state.paused_for + state.levels[index].after
    return now + (policy.repeat_every(incident.severity) or FALLBACK_REPEAT)


def hurried(incident: Incident, now: datetime) -> Incident:
    """The same incident with the next level, where there is one, due now: behind the one before it was nobody."""
    if incident.state is not State.DETECTED or next_level(incident) is None:
        return incident
    return incident.with_deadlines(page=now)


def put_off(incident: Incident, people: tuple[str, ...], until: datetime, now: datetime, policy: Policy) -> Decision:
    """Nobody of the next level is paged at this hour: the escalation waits, and later levels are due so much later."""
    state = incident.escalation.copy_with(
        waiting=people, waiting_until=until, waited=(), paused_for=incident.escalation.paused_for + (until - now)
    )
    after = incident.copy_with(escalation=state)
    after = after.with_deadlines(page=until, ack=None if after.overdue else acknowledge_by(after, policy))
    decision = Decision(after).record(PageWaits(waiting=people, until=until), now)
    return decision.say(PageWaitsNotice(people=people, until=until), slot="page")


def released(incident: Incident, now: datetime) -> Incident:
    """The same incident of which no page waits for a morning any more: whoever is next is paged now."""
    state = incident.escalation
    if not state.waiting or state.waiting_until is None:
        return incident
    early = max(state.waiting_until - now, timedelta(0))
    state = state.copy_with(waiting=(), waiting_until=None, paused_for=max(state.paused_for - early, timedelta(0)))
    after = incident.copy_with(escalation=state)
    return after.with_deadlines(page=now) if after.state is State.DETECTED and not state.paused_at else after


def stopped(incident: Incident) -> Incident:
    """The same incident with nobody being called any more."""
    running = incident.escalation.copy_with(paused_at=None)
    return incident.copy_with(overdue=False, escalation=running).with_deadlines(page=None, ack=None)


def paused(incident: Incident, now: datetime, policy: Policy) -> Incident:
    """The same incident of which every alert has recovered: nobody is paged further for it, unless the policy says so.

    An incident that a person declared goes on: alerts do not decide about it.
    """
    if incident.state is not State.DETECTED or incident.origin is not Origin.ALERT or incident.escalation.paused_at:
        return incident
    if policy.workspace.page_after_recovery:
        return incident
    state = incident.escalation.copy_with(paused_at=now)
    return incident.copy_with(escalation=state).with_deadlines(page=None, ack=None)


def resumed(incident: Incident, now: datetime, policy: Policy) -> Incident:
    """The same incident in which something fires again: escalation continues where it was paused."""
    since = incident.escalation.paused_at
    if since is None:
        return incident
    away = incident.escalation.paused_for + max(now - since, timedelta(0))
    after = incident.copy_with(escalation=incident.escalation.copy_with(paused_at=None, paused_for=away))
    if after.state is not State.DETECTED:
        return after
    return after.with_deadlines(
        page=next_page_at(after, now, policy), ack=None if after.overdue else acknowledge_by(after, policy)
    )


def acknowledge_by(incident: Incident, policy: Policy) -> datetime | None:
    """When the time to acknowledge is over; None for a severity that the policy does not know any more."""
    known = policy.severities.get(incident.severity)
    return incident.declared_at + incident.escalation.paused_for + known.acknowledge_within if known else None


def levels_at_start(incident: Incident) -> list[int]:
    """Indices of the levels that are paged at once: those due at declaration."""
    return [
        index
        for index, level in enumerate(incident.escalation.levels)
        if level.after <= timedelta(0) and _applies(level, incident.severity)
    ]


def paged(incident: Incident, index: int, people: Iterable[str]) -> Incident:
    """The same incident after that level was paged."""
    people = tuple(people)
    state = incident.escalation.copy_with(
        reached=max(incident.escalation.reached, index + 1),
        paged=_joined(incident.escalation.paged, people),
    )
    return incident.with_invitees(*people).copy_with(escalation=state)


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def page_next(
    incident: Incident,
    people: tuple[str, ...],
    now: datetime,
    policy: Policy,
    *,
    reason: PageReason,
    by: str | None = None,
    why: str = "",
) -> Decision:
    """The next level is paged; after the last one that level again, and the broadcast channel is told that nobody acknowledges.

    `people` are the ids behind the names of `names_to_page(incident)`.
    """
    people = _reachable(incident, people)
    state, waited = incident.escalation, tuple[str, ...]()
    if state.waiting and state.waiting_until is not None and state.waiting_until <= now:
        waited = state.waiting
        incident = incident.copy_with(escalation=state.copy_with(waiting=(), waited=waited))
    else:
        incident = released(incident, now)  # somebody would not wait for the morning
    called = tuple(person for person in people if person in waited)
    index = next_level(incident)
    if index is None:
        return _page_last_again(incident, people, now, policy, reason=reason, by=by, why=why, waited=called)
    after = paged(incident, index, people)
    after = after.copy_with(escalation=after.escalation.copy_with(last_paged_at=now))
    after = after.with_deadlines(page=next_page_at(after, now, policy))
    event = PeoplePaged(
        paged=people,
        level=level_number(incident, index),
        names=incident.escalation.levels[index].notify,
        reason=reason,
        why=why,
        waited=called,
        waited_until=state.waiting_until if called else None,
    )
    return paged_by(Decision(after), incident, event, now, by=by, slot=_slot(reason))


def _slot(reason: PageReason) -> str:
    return activity.SLOT if reason is PageReason.SILENCE else "page"


def level_number(incident: Incident, index: int) -> int:
    """How people count the level: from 1, among those that apply to the incident's severity."""
    return sum(1 for level in incident.escalation.levels[: index + 1] if _applies(level, incident.severity))


def paged_by(
    decision: Decision, before: Incident, event: PeoplePaged, now: datetime, *, by: str | None, slot: str | None = None
) -> Decision:
    """With people paged: the event, invitations for those who were not in `before`, and the notice that mentions them all."""
    notice = Paged(people=event.paged, level=event.level, reason=event.reason, by=by, why=event.why, again=event.again)
    decision = decision.record(event, now, by=by).with_effects(*invite_new(before, decision.incident))
    return decision.say(notice, slot=slot)


def _page_last_again(
    incident: Incident,
    people: tuple[str, ...],
    now: datetime,
    policy: Policy,
    *,
    reason: PageReason,
    by: str | None,
    why: str,
    waited: tuple[str, ...] = (),
) -> Decision:
    people = people or _reachable(incident, incident.escalation.paged)
    after = incident.copy_with(
        escalation=incident.escalation.copy_with(rounds=incident.escalation.rounds + 1, last_paged_at=now)
    )
    after = after.with_invitees(*people).with_deadlines(page=next_page_at(after, now, policy))
    index = last_level(incident)
    event = PeoplePaged(
        paged=people,
        level=level_number(incident, incident.escalation.reached - 1) if incident.escalation.reached else 0,
        names=incident.escalation.levels[index].notify if index is not None else (),
        reason=PageReason.REPEAT if reason is PageReason.ESCALATION else reason,
        why=why,
        again=True,
        waited=waited,
        waited_until=incident.escalation.waiting_until if waited else None,
    )
    decision = paged_by(Decision(after), incident, event, now, by=by, slot=_slot(reason))
    if incident.state is State.DETECTED and not incident.private:
        said = Unanswered(rounds=after.escalation.rounds, since=incident.declared_at)
        decision = decision.with_effects(*elsewhere(after, policy)).say(said, Place.ANNOUNCEMENT)
    return decision


def names_to_page(incident: Incident) -> tuple[str, ...]:
    """The names, as the policy wrote them, of whom `page_next` would page now."""
    index = next_level(incident)
    if index is None:
        index = last_level(incident)
    return incident.escalation.levels[index].notify if index is not None else ()


def invite_new(before: Incident, after: Incident) -> list[Effect]:
    """The invitation of whoever is an invitee now and was not before, or had left; none while there is no room (opening it invites all)."""
    there = set(before.participants.invitees) - (set(before.participants.left) - set(after.participants.left))
    new = tuple(person for person in after.participants.invitees if person not in there)
    if not new or after.room.channel_id is None:
        return []
    return [Invite(incident_id=after.id, key=f"{after.id}:invite:v{before.version}", people=new)]


def overdue(incident: Incident, now: datetime, asleep: Container[str] = ()) -> Decision:
    """The time to acknowledge has passed: everybody paged so far is mentioned again, without those who are not paged at this
    hour, and the card says overdue.
    """
    after = incident.copy_with(overdue=True).with_deadlines(ack=None)
    people = tuple(each for each in _reachable(incident, incident.escalation.paged) if each not in asleep)
    decision = Decision(after).record(AcknowledgementOverdue(paged=people), now)
    if not people:
        return decision
    paged = Paged(people=people, level=0, reason=PageReason.OVERDUE)
    return decision.say(paged, slot="page")


def _reachable(incident: Incident, people: Iterable[str]) -> tuple[str, ...]:
    """Those who may be called: whoever left a private room, or was removed from it, is not brought back by the clock."""
    return tuple(person for person in people if not incident.kept_out(person))
