"""Why something that a person asked for is refused, as values. The words for each are in `blocks.refusals`.

`incident` is how people call it: "INC-12". People are user ids.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from warroom.errors import AlreadyDone, Reason
from warroom.incident.model import State
from warroom.people.model import Unknown
from warroom.policy.permissions import Permission


class Attempt(StrEnum):
    """What somebody tried to do with an incident in a state that does not allow it."""

    ACKNOWLEDGE = "acknowledge"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CANCEL = "cancel"
    CLOSE = "close"
    ESCALATE = "escalate"
    SEVERITY = "severity"
    SUBSCRIBE = "subscribe"
    PUBLISH = "publish"
    MERGE = "merge"
    RUN = "run"


class RunbookWhy(StrEnum):
    """Why a runbook is not run, or a button of a run does nothing."""

    UNKNOWN = "unknown"
    """There is none of that name; `details` are those there are."""
    LINK = "link"
    """It is only a link."""
    INPUTS = "inputs"
    """An input is missing or wrong."""
    NOT_POSSIBLE = "not possible"
    """Steps of it cannot be done; `details` say which and why."""
    TOO_OFTEN = "too often"
    """`details` are its target and the policy's rate; `until` is when it is possible again."""
    RUNNING = "running"
    """It runs in this incident already."""
    OVER = "over"
    OUTDATED = "outdated"
    """The button is of an earlier state of the run."""
    SECOND_PERSON = "second person"
    """Whoever asked for the run may not approve it."""
    GONE = "gone"
    """The run is not in the record."""


class RunbookRefused(Reason):
    """A runbook is not run, or a button of a run does nothing."""

    why: RunbookWhy
    runbook: str
    """Its name, or what was typed."""
    details: tuple[str, ...] = ()
    until: datetime | None = None


class AlreadyAcknowledged(Reason):
    """Somebody has it. `by` None where that is nobody known here."""

    incident: str
    state: State
    by: str | None
    asked_by: str | None


class Investigating(Reason):
    """It is being looked into already."""

    incident: str


class NoCauseNamed(Reason):
    """No investigation named a cause."""

    incident: str


class CauseJudgedBefore(Reason):
    """Somebody said whether the cause was right."""

    incident: str
    right: bool
    by: str | None


class AlreadyInState(Reason):
    """The incident is where somebody wanted to bring it. `by` brought it there, where that is known."""

    incident: str
    state: State
    attempt: Attempt
    by: str | None = None


class NotInState(Reason):
    """The incident's state does not allow it."""

    incident: str
    state: State
    attempt: Attempt
    severity: str = ""
    """The one that stays, where another was wanted."""


class CancelReasonMissing(Reason):
    """An incident is cancelled only with a reason."""

    incident: str


class UpdateEmpty(Reason):
    """An update without words."""


class NothingToSnooze(Reason):
    """No update is due."""

    incident: str


class SnoozedEnough(Reason):
    """The reminder was snoozed as often in a row as it may be."""

    incident: str
    times: int


class ReminderGone(Reason):
    """The reminder was snoozed or answered before."""

    incident: str


class SeveralSeverities(Reason):
    """A title that names more than one severity."""

    said: tuple[str, ...]


class UnknownService(Reason):
    """A service that the policy does not know, while it knows one of nearly that name."""

    said: str
    near: str


class OnlyYourself(Reason):
    """Somebody would page nobody but themselves."""

    said: tuple[str, ...]


class InRoomAlready(Reason):
    """Somebody joins who is in the room."""

    incident: str


class SubscribedAlready(Reason):
    """Somebody subscribes a second time."""

    incident: str


class NotSubscribed(Reason):
    """Somebody ends a subscription that is none."""

    incident: str


class SilenceEnded(Reason):
    """Somebody says that they are on it, and nobody asks any more."""

    incident: str


class TitleMissing(Reason):
    """An incident without a title."""


class UnknownSeverity(Reason):
    """The policy knows no severity of that name."""

    said: str
    known: tuple[str, ...]


class SeverityUnchanged(Reason):
    """It has that severity already, or a higher one where it should only be raised."""

    incident: str
    severity: str


class UnknownTeam(Reason):
    """The policy knows no team of that name."""

    said: str
    known: tuple[str, ...]
    what: str = "team"


class NoEscalationPolicy(Reason):
    """There are no levels that could be paged."""

    incident: str


class EscalatedMeanwhile(Reason):
    """Somebody escalated while the person looked at an older card."""

    incident: str


class TitleTooLong(Reason):
    """A title with more characters than are kept."""

    length: int
    limit: int


class UpdateTooLong(Reason):
    """An update that could not be shown whole. Both in characters."""

    length: int
    limit: int


class NextUpdateInPast(Reason):
    """The next update is promised for a time that is over."""


class NothingChanged(Reason):
    """What was asked for is what it says already."""

    incident: str


class VisibilityUnchanged(Reason):
    """It is private, or public, already."""

    incident: str
    private: bool


class NoSuchAction(Reason):
    """The incident has no action item with that number."""

    incident: str
    number: int
    known: tuple[int, ...]


class ActionMarkedBefore(Reason):
    """The action item is done already, or not done where it should be reopened."""

    incident: str
    number: int
    done: bool


class NoSuchEntry(Reason):
    """No note or message of the timeline has that number."""

    incident: str
    number: int


class NotYourEntry(Reason):
    """Somebody else put it on the timeline; `by` is who."""

    number: int
    by: str | None


class EntryInFuture(Reason):
    """A line of the timeline about a time to come."""


class RoleMissing(Reason):
    """A role without a name."""


class RoleHeld(Reason):
    """The person has that role already."""

    incident: str
    role: str
    person: str


class NobodyToInvite(Reason):
    """No name was given."""


