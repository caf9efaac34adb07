"""Counts of what is open, waiting, dead or quarantined."""

from __future__ import annotations

from storage import Database
from tests.storage.test_export import live
from tests.storage.values import NOW, after, alert, incident, put, take
from warroom.incident.model import State
from warroom.outbox.changes import StoreStats


async def test_an_empty_record_has_nothing_to_tell(store: Database) -> None:
    assert await store.store_stats() == StoreStats()


async def test_what_is_open_waits_and_was_given_up_is_counted(store: Database) -> None:
    await live(store)
    await put(store, incident=incident(3, state=State.CLOSED), received=(alert("d9"),))
    assert await store.store_stats() == StoreStats(
        open_incidents=(("SEV-1", 2),), waiting=2, waiting_since=NOW, dead_letters=1, undecided=2, quarantined=1
    )
    await take(store, after(90))
    assert (await store.store_stats()).waiting == 2, "what is at work is not done yet"
