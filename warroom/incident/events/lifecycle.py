"""An incident begins, gets worse or better, is edited, merged and over; and its updates."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from warroom.incident.events.base import EventBase


class Declared(EventBase):
    """The incident began."""

    kind: Literal["declared"] = "declared"
    title: str


class UpdatePosted(EventBase):
    """Somebody posted an update."""

    kind: Literal["update_posted"] = "update_posted"
    text: str
    next_due_at: datetime | None = None


class UpdateMissed(EventBase):
    """An update was due and did not come."""

    kind: Literal["update_missed"] = "update_missed"
    missed: int = 1
    """How many in a row."""


class Snoozed(EventBase):
    """The reminder of an update was put off."""

    kind: Literal["snoozed"] = "snoozed"
    until: datetime | None = None


class SeverityChanged(EventBase):
    """The severity went up or down."""

    kind: Literal["severity_changed"] = "severity_changed"
    before: str
    after: str
    why: str = ""
    """In the words of whoever changed it; the title of the alert where one did."""


class Mitigated(EventBase):
    """The damage stopped, the cause may not be gone."""

    kind: Literal["mitigated"] = "mitigated"


class Resolved(EventBase):
    """It is over."""

    kind: Literal["resolved"] = "resolved"
    summary: str = ""
    automatic: bool = False
    """Every alert had recovered for as long as the policy waits."""


class Reopened(EventBase):
    """It was not over, or the mitigation did not hold."""

    kind: Literal["reopened"] = "reopened"


class Cancelled(EventBase):
    """It was a false alarm."""

    kind: Literal["cancelled"] = "cancelled"
    why: str


class MergedIn(EventBase):
    """Another incident was merged into this one: its timeline, people, alerts and action items are here now."""

    kind: Literal["merged_in"] = "merged_in"
    number: int
    title: str
    alerts: int = 0


class MergeUndone(EventBase):
    """That was taken back. The entries that came with it are not shown any more."""

    kind: Literal["merge_undone"] = "merge_undone"
    number: int
    stamp: int
    """Which of several merges of the same incident it was."""


class Detail(StrEnum):
    """What of an incident can be edited."""

    TITLE = "title"
    DESCRIPTION = "description"
    IMPACT = "impact"
    SERVICES = "services"
    TEAM = "team"
    FIELD = "field"
    """A field of its template; its name stands beside it."""
    SUMMARY = "summary"
    """What fixed it."""


class DetailChanged(EventBase):
    """Somebody edited the incident."""

    kind: Literal["detail_changed"] = "detail_changed"
    detail: Detail
    name: str = ""
    """Of a template's field."""
    before: str = ""
    after: str = ""


class VisibilityChanged(EventBase):
    """The incident became private, or public."""

    kind: Literal["visibility_changed"] = "visibility_changed"
    private: bool
    seen_by: tuple[str, ...] = ()
    """Who was in its channel, or had been."""
    announced: bool = False
    """It stood in the broadcast channel until now."""

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody who could see it before."""
        return self.seen_by


class Closed(EventBase):
    """The post-mortem is published, or was not required."""

    kind: Literal["closed"] = "closed"


LifecycleEvent = (
    Declared
    | UpdatePosted
    | UpdateMissed
    | Snoozed
    | SeverityChanged
    | Mitigated
    | Resolved
    | Reopened
    | Cancelled
    | MergedIn
    | MergeUndone
    | DetailChanged
    | VisibilityChanged
    | Closed
)
