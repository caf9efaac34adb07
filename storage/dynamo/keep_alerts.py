"""Alerts as they are stored: accepted, decided, firing, in quarantine; and how far channels are read."""

from __future__ import annotations

from collections.abc import Sequence

from storage import codec, keys
from storage.dynamo import layout
from storage.dynamo.layout import sortable
from storage.dynamo.table import Key
from storage.dynamo.transaction import Transaction
from warroom.alerts.quarantine import over_limit
from warroom.outbox.changes import (
    AlertDecision,
    Changeset,
    Firing,
    Quarantined,
    ReceivedAlert,
)


def receive(transaction: Transaction, received: Sequence[ReceivedAlert]) -> bool:
    """Store those that are not known; False when all of them were."""
    counter = transaction.seen(layout.ALERT_NUMBER) or {"number": 0}
    seq = counter["number"]
    for each in received:
        key = layout.alert(each.alert.delivery_id)
        if transaction.seen(key) is not None:
            continue
        seq += 1
        keep_alert(transaction, each.copy_with(seq=seq), None)
    if seq == counter["number"]:
        return False
    transaction.put(layout.ALERT_NUMBER, {"number": seq})
    return True


def keep_alert(transaction: Transaction, received: ReceivedAlert, decision: AlertDecision | None) -> None:
    """An accepted alert with its place in the order of arrival."""
    data = {
        "body": codec.to_body(received.alert),
        "received_at": sortable(received.received_at),
        "source": received.source,
        "seq": received.seq,
        "decision": decision.model_dump(mode="json") if decision else None,
    }
    # Late: a delivery of a hundred alerts is larger than a transaction. The marker makes all of them stored.
    transaction.put(layout.alert(received.alert.delivery_id), data, late=True)
    transaction.replace(layout.alert_order(received.seq), {"id": received.alert.delivery_id})
    if decision is None:
        transaction.replace(layout.pending_alert(received.seq), {"id": received.alert.delivery_id})


def first_to_decide(transaction: Transaction, change: Changeset) -> bool:
    """Whether no alert this is about was decided before."""
    mine = [each for each in change.alert_decisions if each.delivery_id in change.decides]
    if len(mine) < len(change.decides):
        return False
    known = [transaction.seen(layout.alert(each.delivery_id)) for each in mine]
    if any(each is None or each["decision"] is not None for each in known):
        return False
    decide(transaction, mine, change.decides)
    return True


def decide(transaction: Transaction, decisions: Sequence[AlertDecision], guarded: Sequence[str] = ()) -> None:
    """What became of alerts."""
    for each in decisions:
        key = layout.alert(each.delivery_id)
        known = transaction.seen(key)
        if known is None or known["decision"] is not None:
            continue
        over = each.incident_id is None
        at = layout.time_of(known["received_at"])
        # Late where it does not matter who was first.
        decided = known | {"decision": each.model_dump(mode="json")}
        transaction.put(key, decided, expires=layout.expiry(at) if over else None, late=each.delivery_id not in guarded)
        transaction.discard(layout.pending_alert(known["seq"]))
        if over:
            place = layout.alert_order(known["seq"])
            transaction.replace(place, {"id": each.delivery_id}, expires=layout.expiry(at))


def keep_firings(transaction: Transaction, firings: Sequence[Firing]) -> None:
    """Insert or replace firings and the keys that lead to them."""
    for each in firings:
        key = layout.firing(each.incident_id, each.dedup_key)
        old = transaction.seen(key)
        found_by = sorted({keys.key(name) for name in (each.dedup_key, *each.keys)})
        for gone in set(old["keys"] if old else ()) - set(found_by):
            transaction.discard(layout.firing_key(gone, each.incident_id, each.dedup_key))
        transaction.put(key, {"body": codec.to_body(each), "keys": found_by}, late=True)
        for name in found_by:
            pointer = {"incident_id": each.incident_id, "dedup_key": each.dedup_key}
            transaction.replace(layout.firing_key(name, each.incident_id, each.dedup_key), pointer)


def remove_firings(transaction: Transaction, gone: Sequence[tuple[str, str]]) -> None:
    """And the keys that led to them."""
    for incident_id, dedup_key in gone:
        key = layout.firing(incident_id, dedup_key)
        for name in (transaction.seen(key) or {"keys": ()})["keys"]:
            transaction.discard(layout.firing_key(name, incident_id, dedup_key))
        transaction.delete(key, late=True)


def keep_cursors(transaction: Transaction, change: Changeset) -> None:
    """Never back."""
    for each in change.read_cursors:
        old = transaction.seen(layout.cursor(each.channel_id))
        if old is None or each.ts > old["ts"]:
            transaction.put(layout.cursor(each.channel_id), each.model_dump())


async def keep_quarantined(transaction: Transaction, kept: Sequence[Quarantined], released: Sequence[str]) -> None:
    """Add and remove; the oldest go when there are too many or they are too large."""
    for name in released:
        _release(transaction, name)
    fresh = [each for each in kept if transaction.seen(layout.quarantined(each.id)) is None]
    for each in fresh:
        keep_quarantine_item(transaction, each)
    if fresh:
        there = await transaction.listed(layout.QUARANTINE)
        sizes = [(n, data["size"]) for n, (_, data) in enumerate(reversed(there))]
        newest_first = [data["id"] for _, data in reversed(there)]
        going = [newest_first[n] for n in over_limit(sizes)]
        await transaction.load([layout.quarantined(name) for name in going])
        for name in going:
            _release(transaction, name)


def keep_quarantine_item(transaction: Transaction, kept: Quarantined) -> None:
    """It, and its place in the order of arrival."""
    arrived = layout.arrival()
    data = kept.model_dump(mode="json", exclude={"body"}) | {"body": kept.body.hex(), "arrived": arrived}
    place, over = Key(layout.QUARANTINE, arrived), layout.expiry(kept.received_at)
    transaction.put(layout.quarantined(kept.id), data, expires=over, late=True)
    transaction.replace(place, {"id": kept.id, "size": len(kept.body)}, expires=over)


def _release(transaction: Transaction, name: str) -> None:
    known = transaction.seen(layout.quarantined(name))
    if known is not None:
        transaction.discard(Key(layout.QUARANTINE, known["arrived"]))
        transaction.delete(layout.quarantined(name))
