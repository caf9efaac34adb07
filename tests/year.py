"""A year of incidents, made up but the same every time: each with its timeline, alerts, post-mortem and action items.

Each comes with what happened in plain lists (`Happened`), from which tests compute figures in their own way.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from warroom.alerts.model import AlertState
from warroom.incident import events
from warroom.incident.model import Incident, Origin, State
from warroom.incident.parts import ActionItem, Participants
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Changeset, Firing
from warroom.people.model import Person
from warroom.postmortem.model import Postmortem
from warroom.stores import Store

START = datetime(2025, 11, 1, tzinfo=UTC)
END = START + timedelta(days=365)
SEVERITIES = {"SEV-1": (5, 15, 48), "SEV-2": (15, 30, 48), "SEV-3": (60, 60, None), "SEV-4": (240, None, None)}
"""Minutes to acknowledge, minutes between updates, hours for the post-mortem."""
TEAMS = {"platform": ("api", "checkout"), "data": ("pipeline",), "web": ("frontend", "search", "cdn")}
PEOPLE = {
    "UADA": "Europe/Berlin",
    "UBEN": "America/New_York",
    "UCHO": "Asia/Tokyo",
    "UDIA": "Australia/Sydney",
    "UEVE": None,
}
ZONE = "Europe/Berlin"


@dataclass
class Happened:
    """One incident as a list of facts."""

    number: int
    severity: str
    team: str | None
    services: tuple[str, ...]
    private: bool
    people: tuple[str, ...]
    declared: datetime
    alert: datetime | None = None
    acknowledged: datetime | None = None
    mitigated: datetime | None = None
    resolved: datetime | None = None
    cancelled: bool = False
    reopened: bool = False
    in_time: int = 0
    missed: int = 0
    pages: list[tuple[datetime, str]] = field(default_factory=list)
    acts: list[tuple[datetime, str]] = field(default_factory=list)
    required_by: datetime | None = None
    published: datetime | None = None
    items: list[tuple[datetime, datetime | None, datetime | None]] = field(default_factory=list)
    """(promised, due, done)"""


async def store_year(store: Store, count: int = 2000, seed: int = 15) -> list[Happened]:
    """So many incidents within the year, in the store; what happened in each."""
    await store.commit(
        Changeset(now=START, people=tuple(Person(id=user, name=user, tz=zone) for user, zone in PEOPLE.items()))
    )
    chance = random.Random(seed)  # noqa: S311  # the same year every time
    moments = sorted(START + timedelta(seconds=chance.randrange(365 * 86_400)) for _ in range(count))
    found = []
    for number, declared in enumerate(moments, 1):
        happened, change = _one(chance, number, declared)
        await store.commit(change)
        found.append(happened)
    return found


def _one(chance: random.Random, number: int, declared: datetime) -> tuple[Happened, Changeset]:
    severity = chance.choices(list(SEVERITIES), (1, 3, 5, 2))[0]
    within, every, hours = SEVERITIES[severity]
    team = chance.choice([*TEAMS, None])
    services = tuple(sorted(chance.sample(TEAMS[team], chance.randint(0, len(TEAMS[team]))))) if team else ()
    people = tuple(chance.sample(list(PEOPLE), 2))
    told = Happened(number, severity, team, services, chance.random() < 0.1, people, declared)
    entries: list[Entry] = []

    def record(event: events.Event, at: datetime, by: str | None = None) -> None:
        key = f"{number}:{len(entries)}"
        entries.append(Entry(incident_id=f"y{number}", key=key, at=at, event=event, by=by))
        if by is not None:
            told.acts.append((at, by))

    firings: tuple[Firing, ...] = ()
    if chance.random() < 0.7:
        told.alert = declared - timedelta(seconds=chance.randrange(5, 900))
        firings = (_firing(number, told.alert, declared),)
    record(events.Declared(title="something broke"), declared, None if told.alert else people[0])
    record(events.PeoplePaged(paged=people[:1], level=1, reason=events.PageReason.DECLARED), declared)
    told.pages.append((declared, people[0]))
    now = declared + timedelta(seconds=chance.randrange(20, within * 90))
    if now - declared > timedelta(minutes=within):
        late = declared + timedelta(minutes=within)
        record(events.AcknowledgementOverdue(paged=people), late)
        told.pages += [(late, person) for person in people]
    if chance.random() < 0.12:
        told.cancelled = True
        record(events.Cancelled(why="no harm"), now, people[1])
    elif chance.random() < 0.98:
        told.acknowledged = now
        record(events.Acknowledged(), now, people[1])
        now = _updates(chance, told, record, now, every)
        _end(chance, told, record, now, hours)
    return told, _changeset(told, entries, firings)


def _updates(chance: random.Random, told: Happened, record: object, now: datetime, every: int | None) -> datetime:
    assert callable(record)
    if every is None:
        return now + timedelta(minutes=chance.randrange(5, 600))
    step = timedelta(minutes=every)
    for _ in range(chance.randrange(4)):
        if chance.random() < 0.75:
            now += step * chance.uniform(0.2, 0.9)
            told.in_time += 1
        else:
            for missed in range(1, chance.randrange(2, 4)):
                now += step
                record(events.UpdateMissed(missed=missed), now)
                told.missed += 1
            now += step * 0.3
        record(events.UpdatePosted(text="still at it", next_due_at=now + step), now, told.people[1])
    return now + step * chance.uniform(0.1, 0.9)


def _end(chance: random.Random, told: Happened, record: object, now: datetime, hours: int | None) -> None:
    assert callable(record)
    if chance.random() < 0.03:
        return
    if chance.random() < 0.5:
        told.mitigated = now
        record(events.Mitigated(), now, told.people[0])
        now += timedelta(minutes=chance.randrange(1, 200))
    if chance.random() < 0.08:
        record(events.Resolved(), now, told.people[1])
        now += timedelta(minutes=chance.randrange(10, 100))
        record(events.Reopened(), now, told.people[0])
        told.reopened, told.mitigated = True, None
        now += timedelta(minutes=chance.randrange(10, 100))
    told.resolved = now
    record(events.Resolved(summary="rolled back"), now, told.people[1])
    for _ in range(chance.choice((0, 0, 1, 2))):
        made = now + timedelta(minutes=chance.randrange(0, 300))
        due = made + timedelta(days=chance.randrange(1, 40)) if chance.random() < 0.8 else None
        done = made + timedelta(days=chance.randrange(1, 50)) if chance.random() < 0.6 else None
        told.items.append((made, due, done))
        record(events.ActionAdded(text="raise the limit"), made, told.people[0])
    if hours is not None:
        told.required_by = now + timedelta(hours=hours)
        if chance.random() < 0.85:
            told.published = now + timedelta(hours=chance.randrange(2, 70))
            record(events.PostmortemPublished(), told.published, told.people[0])


def _firing(number: int, at: datetime, seen: datetime) -> Firing:
    return Firing(
        incident_id=f"y{number}",
        dedup_key=f"k{number}",
        keys=(f"k{number}",),
        title="High error rate",
        monitor_id=str(number % 40),
        state=AlertState.OK,
        first_seen_at=seen,
        first_fired_at=at,
        last_seen_at=seen,
        last_fired_at=at,
    )


def _changeset(told: Happened, entries: list[Entry], firings: tuple[Firing, ...]) -> Changeset:
    state = (
        State.CANCELLED
        if told.cancelled
        else State.CLOSED
        if told.published
        else State.RESOLVED
        if told.resolved
        else State.MITIGATED
        if told.mitigated
        else State.ACKNOWLEDGED
        if told.acknowledged
        else State.DETECTED
    )
    incident = Incident(
        id=f"y{told.number}",
        number=told.number,
        origin=Origin.ALERT if told.alert else Origin.COMMAND,
        origin_key=f"year:{told.number}",
        title="something broke",
        severity=told.severity,
        state=state,
        private=told.private,
        team=told.team,
        services=told.services,
        commander=told.people[1] if told.acknowledged else None,
        participants=Participants(invitees=told.people, invited=told.people),
        declared_at=told.declared,
        touched_at=entries[-1].at,
        acknowledged_at=told.acknowledged,
        mitigated_at=told.mitigated,
        resolved_at=told.resolved,
        cancelled_at=entries[-1].at if told.cancelled else None,
        postmortem_required_by=told.required_by,
        postmortem=Postmortem(created_at=told.published, published_at=told.published) if told.published else None,
        actions=tuple(
            ActionItem(id=f"a{n}", text="raise the limit", created_at=made, due_at=due, done_at=done)
            for n, (made, due, done) in enumerate(told.items)
        ),
    )
    return Changeset(now=told.declared, incident=incident, entries=tuple(entries), firings=firings)
