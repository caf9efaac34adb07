"""What arrived and could not be used: kept whole, and tried again when somebody mended what was wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from typing import TypeVar

from warroom.alerts.parsing.parse import Parsed
from warroom.alerts.usecases import receive
from warroom.errors import NotFound
from warroom.outbox.changes import Changeset, Quarantined
from warroom.ports import World
from warroom.refusals import NotInQuarantine
from warroom.value import Value

REASON_LIMIT = 2000
MOST = 1000
MOST_BYTES = 64 * 1024 * 1024
"""How much is kept. What goes beyond either pushes the oldest out: a sender that is wrong for days must not fill the disk."""

K = TypeVar("K", bound=Hashable)

Reading = Callable[[Quarantined], Parsed]
"""How something kept is read again."""


def unusable(body: bytes, content_type: str, reasons: tuple[str, ...], source: str, at: datetime) -> Quarantined:
    """What is kept of it. The same body has the same id, however often it comes."""
    digest = hashlib.sha256(
        source.encode() + b"\0" + content_type.encode("utf-8", "replace") + b"\0" + body
    ).hexdigest()
    reason = "; ".join(reasons)[:REASON_LIMIT] or "There is no alert in the body."
    return Quarantined(
        id=digest[:12], received_at=at, source=source, content_type=content_type[:200], reason=reason, body=body
    )


def over_limit(newest_first: Iterable[tuple[K, int]], most: int = MOST, most_bytes: int = MOST_BYTES) -> list[K]:
    """Which of (key, size in bytes) have to go."""
    total, going = 0, []
    for place, (key, size) in enumerate(newest_first):
        total += size
        if place >= most or total > most_bytes:
            going.append(key)
    return going


class Replayed(Value):
    """What a second try came to: how many alerts were accepted, and what still cannot be read."""

    id: str
    accepted: int
    refused: tuple[str, ...] = ()


async def replay(world: World, quarantine_id: str, read: Reading) -> Replayed:
    """Reads it again. What is usable now is received like any alert; when nothing is refused any more it leaves the
    quarantine. Alerts that were accepted before are known and do nothing. Raises NotFound, StoreUnavailable.
    """
    kept = await world.store.quarantined_as(quarantine_id)
    if kept is None:
        raise NotFound(NotInQuarantine(id=quarantine_id))
    parsed = read(kept)
    accepted = await receive(world, parsed.alerts, kept.source)
    if parsed.alerts and not parsed.refused:
        await world.commit(Changeset(now=world.clock.now(), released=(kept.id,)))
    return Replayed(id=kept.id, accepted=accepted, refused=parsed.refused)
