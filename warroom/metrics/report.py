"""What a report says: values alone. Seconds are floats; a share lies between 0 and 1, None where there is nothing to share."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from warroom.value import Value


class Measure(StrEnum):
    """The times that are measured of every incident."""

    DETECT = "detect"
    ACKNOWLEDGE = "acknowledge"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"


class Spread(Value):
    """Several durations in seconds; all but `count` are None when there are none."""

    count: int = 0
    mean: float | None = None
    median: float | None = None
    p90: float | None = None
    """The smallest of them that at least nine of ten do not exceed (nearest rank)."""


class Times(Value):
    """The four times of some incidents."""

    detect: Spread = Spread()
    acknowledge: Spread = Spread()
    mitigate: Spread = Spread()
    resolve: Spread = Spread()


class Slice(Value):
    """The incidents of one severity, team, service or month."""

    name: str
    incidents: int
    times: Times


class Bin(Value):
    """The incidents declared within a part of the span: a day, a week or a month, as a chart shows them."""

    start: datetime
    counts: tuple[tuple[str, int], ...] = ()
    """(severity, how many), most severe first."""
    acknowledge: float | None = None
    resolve: float | None = None
    """Medians in seconds."""


class CadenceFigures(Value):
    """Updates that were due."""

    kept: int = 0
    missed: int = 0

    @property
    def share(self) -> float | None:
        """Of those that were due, those that came in time."""
        return self.kept / (self.kept + self.missed) if self.kept + self.missed else None


class PostmortemFigures(Value):
    """Required post-mortems."""

    required: int = 0
    in_time: int = 0
    late: int = 0
    """Published after they were due."""
    overdue: int = 0
    """Due, and not published yet."""
    waiting: int = 0
    """Not due yet, and not published."""

    @property
    def share(self) -> float | None:
        """Of those that are published or due, those that were published in time."""
        due = self.in_time + self.late + self.overdue
        return self.in_time / due if due else None


class ActionTotals(Value):
    """Action items."""

    total: int = 0
    done: int = 0
    overdue: int = 0
    """Due, and not done."""
    open_age: Spread = Spread()
    """Since the open ones were promised."""

    @property
    def share(self) -> float | None:
        """Of all, those that are done."""
        return self.done / self.total if self.total else None


class InvestigationFigures(Value):
    """How investigations did."""

    answered: int = 0
    """Incidents that were looked into."""
    named: int = 0
    """Of those, the ones in which a cause was named."""
    right: int = 0
    wrong: int = 0
    """What people said of the causes, where they did."""

    @property
    def share(self) -> float | None:
        """Of those of which somebody said whether they were right, the right ones."""
        answered = self.right + self.wrong
        return self.right / answered if answered else None


class PersonLoad(Value):
    """What the incidents asked of one person."""

    person: str
    pages: int = 0
    at_night: int = 0
    """Pages between 22:00 and 06:00 on the person's own clock."""
    seconds: float = 0.0


class Goal(StrEnum):
    """What there is a target for."""

    DETECT = "detect"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    """Of the most severe incidents."""
    POSTMORTEMS = "post-mortems"


class TargetResult(Value):
    """A target and what was reached: the mean in seconds, which must be less, or for post-mortems the share, at least."""

    goal: Goal
    target: float
    reached: float | None = None
    within: float | None = None
    """The share of the single incidents that reached it."""

    @property
    def met(self) -> bool | None:
        """None where nothing was measured."""
        if self.reached is None:
            return None
        return self.reached >= self.target if self.goal is Goal.POSTMORTEMS else self.reached < self.target


class Report(Value):
    """The incidents that were declared from `since` up to, not including, `until`, in numbers."""

    since: datetime
    until: datetime
    timezone: str = "UTC"
    team: str | None = None
    declared: int = 0
    open: int = 0
    cancelled: int = 0
    """False alarms. They are in `declared`, and in none of the times."""
    reopened: int = 0
    """Incidents that were reopened at least once."""
    private: int = 0
    """So many of them are private."""
    times: Times = Times()
    targets: tuple[TargetResult, ...] = ()
    by_severity: tuple[Slice, ...] = ()
    """Most severe first."""
    by_team: tuple[Slice, ...] = ()
    """Most incidents first; "" are those of no team."""
    by_service: tuple[Slice, ...] = ()
    """Most incidents first. An incident of two services is in both."""
    by_month: tuple[Slice, ...] = ()
    """"2026-11", in order, months without incidents too."""
    bins: tuple[Bin, ...] = ()
    """The whole span in order: days up to two weeks, weeks up to three months, else months."""
    cadence: CadenceFigures = CadenceFigures()
    postmortems: PostmortemFigures = PostmortemFigures()
    actions: ActionTotals = ActionTotals()
    investigations: InvestigationFigures = InvestigationFigures()
    people: tuple[PersonLoad, ...] = ()
    """Most pages first, then most time."""
    hours: float = 0.0
    """What all people together spent, in hours."""
    declared_before: int = 0
    """Incidents of the span of the same length before `since`; what trends compare with."""
    times_before: Times = Times()
