"""Two incidents change in one transaction: both or neither."""

from __future__ import annotations

import pytest

from storage import Database
from tests.storage.values import NOW, firing, incident, put
from warroom.errors import Conflict
from warroom.outbox.changes import Changeset


async def pair(store: Database) -> None:
    for number in (1, 2):
        await put(store, incident=incident(number))
    await put(store, firings=(firing(incident(2).id, "1:a"),))


async def test_both_are_written_and_the_firing_moves(store: Database) -> None:
    await pair(store)
    first, second = await store.incident_numbered(1), await store.incident_numbered(2)
    assert first is not None
    assert second is not None
    moved = firing(first.id, "1:a")
    beside = Changeset(now=NOW, incident=first.copy_with(title="both"), firings=(moved,))
    change = Changeset(
        now=NOW, incident=second.copy_with(title="gone"), beside=beside, moved_firings=((second.id, "1:a"),)
    )
    assert await store.commit(change)
    assert [each.dedup_key for each in await store.firings(first.id)] == ["1:a"]
    assert await store.firings(second.id) == []
    assert [found.id for _, found in await store.firings_for(["1:a"])] == [first.id]
    after = await store.incident(first.id), await store.incident(second.id)
    assert [(each.title, each.version) for each in after if each] == [("both", 2), ("gone", 2)]


@pytest.mark.parametrize("late", [1, 2])
async def test_when_one_was_changed_meanwhile_neither_is_written(store: Database, late: int) -> None:
    await pair(store)
    first, second = await store.incident_numbered(1), await store.incident_numbered(2)
    assert first is not None
    assert second is not None
    other = first if late == 1 else second
    await put(store, incident=other.copy_with(title="faster"))
    beside = Changeset(now=NOW, incident=first.copy_with(title="both"))
    with pytest.raises(Conflict):
        await store.commit(
            Changeset(
                now=NOW, incident=second.copy_with(title="gone"), beside=beside, moved_firings=((second.id, "1:a"),)
            )
        )
    after = await store.incident(first.id), await store.incident(second.id)
    assert sorted(each.title for each in after if each) == sorted(["faster", (second if late == 1 else first).title])
    assert len(await store.firings(second.id)) == 1
