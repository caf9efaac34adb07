"""Runs of runbooks; what was changed, and whether the named cause was right."""

from __future__ import annotations

from typing import Literal

from warroom.changes.model import Change
from warroom.value import Stored


class RunFailed(Stored):
    """A runbook did not help, or did not begin although it should have by itself."""

    kind: Literal["run_failed"] = "run_failed"
    runbook: str
    automatic: bool = False
    begun: bool = True
    why: str = ""
    tried: tuple[str, ...] = ()
    """Ids of the steps that were done."""


class RunAsks(Stored):
    """A run of a runbook waits for people; its message, further up, has the buttons."""

    kind: Literal["run_asks"] = "run_asks"
    runbook: str
    step: str
    approval: bool = True
    """Else an answer."""
    people: tuple[str, ...] = ()
    """Who is mentioned."""


class RunSays(Stored):
    """A step of a runbook says something to the room."""

    kind: Literal["run_says"] = "run_says"
    runbook: str
    text: str


class RecentChanges(Stored):
    """Affected services were changed shortly before the incident, or during it. Newest first."""

    kind: Literal["recent_changes"] = "recent_changes"
    changes: tuple[Change, ...]


class CauseQuestion(Stored):
    """For whoever resolved it: was the cause right that the investigation named? Carries the buttons Yes and No."""

    kind: Literal["cause_question"] = "cause_question"


RunNotice = RunFailed | RunAsks | RunSays | RecentChanges | CauseQuestion
