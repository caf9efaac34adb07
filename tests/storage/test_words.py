"""The full text of incidents: found by word forms, kept with every change, the same in every database."""

from __future__ import annotations

import pytest

from storage import Database
from tests.storage.values import NOW, put
from tests.warroom.similar.test_history import incident
from warroom.incident.model import State


async def test_words_are_found_in_their_forms_and_follow_the_incident(store: Database) -> None:
    await put(store, incident=incident(1, "Disk of checkout is full", "checkout"))
    await put(store, incident=incident(2, "Queues are growing", "api"))
    assert [each.number for each in await store.ended_with(["disks", "volume"], 10)] == [1]
    assert [each.number for each in await store.ended_with(["queue"], 10)] == [2]
    assert await store.count_with([["disk"], ["queue", "disk"], ["certificate"], []]) == [1, 2, 0, 0]
    stored = await store.incident_numbered(1)
    assert stored is not None
    await put(store, incident=stored.copy_with(title="Certificate expired"))
    assert await store.count_with([["disk"], ["certificates"]]) == [0, 1]


async def test_only_what_is_over_and_not_private_is_named(store: Database) -> None:
    await put(store, incident=incident(1, "Disk full", "api", private=True))
    for number, state in ((2, State.DETECTED), (3, State.CANCELLED), (4, State.CLOSED)):
        await put(store, incident=incident(number, "Disk full", "api").copy_with(state=state))
    assert [each.number for each in await store.ended_with(["disk"], 10)] == [4]


@pytest.mark.parametrize("word", ['"', "disk' OR 1=1", "NEAR(", "a & !b", "\x00", "*", "ñandú", "-"])
async def test_whatever_is_asked_for_is_only_words(store: Database, word: str) -> None:
    await put(store, now=NOW, incident=incident(1, "Disk full", "api"))
    assert len(await store.ended_with([word], 10)) <= 1
    assert (await store.count_with([[word]]))[0] <= 1
