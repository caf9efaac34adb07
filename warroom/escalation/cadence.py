"""Updates: when they are due, reminders, snoozing, and incidents in which nothing happens any more. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from warroom.errors import Refused
from warroom.incident.decision import Decision
from warroom.incident.events import Snoozed, UpdateMissed, UpdatePosted
from warroom.incident.model import Incident
from warroom.incident.notices import Stale, UpdatePostedNotice, UpdateReminder
from warroom.outbox.effects import Place
from warroom.policy import Policy
from warroom.refusals import NextUpdateInPast, NothingToSnooze, UpdateEmpty, UpdateTooLong

SNOOZE = timedelta(minutes=15)
MISSES_TO_ESCALATE = 2
"""The second interval without an update pages the next level."""


def next_update(severity: str, policy: Policy, now: datetime) -> datetime | None:
    """When the next update is due, counted from `now`; None where the severity asks for none."""
    known = policy.severities.get(severity)
    return now + known.update_every if known and known.update_every else None


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
    due = (next_at or next_update(incident.severity, policy, now)) if incident.state.open else None
    after = incident.with_updates(last=text, last_at=now, last_by=by, missed=0).with_deadlines(update=due)
    event = UpdatePosted(text=text, next_due_at=due)
    notice = UpdatePostedNotice(by=by, text=text, next_due_at=due)
    decision = Decision(after).record(event, now, by=by).withdraw("reminder")
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
    after = incident.with_updates(missed=count).with_deadlines(update=next_update(incident.severity, policy, now))
    since = incident.updates.last_at or incident.declared_at
    notice = UpdateReminder(people=keepers(incident), missed=count, since=since)
    return Decision(after).record(UpdateMissed(missed=count), now).say(notice, slot="reminder")


def calls_for_help(incident: Incident, now: datetime, policy: Policy) -> bool:
    """Whether the missed updates of `incident` page the next level: every second one does.

    Not when a level was paged within the last half interval.
    """
    if incident.updates.missed % MISSES_TO_ESCALATE or not incident.escalation.levels:
        return False
    every = next_update(incident.severity, policy, now)
    spoke = incident.escalation.last_paged_at
    return spoke is None or every is None or now - spoke > (every - now) / 2


def snooze(incident: Incident, by: str, now: datetime) -> Decision:
    """The reminder comes again in 15 minutes. Raises Refused when there is nothing to be reminded of."""
    if incident.deadlines.update is None:
        raise Refused(NothingToSnooze(incident=incident.name))
    until = now + SNOOZE
    after = incident.with_deadlines(update=until)
    return Decision(after).record(Snoozed(until=until), now, by=by).withdraw("reminder")


def stale(incident: Incident, now: datetime) -> Decision:
    """Nothing has happened for long: ask whether it is over."""
    notice = Stale(people=keepers(incident), since=incident.touched_at)
    return Decision(incident).say(notice, slot="stale")
