"""What is measured of one incident. Everything a report adds up is in it, so that a report reads no timeline."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from warroom.incident.model import State
from warroom.metrics.report import Measure
from warroom.value import Stored

FORMAT = 2
"""Counts up when what is measured, or how, changes: figures that were kept in an earlier format are measured anew."""


class PageFigures(Stored):
    """People were called at that time."""

    at: datetime
    people: tuple[str, ...]


class WorkFigures(Stored):
    """How long one person worked on the incident, in seconds."""

    person: str
    seconds: float


class ActionItemFigures(Stored):
    """One action item."""

    created_at: datetime
    due_at: datetime | None = None
    done_at: datetime | None = None
    owner: str | None = None


class IncidentFigures(Stored):
    """One incident in numbers. docs/metrics.md defines each; times are aware UTC."""

    number: int
    severity: str
    state: State
    team: str | None = None
    services: tuple[str, ...] = ()
    monitors: tuple[str, ...] = ()
    """Ids of the monitors that fired in it, sorted."""
    private: bool = False
    audience: tuple[str, ...] = ()
    """Who may know of it, where it is private. Slack user ids, sorted."""
    declared_at: datetime
    first_alert_at: datetime | None = None
    """When the first of its alerts fired, by the sender's clock; None where none fired before it was declared."""
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    reopened: int = 0
    """How often."""
    updates_kept: int = 0
    updates_missed: int = 0
    pages: tuple[PageFigures, ...] = ()
    work: tuple[WorkFigures, ...] = ()
    postmortem_required_by: datetime | None = None
    postmortem_published_at: datetime | None = None
    actions: tuple[ActionItemFigures, ...] = ()
    investigated: bool = False
    """It was looked into, and there was an answer."""
    cause_named: bool = False
    """The last answer named a cause."""
    cause_right: bool | None = None
    """What people said of it, if they did."""

    @cached_property
    def durations(self) -> dict[Measure, float]:
        """Its times in seconds; those it does not have are missing, as all are for a false alarm."""
        if self.state is State.CANCELLED:
            return {}
        since_declared = (
            (Measure.ACKNOWLEDGE, self.acknowledged_at),
            (Measure.MITIGATE, self.mitigated_at),
            (Measure.RESOLVE, self.resolved_at),
        )
        found = {measure: (at - self.declared_at).total_seconds() for measure, at in since_declared if at is not None}
        if self.first_alert_at is not None:
            found[Measure.DETECT] = (self.declared_at - self.first_alert_at).total_seconds()
        return found

    def shown_to(self, user: str | None) -> bool:
        """Whether the person may know of it; None is whoever runs the bot, who may know of everything."""
        return user is None or not self.private or user in self.audience
