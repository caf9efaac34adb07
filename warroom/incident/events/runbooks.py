"""Runs of runbooks; what was changed, and why it is broken."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from warroom.incident.events.base import EventBase


class _RunbookEvent(EventBase):
    run: int
    """The first run of the incident is 1."""
    runbook: str
    """Its name."""


class RunbookBegun(_RunbookEvent):
    """A runbook is run; `automatic` says that nobody asked for it."""

    kind: Literal["runbook_begun"] = "runbook_begun"
    why: tuple[str, ...] = ()
    automatic: bool = False
    inputs: dict[str, str] = Field(default_factory=dict)
    undo: bool = False
    """What a run had done before it was stopped is taken back."""


class RunbookStep(_RunbookEvent):
    """A step of a runbook has ended, or it is not known whether it has."""

    kind: Literal["runbook_step"] = "runbook_step"
    step: str
    state: str
    """done, failed, skipped, stopped, undone or unclear."""
    text: str = ""


class RunbookApproval(_RunbookEvent):
    """Somebody is asked to agree to a step, or has answered."""

    kind: Literal["runbook_approval"] = "runbook_approval"
    step: str
    what: str
    """asked, approved, declined or expired."""
    plan: tuple[str, ...] = ()
    """Exactly what would be done."""


class RunbookAnswered(_RunbookEvent):
    """Somebody answered a question of a runbook."""

    kind: Literal["runbook_answered"] = "runbook_answered"
    step: str
    question: str
    answer: str


class BoxTicked(_RunbookEvent):
    """Somebody ticked a box of a checklist, or took the tick back."""

    kind: Literal["box_ticked"] = "box_ticked"
    text: str
    done: bool = True


class RunbookEnded(_RunbookEvent):
    """A run is over."""

    kind: Literal["runbook_ended"] = "runbook_ended"
    outcome: str
    """succeeded, failed or stopped."""
    verified: bool = False
    """It was seen that the service does again what it promises."""
    why: str = ""
    done: tuple[str, ...] = ()
    not_done: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    """Of these it is not known whether they were done."""


class ServiceChanged(EventBase):
    """An affected service was changed shortly before the incident, or during it."""

    kind: Literal["service_changed"] = "service_changed"
    change: str
    """Its id."""
    service: str
    what: str
    """Such as "deployment"."""
    version: str = ""
    environment: str = ""
    author: str = ""
    text: str = ""
    at: datetime


class Investigated(EventBase):
    """It was looked into why it is broken."""

    kind: Literal["investigated"] = "investigated"
    service: str
    """Where it was noticed."""
    cause: str = ""
    """The service that is most likely the cause; "" where nothing stood out."""
    signal: str = ""
    change: str = ""
    """The change that brought it, such as "deployment 1.4.2: Cache bodies"; "" where none was named."""
    confidence: float = 0.0
    automatic: bool = False
    """The policy wanted it."""
    missed: int = 0
    """How many sources did not answer."""


class CauseAnswered(EventBase):
    """Somebody said whether the cause that an investigation named was right."""

    kind: Literal["cause_judged"] = "cause_judged"  # as it is stored
    cause: str
    right: bool


RunEvent = (
    RunbookBegun
    | RunbookStep
    | RunbookApproval
    | RunbookAnswered
    | BoxTicked
    | RunbookEnded
    | ServiceChanged
    | Investigated
    | CauseAnswered
)
