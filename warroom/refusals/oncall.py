"""Schedules and overrides."""

from __future__ import annotations

from enum import StrEnum

from warroom.errors import Reason


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
