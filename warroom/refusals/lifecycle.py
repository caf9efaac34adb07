"""An incident is declared, updated, edited, merged and over."""

from __future__ import annotations

from enum import StrEnum

from warroom.errors import Reason
from warroom.incident.model import State


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


class SubscribedAlready(Reason):
    """Somebody subscribes a second time."""

    incident: str


class NotSubscribed(Reason):
    """Somebody ends a subscription that is none."""

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


class NoPublicPage(Reason):
    """The policy knows no public status page."""


class MergeWithItself(Reason):
    """An incident cannot be merged into itself."""


class MergedAlready(Reason):
    """It was merged before."""

    incident: str
    into: int


class MergePrivacy(Reason):
    """One of the two is private and the other is not; `private` is the one that would be merged."""

    incident: str
    into: str
    private: bool


LifecycleRefusal = (
    AlreadyInState
    | NotInState
    | CancelReasonMissing
    | UpdateEmpty
    | UpdateTooLong
    | NextUpdateInPast
    | NothingToSnooze
    | SnoozedEnough
    | ReminderGone
    | TitleMissing
    | TitleTooLong
    | SeveralSeverities
    | UnknownSeverity
    | SeverityUnchanged
    | UnknownService
    | NothingChanged
    | VisibilityUnchanged
    | MergeWithItself
    | MergedAlready
    | MergePrivacy
    | SubscribedAlready
    | NotSubscribed
    | NoPublicPage
)
