"""Incidents, their timelines and firings in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage import codec
from storage.memory.text import Text, keep
from storage.names import searchable
from warroom.errors import Conflict
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Firing


@dataclass(frozen=True, slots=True)
class Record:
    """An incident with what it is searched by."""

    id: str
    number: int
    version: int
    origin: str
    channel: str | None
    group: str | None
    state: State
    search: str
    text: Text

    def value(self) -> Incident:
        """The incident in its stored version."""
        return codec.from_body(Incident, {**self.text.body(), "version": self.version})


@dataclass(frozen=True, slots=True)
class FiringRecord:
    """A firing with what it is found by."""

    incident_id: str
    dedup_key: str
    keys: frozenset[str]
    last_seen_at: datetime
    text: Text


@dataclass(slots=True)
class Incidents:
    """Everything that belongs to incidents, except their jobs."""

    by_id: dict[str, Record] = field(default_factory=dict)
    entries: dict[tuple[str, str], Text] = field(default_factory=dict)
    firings: dict[tuple[str, str], FiringRecord] = field(default_factory=dict)

    def require_free(self, incident: Incident) -> None:
        """Raises Conflict when another writer was faster."""
        mine = _record(incident)
        known = self.by_id.get(mine.id)
        if (known.version if known else 0) != incident.version:
            raise Conflict(f"{incident.name} is not at version {incident.version} any more. Load and decide again.")
        for other in self.by_id.values():
            same_channel = mine.channel is not None and other.channel == mine.channel
            if other.id != mine.id and (other.number == mine.number or other.origin == mine.origin or same_channel):
                raise Conflict(
                    f"The number {incident.number}, the origin {mine.origin} or the channel was taken by another writer. "
                    "Load and decide again."
                )

    def keep(self, incident: Incident) -> None:
        """Insert or replace it in its next version."""
        record = _record(incident)
        self.by_id[record.id] = record

    def newest(self, matches: Callable[[Record], bool]) -> Incident | None:
        """The one with the highest number among those that match."""
        found = max((each for each in self.by_id.values() if matches(each)), key=lambda each: each.number, default=None)
        return found.value() if found else None

    def search(self, open_only: bool, text: str, limit: int) -> list[Incident]:
        """Newest first."""
        found = [each for each in self.by_id.values() if text in each.search and (each.state.open or not open_only)]
        found.sort(key=lambda each: -each.number)
        return [each.value() for each in found[:limit]]

    def open_by_severity(self) -> tuple[tuple[str, int], ...]:
        """(severity, how many are open)."""
        found = Counter(each.value().severity for each in self.by_id.values() if each.state.open)
        return tuple(sorted(found.items()))

    def last_number(self) -> int:
        """0 when there is none."""
        return max((each.number for each in self.by_id.values()), default=0)

    def add_entry(self, entry: Entry) -> None:
        """Unless its key is known."""
        key = (codec.key(entry.incident_id), codec.key(entry.key))
        self.entries.setdefault(key, keep(codec.to_body(entry)))

    def timeline(self, incident_id: str) -> list[Entry]:
        """In order of `at`, then of arrival."""
        mine = codec.key(incident_id)
        found = [text.value(Entry) for (owner, _), text in self.entries.items() if owner == mine]
        return sorted(found, key=lambda entry: entry.at)

    def keep_firing(self, firing: Firing) -> None:
        """Insert or replace it."""
        record = FiringRecord(
            incident_id=codec.key(firing.incident_id),
            dedup_key=codec.key(firing.dedup_key),
            keys=frozenset(codec.key(each) for each in (firing.dedup_key, *firing.keys)),
            last_seen_at=firing.last_seen_at,
            text=keep(codec.to_body(firing)),
        )
        self.firings[record.incident_id, record.dedup_key] = record

    def firings_of(self, incident_id: str, limit: int) -> list[Firing]:
        """Newest `last_seen_at` first."""
        mine = codec.key(incident_id)
        found = _newest_first([each for each in self.firings.values() if each.incident_id == mine])
        return [each.text.value(Firing) for each in found[:limit]]

    def firings_for(self, keys: Sequence[str], limit: int) -> list[tuple[Firing, Incident]]:
        """Newest incident first, then newest `last_seen_at`."""
        wanted = {codec.key(key) for key in keys}
        sharing = _newest_first([each for each in self.firings.values() if wanted & each.keys])
        found = [(each, record) for each in sharing if (record := self.by_id.get(each.incident_id))]
        found.sort(key=lambda pair: -pair[1].number)
        return [(each.text.value(Firing), record.value()) for each, record in found[:limit]]


def _newest_first(firings: list[FiringRecord]) -> list[FiringRecord]:
    firings.sort(key=lambda each: each.dedup_key)
    return sorted(firings, key=lambda each: each.last_seen_at, reverse=True)


def _record(incident: Incident) -> Record:
    return Record(
        id=codec.key(incident.id),
        number=incident.number,
        version=incident.version + 1,
        origin=codec.key(incident.origin_key),
        channel=None if incident.room.channel_id is None else codec.key(incident.room.channel_id),
        group=None if incident.alert_group.key is None else codec.key(incident.alert_group.key),
        state=incident.state,
        search=searchable(incident),
        text=keep(codec.to_body(incident)),
    )
