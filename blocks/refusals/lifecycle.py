"""Why an incident is not declared, updated, edited, merged or ended."""

from __future__ import annotations

from typing import assert_never

from blocks import labels
from blocks.refusals.medium import Medium
from warroom import refusals
from warroom.incident.model import State
from warroom.refusals import Attempt, LifecycleRefusal


def words(reason: LifecycleRefusal, medium: Medium) -> str:
    """Why, and what to do next."""
    match reason:
        case refusals.AlreadyInState():
            return _already(reason, medium)
        case refusals.NotInState():
            return f"{reason.incident} is {reason.state}{_not_now(reason)}"
        case refusals.CancelReasonMissing():
            return f"Say why {reason.incident} is cancelled, for example: cancel the monitor was wrong."
        case refusals.UpdateEmpty():
            return "An update needs text. For example: update rolling back, errors are falling."
        case refusals.NothingToSnooze():
            return f"No update is due for {reason.incident}, so there is no reminder to snooze."
        case refusals.SnoozedEnough():
            return (
                f"{reason.incident} was snoozed {reason.times} times in a row, so people are waiting. "
                "Post an update, even if it is only: still investigating."
            )
        case refusals.ReminderGone():
            return f"The reminder of {reason.incident} was snoozed or answered already."
        case refusals.TitleMissing():
            return f"An incident needs a title. For example: {medium.declare}"
        case refusals.UnknownSeverity():
            return f"There is no severity “{reason.said}”. Use one of: {', '.join(reason.known)}."
        case refusals.SeverityUnchanged():
            return f"{reason.incident} is {reason.severity} already."
        case refusals.SeveralSeverities():
            return f"The title names several severities ({', '.join(reason.said)}). Keep one, or add --sev LEVEL."
        case refusals.UnknownService():
            return (
                f"There is no service “{reason.said}”. Did you mean {reason.near}? "
                f"If it is really called that, put it in quotes: {medium.sure(reason.said)}."
            )
        case refusals.SubscribedAlready():
            return f"You follow {reason.incident} already. To stop: /incident unsubscribe #{reason.incident[4:]}"
        case refusals.NotSubscribed():
            return f"You do not follow {reason.incident}."
        case refusals.TitleTooLong():
            return f"A title may have {reason.limit} characters; this has {reason.length:,}. Put the rest into the description."
        case refusals.UpdateTooLong():
            return (
                f"An update may have {reason.limit:,} characters; this has {reason.length:,}. "
                "Nothing was posted: shorten it, or post it as two updates."
            )
        case refusals.NextUpdateInPast():
            return "The next update must be in the future, for example: in 30 min, or 17:40."
        case refusals.NothingChanged():
            return f"Nothing changed: {reason.incident} says that already."
        case refusals.VisibilityUnchanged():
            return f"{reason.incident} is {'private' if reason.private else 'public'} already."
        case refusals.NoPublicPage():
            return "There is no public status page: the policy names none. /incident show shows the incident itself."
        case refusals.MergeWithItself():
            return "That is the same incident. Name the one that goes on: /incident merge 12"
        case refusals.MergedAlready():
            return (
                f"{reason.incident} was merged into INC-{reason.into} already. Undo merge brings it back, for an hour."
            )
        case refusals.MergePrivacy():
            if reason.private:
                return (
                    f"{reason.incident} is private and {reason.into} is not: everybody would read what was kept private. "
                    f"Merge the other way round, or make {reason.into} private first: /incident edit private"
                )
            return (
                f"{reason.into} is private and {reason.incident} is not: the people of {reason.incident} would get in. "
                f"Make {reason.incident} private first: /incident edit private"
            )
    assert_never(reason)


def _already(reason: refusals.AlreadyInState, medium: Medium) -> str:
    match reason.state:
        case State.MITIGATED:
            return f"{reason.incident} is marked as mitigated already."
        case State.RESOLVED:
            by = f" by {medium.person(reason.by)}" if reason.by else ""
            return f"{reason.incident} was resolved already{by}."
        case State.CLOSED if reason.attempt is Attempt.RESOLVE:
            return f"{reason.incident} is resolved and closed already."
        case State.CLOSED:
            return f"{reason.incident} is closed already."
        case State.CANCELLED:
            return f"{reason.incident} was cancelled already."
        case State.DETECTED | State.ACKNOWLEDGED:
            return f"{reason.incident} is open ({labels.STATE[reason.state].lower()})."
    assert_never(reason.state)


def _not_now(reason: refusals.NotInState) -> str:
    match reason.attempt:
        case Attempt.ACKNOWLEDGE:
            return "; there is nothing to acknowledge."
        case Attempt.MITIGATE:
            return "; only an open incident can be mitigated."
        case Attempt.RESOLVE:
            return "; only an open incident can be resolved."
        case Attempt.REOPEN:
            return f" and stays so. Declare a new incident and mention {reason.incident}."
        case Attempt.CANCEL:
            return "; only an open incident can be cancelled."
        case Attempt.CLOSE:
            return "; it closes after it is resolved."
        case Attempt.ESCALATE:
            return "; nobody is paged any more."
        case Attempt.SEVERITY:
            return f"; its severity stays {reason.severity}."
        case Attempt.MERGE:
            return "; only open incidents can be merged, into an open one."
        case Attempt.RUN:
            return ". Runbooks are run in open incidents; reopen it first if it goes on."
        case Attempt.SUBSCRIBE:
            return ". There is nothing more to follow."
        case Attempt.PUBLISH:
            return ". Resolve it first; then the post-mortem can be published."
    assert_never(reason.attempt)
