"""Everything that a database keeps, as values one after another: what a dump yields and a load takes, whatever the engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from datetime import datetime
from typing import Any, Protocol

from warroom.changes.model import Change
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.oncall.model import FeedLink, Override, ScheduleState
from warroom.outbox.changes import (
    AlertDecision,
    Audited,
    Envelope,
    Firing,
    Quarantined,
    ReadCursor,
    ReceivedAlert,
)
from warroom.people.model import Following, Group, Person
from warroom.runbooks.run import Run, StepRun
from warroom.stores import Store
from warroom.value import Value


class Counter(Value):
    """A number about the database as a whole, by name."""

    name: str
    number: int


class Job(Value):
    """A timer (`body` None) or an effect, with everything that claims left on it.

    `due_at` None: nothing to do; while it is claimed `due_at` is the end of the lease and `due_since` when it was due.
    """

    key: str
    incident_id: str | None
    kind: str
    timer: bool
    body: dict[str, Any] | None
    """The effect as stored, of any format: one that cannot be read any more is still a dead letter."""
    priority: int
    due_at: datetime | None
    due_since: datetime | None
    leased: bool
    fence: int
    """How often it was claimed."""
    rev: int
    """How often it was asked for again."""
    attempts: int
    outcome_unknown: bool
    dead_at: datetime | None
    error: str
    created_at: datetime


class LoggedAlert(Value):
    """An accepted alert and what became of it; None: not decided yet."""

    received: ReceivedAlert
    decision: AlertDecision | None


class StoredEnvelope(Value):
    """A delivery of Slack's; `done_at` None: not worked off yet."""

    envelope: Envelope
    done_at: datetime | None


class StoredStep(Value):
    """A step of a run, and its place there."""

    run_id: str
    place: int
    step: StepRun


Record = (
    Counter
    | Person
    | Group
    | Following
    | ReadCursor
    | Incident
    | Entry
    | Job
    | LoggedAlert
    | Firing
    | StoredEnvelope
    | Quarantined
    | Audited
    | Override
    | ScheduleState
    | FeedLink
    | Change
    | Run
    | StoredStep
)


class Dump(Protocol):
    """Reading and writing everything at once."""

    def dump(self) -> AsyncGenerator[Record, None]:
        """Everything as it is at one moment; writers at work are not disturbed. Those of one kind come one after another, in
        order of arrival where that counts. Raises StoreUnavailable, Unreadable.
        """
        ...

    async def load(self, records: Iterable[tuple[int, Record]]) -> int:
        """Write all of them into an empty database, or nothing. Each comes with the number of its line, which BadExport names
        when two of them cannot both be true. Returns how many; raises NotEmpty, and whatever reading the records raises.
        """
        ...


class Database(Store, Dump, Protocol):
    """What `storage.open_store` returns."""
