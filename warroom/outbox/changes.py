"""What one commit writes: everything or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field

from warroom.alerts.model import Alert, AlertState
from warroom.changes.model import Change
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.oncall.model import Calendar, FeedLink, Override, ScheduleState
from warroom.outbox.effects import Effect
from warroom.people.model import Following, Group, Person
from warroom.runbooks.run import Run
from warroom.value import Stored, Value

WORKSPACE = "workspace"
"""Stands where the id of an incident stands, in timers that are about none."""


class Timer(Value):
    """A reminder to look at an incident again; `due_at` None disarms it. One per (incident, kind)."""

    incident_id: str
    kind: str
    due_at: datetime | None
    priority: int = 50


class Envelope(Value):
    """Something Slack delivered, kept until it is worked off. `key` is unique: event id, trigger id."""

    key: str
    kind: str
    body: dict[str, Any]
    received_at: datetime


class AlertOutcome(StrEnum):
    """What became of an alert."""

    OPENED = "opened"
    ATTACHED = "attached"
    RECOVERED = "recovered"
    DROPPED = "dropped"
    IGNORED = "ignored"
    """Nothing to do: a recovery of something we never knew, or one older than the newest trigger."""


class ReceivedAlert(Value):
    """An alert as it was accepted. `delivery_id` is unique: the same delivery twice is stored once."""

    alert: Alert
    received_at: datetime
    source: str = "webhook"
    seq: int = 0
    """Order of arrival, given by the store."""


class AlertDecision(Value):
    """What became of a received alert, and why."""

    delivery_id: str
    outcome: AlertOutcome
    incident_id: str | None = None
    rule: str | None = None
    why: str = ""


class Quarantined(Value):
    """Something that arrived and could not be used, kept with its full body. `id` is made of it: the same again is the same one."""

    id: str
    received_at: datetime
    source: str
    content_type: str
    reason: str
    body: bytes


class ReadCursor(Value):
    """Up to where a channel that alerts are posted in was read; `name` is how the policy calls it."""

    channel_id: str
    name: str
    ts: str
    """Slack's time of the last message that was read."""


class Firing(Stored):
    """One thing that fires (a monitor's group) within one incident. Unique by (incident, dedup_key)."""

    incident_id: str
    dedup_key: str
    keys: tuple[str, ...]
    title: str
    link: str | None = None
    monitor_id: str | None = None
    state: AlertState
    count: int = 1
    changes: int = 0
    """How often it went between firing and recovered."""
    first_seen_at: datetime
    first_fired_at: datetime | None = None
    """The trigger that started it, by the sender's clock; None where an earlier release stored it."""
    last_seen_at: datetime
    last_fired_at: datetime
    """The newest trigger by the sender's clock; an older recovery closes nothing."""
    recovered_at: datetime | None = None
    """The newest recovery by the sender's clock; an older trigger that comes late fires nothing."""
    hosts: tuple[str, ...] = ()
    """The hosts it is about; else what its monitor groups by ("service:api")."""
    polled: bool = False
    """Only known from asking so far; the delivery that tells of the very same is not counted again."""


class ClaimOutcome(StrEnum):
    """How a claim ends."""

    DONE = "done"
    RETRY = "retry"
    DEAD = "dead"


class ClaimResult(Value):
    """The end of a claim. The store refuses it with LeaseLost when `fence` is no longer the current one.

    DONE of a coalescing effect that was asked for again meanwhile (another `rev`) makes it due at once.
    """

    key: str
    fence: int
    rev: int
    outcome: ClaimOutcome
    retry_at: datetime | None = None
    error: str = ""
    outcome_unknown: bool = False


class Claim(Value):
    """A timer or effect that is ours until the lease runs out."""

    key: str
    fence: int
    rev: int
    attempts: int
    """1 on the first try."""
    outcome_unknown: bool
    """An earlier try may have happened: it was cut off, timed out or died. Look before doing it again."""
    created_at: datetime
    due_at: datetime
    """When it was due (not the end of the lease)."""
    incident_id: str | None
    timer: str | None = None
    """The timer's kind, or None for an effect."""
    effect: Effect | None = None
    error: str = ""
    """Why the last try failed."""
    taken_at: datetime | None = None
    """When it became ours, which its lease counts from; None where that is now."""


