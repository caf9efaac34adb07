"""An incident begins, gets worse or better, is edited, merged and over; and its updates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from warroom.incident.events import DetailChanged
from warroom.incident.model import State
from warroom.incident.parts import SimilarIncident
from warroom.people.model import Ambiguity, Unknown
from warroom.value import Stored


class DeclaredNotice(Stored):
    """For the declarer: the channel exists. `paged` and `invited` are others than the declarer."""

    kind: Literal["declared"] = "declared"
    paged: tuple[str, ...] = ()
    invited: tuple[str, ...] = ()
    unknown_services: tuple[str, ...] = ()
    """Those that no team of the policy looks after."""
    ambiguous: tuple[Ambiguity, ...] = ()
    unknown: tuple[Unknown, ...] = ()


class UpdateReminder(Stored):
    """An update is due. Carries the buttons Post update and Snooze 15 min."""

    kind: Literal["update_reminder"] = "update_reminder"
    people: tuple[str, ...]
    missed: int
    since: datetime
    """The last update, or the declaration while there is none."""


class UpdatePostedNotice(Stored):
    """Somebody posted an update."""

    kind: Literal["update_posted"] = "update_posted"
    by: str
    text: str
    next_due_at: datetime | None = None


class SeverityChangedNotice(Stored):
    """The severity went up or down."""

    kind: Literal["severity_changed"] = "severity_changed"
    by: str | None
    before: str
    after: str
    why: str = ""
    """In the words of whoever changed it; the title of the alert where one did."""


class StateChanged(Stored):
    """The incident reached a state that everybody should know. `text` is a summary or a reason."""

    kind: Literal["state_changed"] = "state_changed"
    state: State
    by: str | None
    text: str = ""
    automatic: bool = False
    """Resolved because every alert had recovered."""
    after: timedelta | None = None
    """Since declaration."""
    postmortem_by: datetime | None = None
    reopened: bool = False
    leads: bool = False
    """Whoever acknowledged is the incident commander from then on."""
    stopped: bool = False
    """Until then people were being paged."""
    unmerged: int = 0
    """Reopened because a merge was undone: the number of the incident that it had been merged into."""


class SimilarOpen(Stored):
    """Open incidents that may be the same trouble. Carries a button that merges into each."""

    kind: Literal["similar_open"] = "similar_open"
    found: tuple[SimilarIncident, ...]


class MergedAway(Stored):
    """The incident was merged into another one, where it goes on. Carries the button Undo merge."""

    kind: Literal["merged_away"] = "merged_away"
    by: str | None
    number: int
    title: str
    channel_id: str | None = None
    undone: bool = False
    """`by` undid it: it is an incident of its own again."""


class MergedHere(Stored):
    """Another incident was merged into this one."""

    kind: Literal["merged_here"] = "merged_here"
    by: str | None
    number: int
    title: str
    alerts: int = 0
    actions: int = 0


class MergeUndoneNotice(Stored):
    """That was taken back: the other incident is open again in its own channel."""

    kind: Literal["merge_undone"] = "merge_undone"
    by: str | None
    number: int
    title: str


class UpdateSnoozed(Stored):
    """The reminder of an update was put off by a person; takes the place of the reminder."""

    kind: Literal["update_snoozed"] = "update_snoozed"
    by: str
    until: datetime


class Stale(Stored):
    """Nothing has happened for long."""

    kind: Literal["stale"] = "stale"
    people: tuple[str, ...]
    since: datetime


class DetailsChanged(Stored):
    """Somebody edited the incident."""

    kind: Literal["details_changed"] = "details_changed"
    by: str
    changes: tuple[DetailChanged, ...]


class VisibilityNotice(Stored):
    """The incident became private, or public."""

    kind: Literal["visibility"] = "visibility"
    by: str
    private: bool
    channel_private: bool
    """Of the channel itself, which stays as it was made."""


class SimilarBefore(Stored):
    """Incidents of the past that were like this one, most alike first; said in the card's thread."""

    kind: Literal["similar_before"] = "similar_before"
    found: tuple[SimilarIncident, ...]


LifecycleNotice = (
    DeclaredNotice
    | UpdateReminder
    | UpdatePostedNotice
    | UpdateSnoozed
    | SeverityChangedNotice
    | StateChanged
    | SimilarOpen
    | SimilarBefore
    | MergedAway
    | MergedHere
    | MergeUndoneNotice
    | Stale
    | DetailsChanged
    | VisibilityNotice
)
