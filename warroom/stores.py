"""What the war room keeps, as small protocols by subject. `Store` is all of them; its one implementation may be one object.

Whoever needs one subject takes that protocol. Every method raises StoreUnavailable when the database is away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

from warroom.changes.model import Change
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.metrics.model import IncidentFigures
from warroom.oncall.model import Calendar, FeedLink, Override, ScheduleState
from warroom.outbox.changes import (
    AlertDecision,
    Audited,
    Changeset,
    Claim,
    DeadLetter,
    Envelope,
    Firing,
    Quarantined,
    ReadCursor,
    ReceivedAlert,
    Replicas,
    StoreStats,
)
from warroom.outbox.effects import Effect
from warroom.people.model import Group, Person
from warroom.runbooks.run import Run


class IncidentTurn(Protocol):
    """Held by whoever changes an incident now."""

    incident: Incident | None
    """As the change before left it, which may not be written yet; None when it must be read."""

    async def certain(self) -> bool:
        """Returns when all that was decided before is written: whether `incident` is what the database holds."""
        ...


class Commits(Protocol):
    """The only way to change what is kept about incidents, alerts and people."""

    async def commit(self, change: Changeset) -> bool:
        """Write all of it or nothing. False when `change.envelope`, or every one of `change.received`, was known already
        (then nothing else is written either), or when one of `change.decides` was decided already. Raises Conflict when the
        incident's version, number, origin_key or channel was taken, LeaseLost when the fence of the claim result is not
        the current one.
        """
        ...

    async def commit_new(self, build: Callable[[int], Changeset]) -> Changeset | None:
        """As `commit`, for a new incident: `build` makes the changeset from its number, which is the highest so far plus one.

        Returns what was written, None where `commit` says False. `build` is called within the transaction, and again when
        that has to be repeated; it must not wait for anything.
        """
        ...

    def in_turn(
        self, incident_id: str, *, urgent: bool = False, alone: bool = False
    ) -> AbstractAsyncContextManager[IncidentTurn]:
        """Hold the incident: within this process nobody else decides about it before its change is committed, or the
        context is left. First come first served, urgent ones first.

        The next one is let in when the change is on its way to the database; with `alone` when it is there, and not before
        all that was decided earlier is there too: for decisions that read more than the incident.
        Other processes are only held off by the incident's version.
        """
        ...


class Incidents(Protocol):
    """Incidents and their timelines."""

    async def incident(self, incident_id: str) -> Incident | None: ...
    async def incident_numbered(self, number: int) -> Incident | None: ...
    async def incident_in(self, channel_id: str) -> Incident | None: ...
    async def incident_from(self, origin_key: str) -> Incident | None: ...
    async def incident_grouped(self, group_key: str) -> Incident | None:
        """The newest incident with that group key, open or not."""
        ...

    async def incidents(
        self, *, open_only: bool = False, closed_only: bool = False, text: str = "", limit: int = 50
    ) -> list[Incident]:
        """Newest first. `closed_only` leaves those that are over. `text` matches title, description and summary without case."""
        ...

    async def last_number(self) -> int:
        """The highest number given so far, 0 when there is none."""
        ...

    async def timeline(self, incident_id: str) -> list[Entry]:
        """In order of `at`, then of arrival."""
        ...


class Figures(Protocol):
    """What is measured of incidents."""

    async def figures(self, since: datetime, until: datetime) -> list[IncidentFigures]:
        """Of every incident declared from `since` up to, not including, `until`, private ones too; oldest first."""
        ...

    async def measure(self, limit: int) -> int:
        """Measure so many incidents at most that changed since they were measured, or were measured by an earlier release, so
        that no report has to. Returns how many there were.
        """
        ...


class FullText(Protocol):
    """The words of incidents: of title, description and summary. Words are compared in their English forms."""

    async def ended_with(self, words: Sequence[str], limit: int) -> list[Incident]:
        """Resolved or closed ones with any of the words, best first. No private ones."""
        ...

    async def count_with(self, groups: Sequence[Sequence[str]]) -> list[int]:
        """For each group of words: how many incidents have any of them, private ones too."""
        ...


class AlertLog(Protocol):
    """Alerts as they arrived, what became of them, what fires, and how far alert channels were read."""

    async def pending_alerts(self, limit: int) -> list[ReceivedAlert]:
        """Accepted and not decided yet, in order of arrival."""
        ...

    async def alerts(self, limit: int = 50) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
        """The last that were accepted, newest first, with what became of them; None: not decided yet."""
        ...

    async def alerts_after(
        self, seq: int, since: datetime, limit: int
    ) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
        """Those that were accepted after that one (0: the first) and not before `since`, in order of arrival."""
        ...

    async def firings(self, incident_id: str, limit: int = 100) -> list[Firing]:
        """Newest `last_seen_at` first."""
        ...

    async def firings_for(self, keys: Sequence[str], limit: int = 10) -> list[tuple[Firing, Incident]]:
        """Those that share any of the keys, with their incidents, newest incident first."""
        ...

    async def quarantined(self, limit: int = 50) -> list[Quarantined]:
        """What could not be used, newest first."""
        ...

    async def quarantined_as(self, quarantine_id: str) -> Quarantined | None: ...

    async def read_cursors(self) -> list[ReadCursor]:
        """Of every channel that was ever read, by id."""
        ...


class ServiceChanges(Protocol):
    """What was changed in what runs. It is stored by `Commits.commit`."""

    async def service_changes(
        self, since: datetime, until: datetime, services: Sequence[str] = (), limit: int = 50
    ) -> list[Change]:
        """Those between the two times, both included, newest first; of these services, or of all. Services are compared as people
        type them: without case, spaces and punctuation.
        """
        ...


class People(Protocol):
    """The cached directory. Names are compared in the form that `warroom.people.model.normal` gives them."""

    async def person(self, user_id: str) -> Person | None: ...
    async def people_by_email(self, email: str) -> list[Person]:
        """Compared without case; nobody for an empty one."""
        ...

    async def people_by_id(self, user_ids: Sequence[str]) -> list[Person]:
        """Those that are known, by id."""
        ...

    async def people_by_name(self, normal: str) -> list[Person]:
        """Whoever has it as display, real or user name, or before the @ of the email; by id."""
        ...

    async def people_after(self, user_id: str, limit: int) -> list[Person]:
        """The directory in pages ordered by id, "" first."""
        ...

    async def group(self, id_or_handle: str) -> Group | None:
        """By id, or by normalised handle; an enabled one before a disabled one."""
        ...

    async def followers(self, team: str | None, severity: str) -> list[str]:
        """Ids of everybody who follows every new incident of that team or of that severity, in order."""
        ...

    async def directory_version(self) -> tuple[int, bool]:
        """(a number that grows with every change of people or groups, whether a complete read ever ended)."""
        ...


class OnCall(Protocol):
    """What people changed about schedules, and what was last said about them."""

    async def override(self, override_id: str) -> Override | None: ...

    async def overrides(self, since: datetime, until: datetime) -> list[Override]:
        """Those of all schedules and states that touch the time from `since` up to `until`, by start."""
        ...

    async def schedule_state(self, schedule: str) -> ScheduleState | None:
        """Of the schedule with that key; None when it was never looked at."""
        ...

    async def calendar(self, schedule: str) -> Calendar | None:
        """Of the schedule with that key; None when nobody ever tried to read it."""
        ...


class Runs(Protocol):
    """Runs of runbooks, each with all its steps. They are stored by `Commits.commit`."""

    async def run(self, run_id: str) -> Run | None: ...

    async def runs(self, incident_id: str, limit: int = 50) -> list[Run]:
        """Of one incident, newest first."""
        ...

    async def active_runs(self, incident_id: str | None = None) -> list[Run]:
        """Those that are not over, of one incident or of all, oldest first."""
        ...

    async def held_targets(self) -> dict[str, str]:
        """By target: the id of the run that holds it."""
        ...

    async def times_changed(self, target: str, since: datetime) -> list[datetime]:
        """When runs first changed that target, each run once, since that time; oldest first."""
        ...


class FeedLinks(Protocol):
    """Links under which people's calendars read shifts."""

    async def feed_link(self, link_id: str) -> FeedLink | None:
        """By id; None for one that never was, or was revoked."""
        ...

    async def feed_links(self, person: str | None = None) -> list[FeedLink]:
        """Everything that somebody has, oldest first; without a person everybody's."""
        ...


