"""Updates: when they are due, reminders, snoozing, and incidents in which nothing happens any more. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from warroom.errors import AlreadyDone, Refused
from warroom.incident.decision import Decision
from warroom.incident.events import Snoozed, UpdateMissed, UpdatePosted
from warroom.incident.model import Incident, State
from warroom.incident.notices import Stale, UpdatePostedNotice, UpdateReminder, UpdateSnoozed
from warroom.outbox.effects import Place
from warroom.policy import Policy
from warroom.refusals import (
    NextUpdateInPast,
    NothingToSnooze,
    ReminderGone,
    SnoozedEnough,
    UpdateEmpty,
    UpdateTooLong,
)

SNOOZE = timedelta(minutes=15)
SNOOZES = 3
"""So often in a row the reminder can be snoozed."""
MISSES_TO_ESCALATE = 2
"""The second reminder in a row that nobody answers pages the next level."""
SLOT = "reminder"


def next_update(severity: str, policy: Policy, now: datetime) -> datetime | None:
    """When the next update is due, counted from `now`; None where the severity asks for none."""
    known = policy.severities.get(severity)
    return now + known.update_every if known and known.update_every else None


def first_update(incident: Incident, policy: Policy, now: datetime) -> Incident:
    """The same incident, which somebody has from `now` on: one interval later the first update is due. Before that there is
    nobody to remind.
    """
    return incident.with_deadlines(update=next_update(incident.severity, policy, now))


def other_pace(incident: Incident, severity: str, policy: Policy, now: datetime) -> datetime | None:
    """When the next update is due once the incident has that severity: an interval after the last one, yet never in the past.

    What is overdue stays so, and who snoozed keeps the time that was agreed. None before somebody has it.
    """
    if incident.state is State.DETECTED:
        return None
    every, planned = next_update(severity, policy, now), incident.deadlines.update
    if every is None:
        return None
    if planned and (incident.updates.overdue_since or incident.updates.snoozed_until):
        return planned
    counted = next_update(severity, policy, incident.updates.last_at or incident.acknowledged_at or now)
    return counted if counted and counted > now else every


def answered(incident: Incident) -> Incident:
    """The same incident with nothing missed, snoozed or overdue."""
    return incident.with_updates(
        missed=0, overdue_since=None, unanswered=0, snoozes=0, snoozed_by=None, snoozed_until=None
    )


UPDATE_LIMIT = 2400
"""Characters of an update, as it is shown: Slack shows 3,000 in one piece, and every line is set apart as a quotation."""


def check_update(text: str, next_at: datetime | None, now: datetime) -> None:
    """Returns when the update can be posted whole. Raises Refused."""
    if not text.strip():
        raise Refused(UpdateEmpty())
    shown = len(text) + 4 * text.count("&") + 3 * (text.count("<") + text.count(">")) + 2 * text.count("\n")
    if shown > UPDATE_LIMIT:
        raise Refused(UpdateTooLong(length=shown, limit=UPDATE_LIMIT))
    if next_at is not None and next_at <= now:
        raise Refused(NextUpdateInPast())


def post_update(
    incident: Incident, by: str, text: str, now: datetime, policy: Policy, next_at: datetime | None = None
) -> Decision:
    """An update for the room and for everybody else; the next is due at `next_at`, else one interval from now.

    Raises Refused.
    """
    check_update(text, next_at, now)
    awaited = incident.state.open and incident.state is not State.DETECTED
    due = (next_at or next_update(incident.severity, policy, now)) if awaited else None
    after = answered(incident).with_updates(last=text, last_at=now, last_by=by).with_deadlines(update=due)
    event = UpdatePosted(text=text, next_due_at=due)
    notice = UpdatePostedNotice(by=by, text=text, next_due_at=due)
    decision = Decision(after).record(event, now, by=by).withdraw(SLOT)
    return decision.say(notice).say(notice, Place.ANNOUNCEMENT)


def keepers(incident: Incident) -> tuple[str, ...]:
    """Who is asked for updates: the commander, else everybody paged so far, else the declarer."""
    if incident.commander:
        return (incident.commander,)
    return incident.escalation.paged or ((incident.declared_by,) if incident.declared_by else ())


def missed(incident: Incident, now: datetime, policy: Policy) -> Decision:
    """An update was due and did not come: a reminder takes the place of the last one; the next is due an interval later.

    After an outage this runs once for everything that came due meanwhile.
    """
    count = incident.updates.missed + 1
    after = incident.with_updates(
        missed=count,
        overdue_since=incident.updates.overdue_since or incident.deadlines.update,
        unanswered=incident.updates.unanswered + 1,
        snoozed_by=None,
        snoozed_until=None,
    ).with_deadlines(update=next_update(incident.severity, policy, now))
    since = incident.updates.last_at or incident.declared_at
    notice = UpdateReminder(people=keepers(incident), missed=count, since=since)
    return Decision(after).record(UpdateMissed(missed=count), now).say(notice, slot=SLOT)


def calls_for_help(incident: Incident, now: datetime, policy: Policy) -> bool:
    """Whether the reminders that nobody answered page the next level: every second one in a row does.

    Not when a level was paged within the last half interval.
    """
    if incident.updates.unanswered % MISSES_TO_ESCALATE or not incident.escalation.levels:
        return False
    every = next_update(incident.severity, policy, now)
    spoke = incident.escalation.last_paged_at
    return spoke is None or every is None or now - spoke > (every - now) / 2


def snooze(incident: Incident, by: str, now: datetime) -> Decision:
    """The reminder comes again in 15 minutes: it is answered, so what it reminded of was not missed. SNOOZES times in a row.

    Raises AlreadyDone when there is no reminder any more, Refused when no update is due or it was snoozed often enough.
    """
    updates = incident.updates
    if incident.deadlines.update is None:
        raise Refused(NothingToSnooze(incident=incident.name))
    if not updates.missed or (updates.snoozed_until and updates.snoozed_until > now):
        raise AlreadyDone(ReminderGone(incident=incident.name))
    if updates.snoozes >= SNOOZES:
        raise Refused(SnoozedEnough(incident=incident.name, times=SNOOZES))
    until, missed = now + SNOOZE, max(0, updates.missed - 1)
    after = incident.with_updates(
        missed=missed,
        overdue_since=updates.overdue_since if missed else None,
        unanswered=0,
        snoozes=updates.snoozes + 1,
        snoozed_by=by,
        snoozed_until=until,
    ).with_deadlines(update=until)
    decision = Decision(after).record(Snoozed(until=until), now, by=by)
    return decision.say(UpdateSnoozed(by=by, until=until), slot=SLOT)


def stale(incident: Incident, now: datetime) -> Decision:
    """Nothing has happened for long: ask whether it is over."""
    notice = Stale(people=keepers(incident), since=incident.touched_at)
    return Decision(incident).say(notice, slot="stale")