class DeadLetter(Value):
    """An effect that failed for good, or a timer at which Warroom itself failed again and again."""

    key: str
    kind: str
    incident_id: str | None
    error: str
    attempts: int
    at: datetime


class Audited(Value):
    """Somebody did something, or tried to."""

    at: datetime
    by: str
    """A Slack user id, or "command line"."""
    what: str
    """The kind of gesture and its name: "command update", "button incident.acknowledge", "form form.severity"."""
    incident: str | None = None
    """As people call it: "INC-12"."""
    channel: str | None = None
    said: str = ""
    """What was typed or chosen."""
    result: str
    """"done", or why not."""


class StoreStats(Value):
    """Counts: what is open, what waits, what failed for good."""

    open_incidents: tuple[tuple[str, int], ...] = ()
    """(severity, how many)."""
    waiting: int = 0
    """Effects not done yet, those at work too."""
    waiting_since: datetime | None = None
    """When the oldest of them was asked for."""
    dead_letters: int = 0
    undecided: int = 0
    """Alerts accepted and not decided yet."""
    quarantined: int = 0


FARTHEST = timedelta(minutes=10)
"""No effect is put off longer. What is due later than that was put off by a clock that was wrong; see `Outbox.reset_after_clock_change`."""


LANDS_WITHIN = timedelta(seconds=2)
"""A request of which the answer was lost may take effect so much later; nobody looks for it sooner."""


class Replicas(Value):
    """The processes that share the database, as one of them sees it."""

    active: int = 1
    """How many there are, the asking one among them."""
    limited: dict[str, datetime] = Field(default_factory=dict)
    """Methods that Slack told one of them not to call, and until when."""


class Changeset(Value):
    """One transaction. `incident` with version 0 is inserted, otherwise replaced where the version still matches."""

    now: datetime
    incident: Incident | None = None
    entries: tuple[Entry, ...] = ()
    timers: tuple[Timer, ...] = ()
    effects: tuple[Effect, ...] = ()
    received: tuple[ReceivedAlert, ...] = ()
    alert_decisions: tuple[AlertDecision, ...] = ()
    decides: tuple[str, ...] = ()
    """The delivery ids of the alerts that this is all about: when one is decided already, nothing is written."""
    firings: tuple[Firing, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    released: tuple[str, ...] = ()
    """Ids of what can leave the quarantine."""
    read_cursors: tuple[ReadCursor, ...] = ()
    """A cursor never moves back."""
    audited: tuple[Audited, ...] = ()
    service_changes: tuple[Change, ...] = ()
    """What was changed in what runs; one that is known stays as it is."""
    envelope: Envelope | None = None
    envelope_done: str | None = None
    claim_result: ClaimResult | None = None
    people: tuple[Person, ...] = ()
    groups: tuple[Group, ...] = ()
    followed: tuple[Following, ...] = ()
    unfollowed: tuple[Following, ...] = ()
    overrides: tuple[Override, ...] = ()
    """Each is inserted with version 0, otherwise replaced where the version still matches; Conflict where it does not."""
    schedule_states: tuple[ScheduleState, ...] = ()
    """As `overrides`."""
    calendars: tuple[Calendar, ...] = ()
    """Each takes the place of the one that is known; of two processes that read it the last one holds."""
    runs: tuple[Run, ...] = ()
    """As `overrides`; Conflict also where another run holds one of its targets."""
    feed_links: tuple[FeedLink, ...] = ()
    revoked_feed_links: tuple[str, ...] = ()
    """Ids of links that are not valid any more."""
    beside: Changeset | None = None
    """What is written about a second incident in the same transaction; only its incident, entries, timers, effects and firings."""
    moved_firings: tuple[tuple[str, str], ...] = ()
    """(incident id, dedup key) of firings that are removed, for they are in `beside` or in `firings`."""
    directory_complete: bool = False
    """True when a complete read of the workspace ended: the directory is known to be complete from now on."""
