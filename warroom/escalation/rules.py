"""Who is called, and when: the chain, its levels and what happens when nobody answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from warroom.incident.decision import Decision, announce
from warroom.incident.model import Incident, Level, State
from warroom.incident.notices import Paged, PageReason, Unanswered
from warroom.incident.timeline import EntryKind
from warroom.outbox.effects import Effect, Invite, Place
from warroom.policy import Policy

FALLBACK_REPEAT = timedelta(minutes=30)
"""How often the last level is told again for a severity that the policy does not know any more."""


def next_level(incident: Incident) -> int | None:
    """Index of the next level that applies to the severity and was not told, or None when the chain is exhausted."""
    for index in range(incident.escalation.reached, len(incident.escalation.levels)):
        if _applies(incident.escalation.levels[index], incident.severity):
            return index
    return None


def last_level(incident: Incident) -> int | None:
    """Index of the last level told that applies to the severity, or None when none was."""
    paged = [
        i for i in range(incident.escalation.reached) if _applies(incident.escalation.levels[i], incident.severity)
    ]
    return paged[-1] if paged else None


def _applies(level: Level, severity: str) -> bool:
    return not level.only or severity in level.only


def next_page_at(incident: Incident, now: datetime, policy: Policy) -> datetime | None:
    """When the chain speaks next: the next level's time, or the repetition of the last. None once somebody has it."""
    if incident.state is not State.DETECTED or not incident.escalation.levels:
        return None
    index = next_level(incident)
    if index is not None:
        return incident.declared_at + incident.escalation.levels[index].after
    return now + (policy.repeat_every(incident.severity) or FALLBACK_REPEAT)


def stopped(incident: Incident) -> Incident:
    """The same incident with nobody being called any more."""
    return incident.copy_with(overdue=False).with_deadlines(page=None, ack=None)


def levels_at_start(incident: Incident) -> list[int]:
    """Indices of the levels that are told at once: those due at declaration."""
    return [
        index
        for index, level in enumerate(incident.escalation.levels)
        if level.after <= timedelta(0) and _applies(level, incident.severity)
    ]


def paged(incident: Incident, index: int, people: Iterable[str]) -> Incident:
    """The same incident after that level was told."""
    people = tuple(people)
    chain = incident.escalation.copy_with(
        reached=max(incident.escalation.reached, index + 1),
        paged=_joined(incident.escalation.paged, people),
    )
    return incident.with_invitees(*people).copy_with(escalation=chain)


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
    """The next level is told; when the chain is exhausted, its last level again, and everybody hears that nobody answers.

    `people` are the ids behind the names of `names_to_tell(incident)`.
    """
    index = next_level(incident)
    if index is None:
        return _page_last_again(incident, people, now, policy, reason=reason, by=by, why=why)
    after = paged(incident, index, people)
    after = after.copy_with(escalation=after.escalation.copy_with(last_paged_at=now))
    after = after.with_deadlines(page=next_page_at(after, now, policy))
    level = sum(1 for i in range(index + 1) if _applies(incident.escalation.levels[i], incident.severity))
    what = EntryKind.ESCALATED if reason in (PageReason.BUTTON, PageReason.NO_UPDATE) else EntryKind.PAGED
    text = _entry_text(f"level {level}", incident.escalation.levels[index].notify, reason, why)
    decision = Decision(after).note(what, now, by=by, text=text).with_effects(*invite_new(incident, after))
    return decision.say(Paged(people=people, level=level, reason=reason, by=by, why=why), slot="page")


def _page_last_again(
    incident: Incident,
    people: tuple[str, ...],
    now: datetime,
    policy: Policy,
    *,
    reason: PageReason,
    by: str | None,
    why: str,
) -> Decision:
    people = people or incident.escalation.paged
    after = incident.copy_with(
        escalation=incident.escalation.copy_with(rounds=incident.escalation.rounds + 1, last_paged_at=now)
    )
    after = after.with_invitees(*people).with_deadlines(page=next_page_at(after, now, policy))
    index = last_level(incident)
    names = incident.escalation.levels[index].notify if index is not None else ()
    level = sum(
        1 for i in range(incident.escalation.reached) if _applies(incident.escalation.levels[i], incident.severity)
    )
    if reason is PageReason.ESCALATION:
        reason = PageReason.REPEAT
    text = _entry_text("the last level again", names, reason, why)
    decision = Decision(after).note(EntryKind.ESCALATED if by else EntryKind.PAGED, now, by=by, text=text)
    decision = decision.with_effects(*invite_new(incident, after))
    decision = decision.say(Paged(people=people, level=level, reason=reason, by=by, why=why), slot="page")
    if incident.state is State.DETECTED and not incident.private:
        said = Unanswered(rounds=after.escalation.rounds, since=incident.declared_at)
        decision = decision.with_effects(*announce(after, policy)).say(said, Place.ANNOUNCEMENT)
    return decision


def _entry_text(whom: str, names: tuple[str, ...], reason: PageReason, why: str) -> str:
    because = {
        PageReason.ESCALATION: "nobody has acknowledged",
        PageReason.REPEAT: "nobody has acknowledged",
        PageReason.OVERDUE: "acknowledgement is overdue",
        PageReason.NO_UPDATE: "two updates were missed",
        PageReason.BUTTON: "asked for",
        PageReason.TEAM: "asked for",
    }[reason]
    named = f" ({', '.join(names)})" if names else ""
    return f"{whom}{named}: {why or because}"


def names_to_page(incident: Incident) -> tuple[str, ...]:
    """The names, as the policy wrote them, of whom `tell_next` would call now."""
    index = next_level(incident)
    if index is None:
        index = last_level(incident)
    return incident.escalation.levels[index].notify if index is not None else ()


def invite_new(before: Incident, after: Incident) -> list[Effect]:
    """The invitation of whoever is wanted now and was not before, or had left; none while there is no room (opening it invites all)."""
    there = set(before.participants.invitees) - (set(before.participants.left) - set(after.participants.left))
    new = tuple(person for person in after.participants.invitees if person not in there)
    if not new or after.room.channel_id is None:
        return []
    return [Invite(incident_id=after.id, key=f"{after.id}:invite:v{before.version}", people=new)]


def overdue(incident: Incident, now: datetime) -> Decision:
    """The time to acknowledge has passed: those told so far are mentioned again and the card says overdue."""
    after = incident.copy_with(overdue=True).with_deadlines(ack=None)
    decision = Decision(after).note(EntryKind.OVERDUE, now)
    if not incident.escalation.paged:
        return decision
    paged = Paged(people=incident.escalation.paged, level=0, reason=PageReason.OVERDUE)
    return decision.say(paged, slot="page")
