"""What the war room needs from the world, as protocols it owns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from warroom.errors import Refused
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.order import PLACE
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
from warroom.outbox.effects import Effect, ExternalEffect
from warroom.outbox.results import ExternalResult
from warroom.people.model import Group, Person
from warroom.people.resolution import Directory
from warroom.policy import Policy
from warroom.refusals import MenuOutdated
from warroom.value import Value


class Clock(Protocol):
    """The time, injected."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...


class PeopleStore(Protocol):
    """The cached directory. Comparison keys are `warroom.people.normal` of the name."""

    async def person(self, user_id: str) -> Person | None: ...
    async def people_by_email(self, email: str) -> list[Person]:
        """Compared without case."""
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
        """By id, or by normalised handle."""
        ...

    async def directory_version(self) -> tuple[int, bool]:
        """(a number that grows with every change of people or groups, whether a whole read ever ended)."""
        ...


class IncidentTurn(Protocol):
    """Held by whoever changes an incident now."""

    incident: Incident | None
    """As the change before left it, which may not be written yet; None when it must be read."""

    async def certain(self) -> bool:
        """Returns when all that was decided before is written: whether `incident` is what the record says."""
        ...


class Store(PeopleStore, Protocol):
    """The record. `commit` is the only way to write state; `claim` takes work.

    Every method raises StoreUnavailable when the database is away.
    """

    async def commit(self, change: Changeset) -> bool:
        """Write all of it or nothing. False when `change.envelope`, or every one of `change.received`, was known already
        (then nothing else is written either), or when `change.judges` was judged already. Raises Conflict when the
        incident's version, number or origin_key was taken, LeaseLost when the settlement's fence is not current.
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

        The next one is let in when the change is on its way to the record; with `alone` when it is there, and not before
        all that was decided earlier is there too: for decisions that read more of the record than the incident.
        Other processes are only held off by the incident's version.
        """
        ...

    async def incident(self, incident_id: str) -> Incident | None: ...
    async def incident_numbered(self, number: int) -> Incident | None: ...
    async def incident_in(self, channel_id: str) -> Incident | None: ...
    async def incident_from(self, origin_key: str) -> Incident | None: ...
    async def incident_grouped(self, group_key: str) -> Incident | None:
        """The newest incident with that group key, open or not."""
        ...

    async def incidents(self, *, open_only: bool = False, text: str = "", limit: int = 50) -> list[Incident]:
        """Newest first. `text` matches title, description and summary without case."""
        ...

    async def last_number(self) -> int:
        """The highest number given so far, 0 when there is none."""
        ...

    async def timeline(self, incident_id: str) -> list[Entry]:
        """In order of `at`, then of arrival."""
        ...

    async def firings(self, incident_id: str, limit: int = 100) -> list[Firing]:
        """Newest `last_seen_at` first."""
        ...

    async def firings_for(self, keys: Sequence[str], limit: int = 10) -> list[tuple[Firing, Incident]]:
        """Those that share any of the keys, with their incidents, newest incident first."""
        ...

    async def pending_alerts(self, limit: int) -> list[ReceivedAlert]:
        """Accepted and not judged yet, in order of arrival."""
        ...

    async def alerts(self, limit: int = 50) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
        """The last that were accepted, newest first, with what became of them; None: not judged yet."""
        ...

    async def quarantined(self, limit: int = 50) -> list[Quarantined]:
        """What could not be used, newest first."""
        ...

    async def quarantined_as(self, quarantine_id: str) -> Quarantined | None: ...

    async def read_cursors(self) -> list[ReadCursor]:
        """Of every channel that was ever read, by id."""
        ...

    async def pending_envelopes(self, limit: int = 500) -> list[Envelope]:
        """Stored and not worked off, in order of arrival."""
        ...

    async def claim(self, *, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        """Take due timers and effects, lowest priority number first, then longest due. Nobody else gets them before the lease ends."""
        ...

    async def purge(self, before: datetime) -> int:
        """Delete deliveries, finished work and dropped alerts that are over since before that time, days ago. In rows."""
        ...

    async def release_stale_leases(self, now: datetime) -> int:
        """Make due, with an unknown outcome, what a process that died had claimed. Returns how many; called before the first claim.

        Does nothing (0) in a record that several processes share: there the lease must run out.
        """
        ...

    async def reset_after_clock_change(self, now: datetime, lease: timedelta) -> int:
        """Make due what is due in more than FARTHEST, for the clock was ahead when it was put off: effects at once, what is
        leased when a lease from now ends. Timers that nobody has claimed are dates and stay. Returns how many.
        """
        ...

    async def heartbeat(self, me: str, limited: Mapping[str, datetime]) -> Replicas:
        """Say that this process lives, and which methods Slack told it to leave alone until when; hear the same of the others.

        A record that only one process may use knows no others.
        """
        ...

    async def deregister(self, me: str) -> None:
        """That process ends: the others need not reckon with it any more."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next timer or effect (or lease) is due, or None."""
        ...

    async def dead_letters(self, limit: int = 50) -> list[DeadLetter]:
        """Effects that failed for good, newest first."""
        ...

    async def requeue(self, keys: Sequence[str], now: datetime) -> list[str]:
        """Make dead letters due again, with an unknown outcome: they may have happened. Returns the keys of those there were."""
        ...

    async def audit(self, incident: str | None = None, limit: int = 50) -> list[Audited]:
        """Who did what, newest first; about one incident ("INC-12") or everything."""
        ...

    async def store_stats(self) -> StoreStats:
        """How the record is, in numbers."""
        ...

    async def ready(self) -> None:
        """Returns when the database answers and its schema is ours; raises StoreUnavailable otherwise."""
        ...

    async def close(self) -> None: ...


class Message(Value):
    """A message of the workspace as far as the timeline needs it."""

    ts: str
    user: str | None
    text: str
    permalink: str | None = None


class Rooms(Protocol):
    """What can be read from the chat."""

    async def message(self, channel_id: str, ts: str) -> Message | None:
        """The message, in a thread or not; None when it is gone or cannot be seen. Raises Retryable or Rejected."""
        ...

    async def permalink(self, channel_id: str, ts: str) -> str | None: ...


class Reactions(Protocol):
    """What the integrations do about what happens; see `warroom.integration`. All but `choose` are pure."""

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]: ...
    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision: ...
    def on_failure(self, incident: Incident, effect: ExternalEffect) -> tuple[Incident, str]: ...
    async def choose(self, world: World, incident_id: str, chosen: str, by: str) -> None: ...