class NobodyToPage(Reason):
    """No name was given."""

    teams: tuple[str, ...]


class PageFoundNobody(Reason):
    """Every name led to nobody."""

    unknown: tuple[Unknown, ...]


class NoteEmpty(Reason):
    """A line for the timeline without words."""


class ActionEmpty(Reason):
    """An action item without words."""


class NoPublicPage(Reason):
    """The policy knows no public status page."""


class NothingToRetry(Reason):
    """What failed was done meanwhile, or is being tried again."""

    incident: str


class NoSuchIncident(Reason):
    """No incident has that number, or the person may not know of it."""

    number: int


class NotARoom(Reason):
    """The channel is no incident's room, and no number was given."""


class IncidentGone(Reason):
    """The incident of a button or a form is not in the record, or the person may not know of it."""


class LeftRoom(Reason):
    """The person left the room of a private incident."""


class NotInQuarantine(Reason):
    """Nothing in quarantine has that id."""

    id: str


class NotAllowed(Reason):
    """The policy leaves it to others."""

    permission: Permission
    may: tuple[str, ...]
    """Words of `Who` and names, as the policy wrote them."""
    incident: str | None = None
    has_commander: bool = False
    room: str | None = None
    """The name of a channel that the person could join and then may do it."""


class AccountClosed(Reason):
    """The person's account is deactivated."""


class GuestMayNotDeclare(Reason):
    """The person is a guest, and the policy lets no guests declare."""


class NothingToLearn(Reason):
    """A cancelled incident has no post-mortem."""

    incident: str


class PostmortemUnchanged(Reason):
    """The form was sent as it was opened."""


class MergeWithItself(Reason):
    """An incident cannot be merged into itself."""


class ChannelGone(Reason):
    """Its channel is archived."""

    incident: str


class ChannelKept(Reason):
    """Its channel is not going to be archived."""

    incident: str


class MergedAlready(Reason):
    """It was merged before."""

    incident: str
    into: int


class MergePrivacy(Reason):
    """One of the two is private and the other is not; `private` is the one that would be merged."""

    incident: str
    into: str
    private: bool


class SavedMeanwhile(Reason):
    """Somebody else saved the same part of the post-mortem at the same moment."""


class PostmortemMissing(Reason):
    """There is no draft that could be published."""

    incident: str


class PostmortemPublishedBefore(Reason):
    """It was published already."""

    incident: str


class PartsMissing(Reason):
    """Required parts of the post-mortem are empty; their keys."""

    parts: tuple[str, ...]


class DoneBefore(Reason):
    """The same gesture was delivered twice."""


class MenuOutdated(Reason):
    """An entry of a menu that an older card offered."""


class RefusedByIntegration(Reason):
    """An integration refuses, in its own words."""

    text: str


class OnCallProblem(StrEnum):
    """Why something about schedules and overrides does not apply."""

    NO_SCHEDULES = "no schedules"
    UNKNOWN_SCHEDULE = "unknown schedule"
    USAGE = "usage"
    PERIOD_UNCLEAR = "period unclear"
    IN_PAST = "in the past"
    TOO_LONG = "too long"
    GONE = "gone"
    TAKEN = "taken"
    UNDONE = "undone"
    OVER = "over"
    ASKED_OTHER = "asked other"
    OWN_REQUEST = "own request"
    NO_SHIFT = "no shift"
    SPAN_UNCLEAR = "span unclear"
    GUEST = "guest"


class OnCallRefused(Reason):
    """Something about who is on call."""

    problem: OnCallProblem
    schedule: str = ""
    person: str | None = None
    known: tuple[str, ...] = ()
    """The schedules that there are."""


RuleRefusal = (
    AlreadyAcknowledged
    | AlreadyInState
    | NotInState
    | CancelReasonMissing
    | UpdateEmpty
    | NothingToSnooze
    | SnoozedEnough
    | ReminderGone
    | SilenceEnded
    | TitleMissing
    | SeveralSeverities
    | UnknownService
    | InRoomAlready
    | SubscribedAlready
    | NotSubscribed
    | OnlyYourself
    | UnknownSeverity
    | SeverityUnchanged
    | UnknownTeam
    | NoEscalationPolicy
    | EscalatedMeanwhile
    | TitleTooLong
    | UpdateTooLong
    | NextUpdateInPast
    | NothingChanged
    | VisibilityUnchanged
    | NoSuchAction
    | ActionMarkedBefore
    | NoSuchEntry
    | NotYourEntry
    | EntryInFuture
    | RoleMissing
    | RoleHeld
    | NobodyToInvite
    | NobodyToPage
    | PageFoundNobody
    | NoteEmpty
    | ActionEmpty
    | NoPublicPage
    | NothingToRetry
    | Investigating
    | NoCauseNamed
    | CauseJudgedBefore
    | NoSuchIncident
    | NotARoom
    | IncidentGone
    | LeftRoom
    | NotInQuarantine
    | NotAllowed
    | AccountClosed
    | GuestMayNotDeclare
    | NothingToLearn
    | PostmortemUnchanged
    | SavedMeanwhile
    | MergeWithItself
    | MergedAlready
    | ChannelGone
    | ChannelKept
    | MergePrivacy
    | PostmortemMissing
    | PostmortemPublishedBefore
    | PartsMissing
    | DoneBefore
    | MenuOutdated
    | RefusedByIntegration
    | RunbookRefused
    | OnCallRefused
)
"""Everything that the rules refuse."""


class Repeated(AlreadyDone):
    """What the gesture does was done by it before: Slack delivered it again, or somebody pressed twice."""

    def __init__(self, gesture: str) -> None:
        super().__init__(DoneBefore())
        self.gesture = gesture
