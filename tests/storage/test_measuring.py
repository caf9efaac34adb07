"""Figures are measured before anybody asks for them."""

from __future__ import annotations

from datetime import timedelta

from storage import Database
from tests.storage.values import NOW, incident, put


async def test_what_changed_is_measured_in_batches_and_once(store: Database) -> None:
    for number in range(1, 6):
        await put(store, incident=incident(number))
    assert [await store.measure(3) for _ in range(3)] == [3, 2, 0]
    first = await store.incident_numbered(1)
    assert first is not None
    await put(store, incident=first.copy_with(title="another"))
    assert [await store.measure(3) for _ in range(2)] == [1, 0]
    found = await store.figures(NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert [each.number for each in found] == [1, 2, 3, 4, 5]
