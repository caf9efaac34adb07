"""Small values for the tests of the stores."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from warroom.alerts.model import Alert, AlertState
from warroom.incident import events
from warroom.incident.model import Incident, Origin
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Changeset, Claim, ClaimOutcome, ClaimResult, Envelope, Firing, ReceivedAlert, Timer
from warroom.outbox.effects import Effect, OpenRoom, ShowCard
from warroom.ports import Store

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
PATIENCE = timedelta(milliseconds=300)
"""How long a test waits for what does not come."""
PATIENT = timedelta(seconds=60)
"""How long a test waits for what comes."""


def after(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def incident(number: int = 1, **fields: object) -> Incident:
    """An incident that differs from others by its number."""
    usual: dict[str, object] = {
        "id": f"inc-{number}",
        "number": number,
        "origin": Origin.FORM,
        "origin_key": f"form:{number}",
        "title": f"Checkout fails ({number})",
        "severity": "SEV-1",
        "declared_at": NOW,
        "touched_at": NOW,
    }
    return Incident.model_validate(usual | fields)


def entry(key: str, at: datetime = NOW, incident_id: str = "inc-1", text: str = "") -> Entry:
    """A note."""
    return Entry(incident_id=incident_id, key=key, at=at, event=events.NoteAdded(text=text or key))


def timer(kind: str = "ack", due_at: datetime | None = NOW, *, priority: int = 50) -> Timer:
    """A timer of the first incident."""
    return Timer(incident_id="inc-1", kind=kind, due_at=due_at, priority=priority)


def room(key: str = "room:1", *, priority: int = 50) -> OpenRoom:
    """An effect that is asked for once."""
    return OpenRoom(key=key, incident_id="inc-1", name="inc-1-checkout", priority=priority)


def card(*, priority: int = 50, incident_id: str = "inc-1") -> ShowCard:
    """An effect that coalesces."""
    return ShowCard(key=f"card:{incident_id}", incident_id=incident_id, priority=priority)


def alert(delivery: str, dedup_key: str = "1:cycle:7") -> ReceivedAlert:
    """An alert as it came through the webhook."""
    return ReceivedAlert(
        alert=Alert(delivery_id=delivery, dedup_key=dedup_key, keys=(dedup_key,), title="High error rate"),
        received_at=NOW,
    )


def envelope(key: str = "Ev1", **body: object) -> Envelope:
    """Something Slack delivered."""
    return Envelope(key=key, kind="events_api", body=dict(body), received_at=NOW)


def firing(
    incident_id: str = "inc-1", dedup_key: str = "1:cycle:7", *, keys: Iterable[str] = (), **fields: object
) -> Firing:
    """A monitor that fires."""
    usual: dict[str, object] = {
        "incident_id": incident_id,
        "dedup_key": dedup_key,
        "keys": (dedup_key, *keys),
        "title": "High error rate",
        "state": AlertState.ALERT,
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        "last_fired_at": NOW,
    }
    return Firing.model_validate(usual | fields)


def settled(claim: Claim, outcome: ClaimOutcome = ClaimOutcome.DONE, **fields: object) -> ClaimResult:
    """The end of a claim."""
    usual: dict[str, object] = {"key": claim.key, "fence": claim.fence, "rev": claim.rev, "outcome": outcome}
    return ClaimResult.model_validate(usual | fields)


async def put(store: Store, now: datetime = NOW, **parts: object) -> bool:
    """Commit a changeset of these parts."""
    return await store.commit(Changeset.model_validate({"now": now, **parts}))


async def ask(store: Store, *effects: Effect, now: datetime = NOW) -> None:
    """Commit effects."""
    await put(store, now, effects=effects)


async def take(store: Store, now: datetime = NOW, limit: int = 10, lease: timedelta = LEASE) -> list[Claim]:
    """Claim what is due."""
    return await store.claim(now=now, limit=limit, lease=lease)


async def take_one(store: Store, now: datetime = NOW) -> Claim:
    """Claim the one job that is due."""
    (claim,) = await take(store, now)
    return claim