class NoIntegrations:
    """There are none."""

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]:
        return ()

    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision:
        return Decision(incident, quiet=True)

    def on_failure(self, incident: Incident, effect: ExternalEffect) -> tuple[Incident, str]:
        return incident, f"{effect.label} could not be done"

    async def choose(self, world: World, incident_id: str, chosen: str, by: str) -> None:
        raise Refused(MenuOutdated())


@dataclass(frozen=True, slots=True)
class World:
    """Everything a use case may touch."""

    store: Store
    directory: Directory
    policy: Policy
    clock: Clock
    rooms: Rooms
    nudge: Callable[[], None]
    """Wakes the dispatcher; called after every commit."""
    integrations: Reactions = field(default_factory=NoIntegrations)

    async def commit(self, change: Changeset) -> bool:
        """Store.commit, then the nudge."""
        written = await self.store.commit(change)
        self.nudge()
        return written

    async def commit_new(self, build: Callable[[int], Changeset]) -> Changeset | None:
        """Store.commit_new, then the nudge."""
        written = await self.store.commit_new(build)
        self.nudge()
        return written

    @asynccontextmanager
    async def in_turn(
        self, incident_id: str, *, urgent: bool = False, alone: bool = False
    ) -> AsyncIterator[IncidentTurn]:
        """Store.in_turn, in the order in which people acted."""
        place = PLACE.get()
        if place is not None:
            await place.reached()
            # Whoever is next runs after this task has joined the queue: there is no wait in between.
            place.left()
        async with self.store.in_turn(incident_id, urgent=urgent, alone=alone) as turn:
            yield turn
