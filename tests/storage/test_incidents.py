"""Incidents are written once per version and found by everything that leads to them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from storage import Database
from tests.storage.values import NOW, after, entry, incident, put, room, take, timer
from warroom.errors import Conflict
from warroom.incident.model import Incident, State
from warroom.incident.parts import ActionItem, AlertGroup, EscalationLevel, EscalationState, Link, Room


async def test_a_new_incident_comes_back_as_it_was_in_version_one(store: Database) -> None:
    paged = incident(
        state=State.ACKNOWLEDGED,
        private=True,
        links=(Link(title="Runbook", url="https://example.com"),),
        escalation=EscalationState(
            team="sre", levels=(EscalationLevel(after=after(90) - NOW, notify=("@ada",)),), paged=("U1",)
        ),
        actions=(ActionItem(id="a", text="fix it", created_at=NOW, due_at=after(5.123456)),),
        fields=(("orders lost", "12"),),
        room=Room(channel_id="C1"),
        alert_group=AlertGroup(key="checkout", auto_resolve_after=after(0.25) - NOW),
    )
    assert await put(store, incident=paged)
    assert await store.incident("inc-1") == paged.copy_with(version=1)


async def test_what_a_newer_version_added_survives_an_older_one_that_writes(store: Database) -> None:
    newer: dict[str, Any] = {
        "weather": "rain",
        "links": [{"title": "Runbook", "url": "https://example.com", "emoji": None, "colour": "red"}],
    }
    paged = Incident.model_validate(incident().model_dump() | newer)
    await put(store, incident=paged)
    read = await store.incident("inc-1")
    assert read is not None
    await put(store, incident=read.copy_with(title="changed by the older one"))
    body = (await store.incident("inc-1") or paged).model_dump(mode="json")
    assert (body["weather"], body["links"], body["title"]) == ("rain", newer["links"], "changed by the older one")


def test_a_change_of_something_that_is_not_there_is_refused() -> None:
    with pytest.raises(TypeError, match="Incident has no sevirity"):
        incident().copy_with(sevirity="SEV-1")


async def test_it_is_found_by_number_channel_origin_and_group(store: Database) -> None:
    first = incident(1, room=Room(channel_id="C1"), alert_group=AlertGroup(key="checkout"))
    second = incident(2, state=State.CLOSED, room=Room(channel_id="C2"), alert_group=AlertGroup(key="checkout"))
    for each in (first, second):
        await put(store, incident=each)
    assert await store.incident_numbered(1) == first.copy_with(version=1)
    assert await store.incident_in("C2") == second.copy_with(version=1)
    assert await store.incident_from("form:1") == first.copy_with(version=1)
    assert await store.incident_grouped("checkout") == second.copy_with(version=1)
    assert await store.last_number() == 2


async def test_nothing_is_found_in_an_empty_record(store: Database) -> None:
    assert await store.incident("inc-1") is None
    assert await store.incident_numbered(1) is None
    assert await store.incident_numbered(10**30) is None
    assert await store.incident_in("C1") is None
    assert await store.incident_from("form:1") is None
    assert await store.incident_grouped("g") is None
    assert await store.incidents() == []
    assert await store.timeline("inc-1") == []
    assert await store.firings("inc-1") == []
    assert await store.firings_for(["k"]) == []
    assert await store.firings_for([]) == []
    assert await store.last_number() == 0
    assert await store.next_due() is None
    assert await store.dead_letters() == []
    assert await store.directory_version() == (0, False)
    await store.ready()


async def test_a_change_replaces_the_version_it_was_made_from(store: Database) -> None:
    await put(store, incident=incident(title="Checkout fails"))
    loaded = await store.incident("inc-1")
    assert loaded is not None
    await put(store, incident=loaded.copy_with(title="Checkout is slow").with_room(channel_id="C9"))
    changed = await store.incident_in("C9")
    assert changed is not None
    assert (changed.title, changed.version) == ("Checkout is slow", 2)


async def test_of_two_writers_the_second_is_told_and_nothing_of_his_is_written(store: Database) -> None:
    await put(store, incident=incident())
    loaded = await store.incident("inc-1")
    assert loaded is not None
    await put(store, incident=loaded.copy_with(title="first"))
    with pytest.raises(Conflict, match="INC-1 is not at version 1"):
        await put(
            store,
            incident=loaded.copy_with(title="second"),
            entries=(entry("k"),),
            timers=(timer(),),
            effects=(room(),),
        )
    kept = await store.incident("inc-1")
    assert kept is not None
    assert kept.title == "first"
    assert await store.timeline("inc-1") == []
    assert await take(store) == []


@pytest.mark.parametrize(
    "taken",
    [{"number": 1}, {"origin_key": "form:1"}, {"room": Room(channel_id="C1")}, {"id": "inc-1"}],
    ids=lambda taken: next(iter(taken)),
)
async def test_what_another_incident_has_cannot_be_taken(store: Database, taken: dict[str, object]) -> None:
    await put(store, incident=incident(1, room=Room(channel_id="C1")))
    with pytest.raises(Conflict, match=r"taken by another writer|not at version"):
        await put(store, incident=incident(2).copy_with(**taken), entries=(entry("k", incident_id="inc-2"),))
    assert [each.number for each in await store.incidents()] == [1]
    assert await store.timeline("inc-2") == []


async def test_an_existing_incident_cannot_move_into_the_room_of_another(store: Database) -> None:
    await put(store, incident=incident(1, room=Room(channel_id="C1")))
    await put(store, incident=incident(2))
    with pytest.raises(Conflict, match="channel"):
        await put(store, incident=incident(2, version=1, room=Room(channel_id="C1")))
    assert (await store.incident_in("C1")) == incident(1, version=1, room=Room(channel_id="C1"))


async def test_an_incident_that_was_never_stored_cannot_be_replaced(store: Database) -> None:
    with pytest.raises(Conflict):
        await put(store, incident=incident(version=3))


async def test_many_tasks_change_one_incident_and_exactly_one_wins_each_version(store: Database) -> None:
    await put(store, incident=incident())

    async def add_one(name: str) -> None:
        while True:
            loaded = await store.incident("inc-1")
            assert loaded is not None
            try:
                await put(store, incident=loaded.with_participants(invitees=(*loaded.participants.invitees, name)))
            except Conflict:
                continue
            return

    names = [f"U{n}" for n in range(8)]
    await asyncio.gather(*map(add_one, names))
    kept = await store.incident("inc-1")
    assert kept is not None
    assert sorted(kept.participants.invitees) == names
    assert kept.version == 9


async def test_many_tasks_ask_for_the_same_number_and_one_gets_it(store: Database) -> None:
    async def declare(n: int) -> bool:
        try:
            return await put(store, incident=incident(1, id=f"x{n}", origin_key=f"form:{n}"))
        except Conflict:
            return False

    assert sum(await asyncio.gather(*map(declare, range(8)))) == 1


async def test_the_list_is_newest_first_and_can_be_narrowed(store: Database) -> None:
    await put(store, incident=incident(1, title="Straße gesperrt", state=State.RESOLVED))
    await put(
        store, incident=incident(2, title="Db", description="Replication LAG on 100%_primary", state=State.MITIGATED)
    )
    await put(store, incident=incident(3, title="Ok", summary="false ALARM, Ünïcode", state=State.CANCELLED))

    async def numbers(**how: object) -> list[int]:
        return [each.number for each in await store.incidents(**how)]  # type: ignore[arg-type] # any of the keywords

    assert await numbers() == [3, 2, 1]
    assert await numbers(limit=2) == [3, 2]
    assert await numbers(open_only=True) == [2]
    assert await numbers(text="STRASSE") == [1]
    assert await numbers(text="lag") == [2]
    assert await numbers(text="%_") == [2]
    assert await numbers(text="%") == [2]
    assert await numbers(text="alarm, ünï") == [3]
    assert await numbers(text="nothing like it") == []
    assert await numbers(text="lag " * 30_000) == []
    assert await numbers(text="  ") == [3, 2, 1]


async def test_the_timeline_is_in_order_of_time_then_arrival_and_a_repeat_is_kept_once(store: Database) -> None:
    await put(store, entries=(entry("later", after(9)), entry("b"), entry("a")))
    await put(store, entries=(entry("c"), entry("b", text="said again"), entry("b", incident_id="inc-2")))
    assert [(line.key, line.event.texts[0]) for line in await store.timeline("inc-1")] == [
        ("b", "b"),
        ("a", "a"),
        ("c", "c"),
        ("later", "later"),
    ]
