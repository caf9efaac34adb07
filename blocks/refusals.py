"""The words for every refusal: why it does not apply now and what to do instead, in the chat and on the command line.

What comes back is text with people by mention; whoever shows it in the chat escapes the rest (`text.spoken`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never, cast

from blocks import labels, text
from blocks.oncall import on_call_refusal
from blocks.runbooks import runbook_refusal
from blocks.usage import Usage, usage_words
from warroom import refusals
from warroom.errors import Reason
from warroom.incident.model import State
from warroom.policy.permissions import Permission, Who
from warroom.refusals import Attempt, RuleRefusal


@dataclass(frozen=True, slots=True)
class Medium:
    """Where the words are read: how people are shown there, and what is typed there."""

    person: Callable[[str], str]
    """From a user id."""
    list_open: str
    """The command that shows the open incidents."""
    declare: str
    """An example of declaring an incident."""
    sure: Callable[[str], str]
    """How a name is written that is no misspelling."""


CHAT = Medium(text.mention, "/incident list", "declare checkout returns 500s --sev 1", '"{}"'.format)
TERMINAL = Medium(
    str, "python -m bot list", "python -m bot declare checkout returns 500s --sev 1", "--service '\"{}\"'".format
)


def refusal_words(reason: Reason, medium: Medium = CHAT) -> str:
    """Why, and what to do next. Every class of reason is one of the union: a test holds them against each other."""
    known = cast("RuleRefusal | Usage", reason)
    return usage_words(known) if isinstance(known, Usage) else _words(known, medium)


def _words(reason: RuleRefusal, medium: Medium) -> str:
    match reason:
        case refusals.AlreadyAcknowledged():
            return _acknowledged(reason, medium)
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
        case refusals.SilenceEnded():
            return f"Somebody is on {reason.incident} already: it was answered, or something was done since."
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
        case refusals.InRoomAlready():
            return f"You are in the channel of {reason.incident} already."
        case refusals.SubscribedAlready():
            return f"You follow {reason.incident} already. To stop: /incident unsubscribe #{reason.incident[4:]}"
        case refusals.NotSubscribed():
            return f"You do not follow {reason.incident}."
        case refusals.OnlyYourself():
            return f"Nobody is behind “{', '.join(reason.said)}” but you. Name somebody else to page."
        case refusals.UnknownTeam():
            choices = ", ".join(reason.known) or "none yet: teams are described in the policy file"
            return (
                f"There is no {reason.what} “{reason.said}”. Known: {choices}."
                if reason.what != "team"
                else (f"There is no team “{reason.said}”. Known teams: {choices}.")
            )
        case refusals.NoEscalationPolicy():
            return (
                f"{reason.incident} has no escalation policy. "
                "Page a team: /incident page TEAM. Page a person: /incident page @name"
            )
        case refusals.EscalatedMeanwhile():
            return f"{reason.incident} was escalated a moment ago; the next level has been paged."
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
        case refusals.NoSuchAction():
            known = ", ".join(map(str, reason.known)) or "none"
            return f"{reason.incident} has no action item {reason.number}. Action items: {known}."
        case refusals.ActionMarkedBefore():
            state = "done already" if reason.done else "not done, so there is nothing to reopen"
            return f"Action item {reason.number} of {reason.incident} is {state}."
        case refusals.NoSuchEntry():
            return (
                f"The timeline of {reason.incident} has no entry {reason.number} that can be changed. "
                "/incident timeline shows the numbers."
            )
        case refusals.NotYourEntry():
            who = medium.person(reason.by) if reason.by else "somebody else"
            return f"Entry {reason.number} is from {who}. Only they can change or remove it, and the scribe."
        case refusals.EntryInFuture():
            return "A timeline entry is about something that happened; this time is in the future."
        case refusals.RoleMissing():
            return "Name the role, for example: role commander @ada"
        case refusals.RoleHeld():
            return f"{medium.person(reason.person)} is {reason.role} of {reason.incident} already."
        case refusals.NobodyToInvite():
            return "Say whom to invite: mentions, @names, emails, user groups or teams."
        case refusals.NobodyToPage():
            return f"Say whom to page. Known teams: {', '.join(reason.teams) or 'none yet'}."
        case refusals.PageFoundNobody():
            whys = "; ".join(f"{each.said} ({labels.NOBODY[each.why]})" for each in reason.unknown)
            return f"There is nobody to page: {whys}. Name a team, a user group or a person."
        case refusals.NoteEmpty():
            return "Write what happened, for example: timeline add deployed 1.4.2 to production"
        case refusals.ActionEmpty():
            return "An action item needs text. For example: action add raise the memory alert threshold @ada due 2026-12-01."
        case refusals.NoPublicPage():
            return "There is no public status page: the policy names none. /incident show shows the incident itself."
        case refusals.NothingToRetry():
            return f"It was done meanwhile, or is being tried again already. /incident timeline shows what happened in {reason.incident}."
        case refusals.Investigating():
            return f"{reason.incident} is being investigated already. The answer comes in the thread of its card."
        case refusals.NoCauseNamed():
            return f"No investigation of {reason.incident} named a cause. Start one: /incident investigate"
        case refusals.CauseJudgedBefore():
            by = f" by {medium.person(reason.by)}" if reason.by else ""
            return f"Said before{by}: the cause was {'right' if reason.right else 'wrong'}."
        case refusals.NoSuchIncident():
            return f"There is no incident #{reason.number}. {medium.list_open} shows the open ones."
        case refusals.NotARoom():
            return (
                "This is not an incident's channel. Say which incident you mean by its number, for example #12; "
                f"{medium.list_open} shows the open ones."
            )
        case refusals.IncidentGone():
            return "That incident does not exist any more."
        case refusals.LeftRoom():
            return "You left the channel of this incident. Ask somebody in it to invite you again."
        case refusals.NotInQuarantine():
            return f"Nothing in quarantine has the id {reason.id}. List it: python -m bot alerts --quarantined"
        case refusals.AccountClosed():
            return "This Slack account is deactivated, so nothing was done. Ask an administrator of the workspace to activate it."
        case refusals.GuestMayNotDeclare():
            return "Guests may not declare incidents here. Tell somebody of the company what is wrong; they can declare it."
        case refusals.NotAllowed():
            return _not_allowed(reason)
        case refusals.NothingToLearn():
            return f"{reason.incident} was cancelled, so it has no post-mortem."
        case refusals.PostmortemUnchanged():
            return "Nothing was changed in the post-mortem."
        case refusals.MergeWithItself():
            return "That is the same incident. Name the one that goes on: /incident merge 12"
        case refusals.MergedAlready():
            return (
                f"{reason.incident} was merged into INC-{reason.into} already. Undo merge brings it back, for an hour."
            )
        case refusals.ChannelGone():
            return f"The channel of {reason.incident} is archived already. Unarchive it by hand in Slack if it is still needed."
        case refusals.ChannelKept():
            return f"The channel of {reason.incident} is not going to be archived."
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
        case refusals.SavedMeanwhile():
            return "Somebody saved the same part at this moment. Your text is still here: press Save again to see both."
        case refusals.PostmortemMissing():
            return f"{reason.incident} has no post-mortem yet. Write the draft: /incident postmortem"
        case refusals.PostmortemPublishedBefore():
            return f"The post-mortem of {reason.incident} was published already."
        case refusals.PartsMissing():
            parts = ", ".join(map(labels.part, reason.parts))
            return f"The post-mortem needs these parts before it is published: {parts}. Press Edit post-mortem."
        case refusals.DoneBefore():
            return "This was done already; nothing changed the second time."
        case refusals.MenuOutdated():
            return "This menu is out of date. The card is being redrawn; use the new one."
        case refusals.RefusedByIntegration():
            return reason.text
        case refusals.OnCallRefused():
            return on_call_refusal(reason, medium.person)
        case refusals.RunbookRefused():
            return runbook_refusal(reason)
    assert_never(reason)


def _acknowledged(reason: refusals.AlreadyAcknowledged, medium: Medium) -> str:
    who = medium.person(reason.by) if reason.by else "somebody"
    if reason.state is not State.ACKNOWLEDGED:
        return f"{reason.incident} is {reason.state} already; {who} acknowledged it."
    return "You have it already." if reason.by and reason.by == reason.asked_by else f"{who} has it already."


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


def _not_allowed(reason: refusals.NotAllowed) -> str:
    doing = _DOING[reason.permission]
    what = f"{doing} {reason.incident}" if reason.incident else doing
    step = f"Join #{reason.room} and try again." if reason.room else "Ask one of them."
    return f"{what} is for {' or '.join(_who(each, reason) for each in reason.may)}. {step}"


def _who(said: str, reason: refusals.NotAllowed) -> str:
    if said == Who.RESPONDERS:
        return "the people in its channel" if reason.incident else "responders"
    if said == Who.COMMANDER:
        known = reason.incident is None or reason.has_commander
        return "its incident commander" if known else "its incident commander (none yet)"
    return said


_DOING = {
    Permission.DECLARE: "Declaring incidents",
    Permission.ACKNOWLEDGE: "Acknowledging",
    Permission.ESCALATE: "Escalating",
    Permission.UPDATE: "Posting updates of",
    Permission.RAISE_SEVERITY: "Raising the severity of",
    Permission.LOWER_SEVERITY: "Lowering the severity of",
    Permission.MITIGATE: "Mitigating",
    Permission.RESOLVE: "Resolving",
    Permission.REOPEN: "Reopening",
    Permission.CANCEL: "Cancelling",
    Permission.EDIT: "Editing",
    Permission.VISIBILITY: "Making public or private",
    Permission.MERGE: "Merging",
    Permission.ROLES: "Giving roles in",
    Permission.INVITE: "Inviting people to",
    Permission.PAGE: "Paging people for",
    Permission.MUTE: "Muting monitors of",
    Permission.RUN: "Running runbooks in",
    Permission.APPROVE: "Approving steps of runbooks in",
    Permission.COVER: "Changing who is on call",
    Permission.TIMELINE: "Adding to the timeline of",
    Permission.ACTIONS: "Adding action items to",
    Permission.POSTMORTEM: "Writing the post-mortem of",
    Permission.PUBLISH: "Publishing the post-mortem of",
}
"""What each permission allows, before the incident's name."""
