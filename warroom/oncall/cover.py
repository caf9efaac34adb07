"""Cover: somebody is on call in place of whom the schedule names. What may be done with an override, and what follows. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from warroom.errors import AlreadyDone, Refused
from warroom.oncall.model import Override, OverrideState
from warroom.refusals import OnCallProblem, OnCallRefused

LONGEST = timedelta(days=92)
"""Nobody means to cover for longer; it is a slip of the finger."""


def wanted(override: Override, now: datetime) -> Override:
    """The override as it may be made. Raises Refused."""
    if override.end <= override.start:
        raise _refused(override, OnCallProblem.PERIOD_UNCLEAR)
    if override.end <= now:
        raise _refused(override, OnCallProblem.IN_PAST)
    if override.end - override.start > LONGEST:
        raise _refused(override, OnCallProblem.TOO_LONG)
    return override.copy_with(start=max(override.start, now))


def taken(override: Override, by: str, now: datetime) -> Override:
    """`by` is on call from now on. Raises Refused, AlreadyDone."""
    if override.state is OverrideState.TAKEN:
        raise AlreadyDone(_why(override, OnCallProblem.TAKEN, override.person))
    if override.state is OverrideState.UNDONE:
        raise _refused(override, OnCallProblem.UNDONE, override.undone_by)
    if override.end <= now:
        raise _refused(override, OnCallProblem.OVER)
    if override.asked is not None and override.asked != by:
        raise _refused(override, OnCallProblem.ASKED_OTHER, override.asked)
    if override.by == by and override.swapped_with is None:
        raise _refused(override, OnCallProblem.OWN_REQUEST)
    # When it was taken decides between two that overlap; before it, whoever the schedule names was on call.
    return override.copy_with(
        state=OverrideState.TAKEN, person=override.person or by, start=max(override.start, now), made_at=now
    )


def undone(override: Override, by: str, now: datetime) -> Override:
    """It does not hold any more from now on; what was before stays as it was. Raises Refused, AlreadyDone."""
    if override.state is OverrideState.UNDONE:
        raise AlreadyDone(_why(override, OnCallProblem.UNDONE, override.undone_by))
    if override.end <= now:
        raise _refused(override, OnCallProblem.OVER)
    if override.state is OverrideState.TAKEN and override.start < now:
        return override.copy_with(end=now, undone_by=by)
    return override.copy_with(state=OverrideState.UNDONE, undone_by=by)


def _why(override: Override, problem: OnCallProblem, person: str | None = None) -> OnCallRefused:
    return OnCallRefused(problem=problem, schedule=override.schedule, person=person)


def _refused(override: Override, problem: OnCallProblem, person: str | None = None) -> Refused:
    return Refused(_why(override, problem, person))