class Inbox(Protocol):
    """What Slack delivered; it is stored and marked as done by `Commits.commit`."""

    async def pending_envelopes(self, limit: int = 500) -> list[Envelope]:
        """Stored and not worked off, in order of arrival."""
        ...


class Outbox(Protocol):
    """Timers and effects. They are put in and ended by `Commits.commit`."""

    async def claim(self, *, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        """Take due timers and effects, lowest priority number first, then longest due. Nobody else gets them before the lease
        ends. An effect that cannot be read becomes a dead letter; one that a newer version wrote is left to that version.
        """
        ...

    async def hold(self, claim: Claim, until: datetime) -> bool:
        """The claim's lease ends later, for what takes long; False when it is not ours any more. Raises StoreUnavailable."""
        ...

    async def waiting_posts(self, incident_id: str) -> list[tuple[datetime, Effect]]:
        """What is still to be said about the incident, in the order in which it was asked for, with the time of that."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next timer or effect (or lease) is due, or None."""
        ...

    async def release_stale_leases(self, now: datetime, lands_within: timedelta) -> int:
        """Make due, as outcome unknown, what a process that died had claimed: what changes nothing outside at once, everything else
        `lands_within` later, for the dead one's last request may still take effect. Returns how many; called before the first claim.

        Does nothing (0) where several processes share the database: there the lease must run out.
        """
        ...

    async def reset_after_clock_change(self, now: datetime, lease: timedelta) -> int:
        """Make due what is due in more than FARTHEST, for the clock was ahead when it was put off: effects at once, what is
        leased when a lease from now ends. Timers that nobody has claimed are dates and stay. Returns how many.
        """
        ...

    async def dead_letters(self, limit: int = 50) -> list[DeadLetter]:
        """Effects that failed for good, newest first."""
        ...

    async def requeue(self, keys: Sequence[str], now: datetime) -> list[str]:
        """Make dead letters due again, as outcome unknown: they may have happened. Returns the keys of those that were dead."""
        ...


class Processes(Protocol):
    """The processes that share the database."""

    async def heartbeat(self, me: str, limited: Mapping[str, datetime]) -> Replicas:
        """Say that this process lives, and which methods Slack told it not to call until when; read the same of the others.

        In a database that only one process may use there are no others.
        """
        ...

    async def last_heartbeat(self) -> timedelta | None:
        """How long ago a process last said that it lives, by the database's own clock; None when every one ended, or none began.

        A process says so every ten seconds at least.
        """
        ...

    async def deregister(self, me: str) -> None:
        """That process ends; the others stop counting it at once."""
        ...


class Operations(Protocol):
    """What whoever runs the bot asks."""

    async def audit(self, incident: str | None = None, limit: int = 50) -> list[Audited]:
        """Who did what, newest first; about one incident ("INC-12") or everything."""
        ...

    async def store_stats(self) -> StoreStats:
        """Counts: what is open, waiting, dead or quarantined."""
        ...

    async def purge(self, before: datetime) -> int:
        """Delete deliveries, finished work and dropped alerts that are over since before that time, days ago. In rows."""
        ...

    async def ready(self) -> None:
        """Returns when the database answers and its schema is ours; raises StoreUnavailable otherwise."""
        ...

    async def check_writable(self) -> None:
        """Returns when a transaction that writes was committed; it leaves nothing behind. Raises StoreUnavailable when the
        disk is full, the database read-only or its write lock held by somebody else.
        """
        ...

    async def close(self) -> None: ...


class Store(
    Commits,
    Incidents,
    Figures,
    FullText,
    AlertLog,
    ServiceChanges,
    People,
    OnCall,
    Runs,
    FeedLinks,
    Inbox,
    Outbox,
    Processes,
    Operations,
    Protocol,
):
    """Everything that is kept."""
