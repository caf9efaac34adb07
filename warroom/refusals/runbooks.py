"""Runbooks and the investigation."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from warroom.errors import Reason


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


class Investigating(Reason):
    """It is being looked into already."""

    incident: str


class NoCauseNamed(Reason):
    """No investigation named a cause."""

    incident: str


class CauseAnsweredBefore(Reason):
    """Somebody said whether the cause was right."""

    incident: str
    right: bool
    by: str | None


RunRefusal = RunbookRefused | Investigating | NoCauseNamed | CauseAnsweredBefore
