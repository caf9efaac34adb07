"""Many change one incident at once, or declare at once: all of it is kept, in order, and every number is given once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import pytest

from storage import Database
from storage.sql.connection import POOL
from storage.sql.store import SqlStore
from tests.clock import ManualClock
from tests.handlers.conftest import OneMessage
from tests.people import StoredPeople
from tests.storage.conftest import Opener
from tests.storage.values import LEASE, NOW, card, envelope, incident, put, room, timer
from warroom.errors import AlreadyDone, Conflict, LeaseLost, StoreUnavailable
from warroom.incident.change import change
from warroom.incident.decision import Decision
from warroom.incident.events import NoteAdded
from warroom.incident.model import Incident
from warroom.incident.parts import Room
from warroom.outbox.changes import Changeset
from warroom.policy import Policy
from warroom.ports import World
from warroom.refusals import DoneBefore, Repeated

CROWD = 120
DECLARES = 60


def world_of(store: Database) -> World:
    """Nothing but the record matters."""
    return World(store, StoredPeople(store), Policy(), ManualClock(), OneMessage(), lambda: None)


async def say(world: World, text: str) -> Incident:
    """One more line on the first incident's timeline."""

    async def decide(found: Incident, now: datetime) -> Decision:
        return Decision(found.with_participants(invitees=(*found.participants.invitees, text))).record(
            NoteAdded(text=text), now
        )

    return await change(world, "inc-1", decide)


async def kept(store: Database) -> list[str]:
    """What is on the timeline; it must be what the incident says, too."""
    found = await store.incident("inc-1")
    assert found is not None
    texts = [entry.event.text for entry in await store.timeline("inc-1") if isinstance(entry.event, NoteAdded)]
    assert list(found.participants.invitees) == texts
    assert found.version == 1 + len(texts)
    return texts


async def test_everything_that_a_crowd_does_is_kept_in_the_order_in_which_it_was_done(store: Database) -> None:
    await put(store, incident=incident())
    world = world_of(store)
    texts = [f"{n}" for n in range(CROWD)]
    after = await asyncio.gather(*(say(world, text) for text in texts))
    assert await kept(store) == texts
    assert [each.version for each in after] == list(range(2, CROWD + 2))


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "dynamodb"], indirect=True)
async def test_another_process_only_makes_it_decide_again(database: str, opening: Opener) -> None:
    ours, theirs = world_of(await opening(database)), world_of(await opening(database))
    await put(ours.store, incident=incident())
    texts = [f"{who} {n}" for n in range(CROWD // 2) for who in ("ours", "theirs")]
    worlds = {"ours": ours, "theirs": theirs}
    await asyncio.gather(*(say(worlds[text.split()[0]], text) for text in texts))
    assert sorted(await kept(await opening(database))) == sorted(texts)


async def test_a_gesture_that_was_made_before_takes_nothing_with_it(store: Database) -> None:
    await put(store, incident=incident())
    world = world_of(store)
    await say(world.for_gesture("3"), "3 for the first time")
    told = await asyncio.gather(*(say(world.for_gesture(str(n)), str(n)) for n in range(8)), return_exceptions=True)
    assert [n for n, each in enumerate(told) if isinstance(each, Repeated)] == [3]
    assert sorted(await kept(store)) == ["0", "1", "2", "3 for the first time", "4", "5", "6", "7"]


async def test_what_somebody_refuses_or_cancels_holds_nobody_up(store: Database) -> None:
    await put(store, incident=incident())
    world = world_of(store)
    inside = asyncio.Event()

    async def waiting(_found: Incident, _now: datetime) -> Decision:
        inside.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def refuse(_found: Incident, _now: datetime) -> Decision:
        raise AlreadyDone(DoneBefore())

    holder = asyncio.create_task(change(world, "inc-1", waiting))
    await inside.wait()
    others = [asyncio.create_task(say(world, "1")), asyncio.create_task(change(world, "inc-1", refuse))]
    others.append(asyncio.create_task(say(world, "2")))
    await asyncio.wait(others, timeout=0)
    holder.cancel()
    told = await asyncio.gather(*others, return_exceptions=True)
    assert isinstance(told[1], AlreadyDone)
    assert await kept(store) == ["1", "2"]


async def test_who_reads_more_than_the_incident_sees_all_that_was_decided_before(store: Database) -> None:
    await put(store, incident=incident())
    world = world_of(store)

    async def count(found: Incident, now: datetime) -> Decision:
        lines = await store.timeline("inc-1")
        text = f"there are {len(lines)}"
        return Decision(found.with_participants(invitees=(*found.participants.invitees, text))).record(
            NoteAdded(text=text), now
        )

    await asyncio.gather(
        *(say(world, str(n)) for n in range(5)), change(world, "inc-1", count, alone=True), say(world, "5")
    )
    assert await kept(store) == ["0", "1", "2", "3", "4", "there are 5", "5"]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_while_the_database_is_away_everybody_hears_it_and_nothing_half_done_remains(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, incident=incident())
    world = world_of(store)

    async def away(_changes: object) -> list[bool]:
        raise StoreUnavailable("The disk is full.")

    with monkeypatch.context() as patch:
        assert isinstance(store, SqlStore)
        patch.setattr(store._queues, "_write", away)
        told = await asyncio.gather(*(say(world, str(n)) for n in range(20)), return_exceptions=True)
    assert {type(each) for each in told} == {StoreUnavailable}
    assert await kept(store) == []
    await asyncio.gather(*(say(world, str(n)) for n in range(3)))
    assert await kept(store) == ["0", "1", "2"]


async def test_what_can_never_be_stored_is_given_up_as_a_conflict(store: Database) -> None:
    await put(store, incident=incident(2, room=Room(channel_id="C2")))
    await put(store, incident=incident())

    async def move(found: Incident, _now: datetime) -> Decision:
        return Decision(found.with_room(channel_id="C2"))

    with pytest.raises(Conflict):
        await change(world_of(store), "inc-1", move)
    await say(world_of(store), "still there")
    assert await kept(store) == ["still there"]


async def test_claims_end_together_and_one_that_was_lost_costs_the_others_nothing(store: Database) -> None:
    await put(store, incident=incident(), effects=tuple(room(f"room:{n}") for n in range(10)))
    world = world_of(store)
    claims = await store.claim(now=NOW, limit=10, lease=LEASE)
    lost = claims[4].model_copy(update={"fence": claims[4].fence - 1})

    async def learn(found: Incident, now: datetime) -> Decision:
        return Decision(found.with_participants(invitees=(*found.participants.invitees, "x"))).record(
            NoteAdded(text="x"), now
        )

    told = await asyncio.gather(
        *(change(world, "inc-1", learn, ends=each) for each in (*claims[:4], lost, *claims[5:])),
        return_exceptions=True,
    )
    assert [n for n, each in enumerate(told) if isinstance(each, LeaseLost)] == [4]
    assert len(await kept(store)) == 9
    assert [each.key for each in await store.claim(now=NOW + 2 * LEASE, limit=10, lease=LEASE)] == [claims[4].key]


async def test_timers_and_cards_of_merged_changes_are_those_of_the_last(store: Database) -> None:
    await put(store, incident=incident())

    async def arm(n: int) -> None:
        async with store.in_turn("inc-1") as turn:
            found = turn.incident or await store.incident("inc-1")
            assert found is not None
            due = None if n % 2 else NOW + n * LEASE
            change = Changeset(now=NOW, incident=found, timers=(timer(due_at=due),), effects=(card(priority=50 - n),))
            await store.commit(change)

    await asyncio.gather(*(arm(n) for n in range(9)))
    claims = await store.claim(now=NOW + 8 * LEASE, limit=10, lease=LEASE)
    assert [(claim.effect.kind if claim.effect else claim.timer) for claim in claims] == ["show_card", "ack"]


def numbered(n: int, **fields: object) -> Callable[[int], Changeset]:
    """A declaration that waits for its number."""

    def build(number: int) -> Changeset:
        new = incident(number, id=f"id {n}", **({"origin_key": f"form:{n}"} | fields))
        return Changeset(now=NOW, incident=new, effects=(room(f"room:{n}"),), envelope=envelope(f"E{n}"))

    return build


async def test_everybody_who_declares_at_once_gets_a_number_and_none_is_left_out(store: Database) -> None:
    told = await asyncio.gather(*(store.commit_new(numbered(n)) for n in range(DECLARES)))
    numbers = [each.incident.number for each in told if each and each.incident]
    assert numbers == list(range(1, DECLARES + 1)), "in the order in which they were declared"
    assert {each.number for each in await store.incidents(limit=2 * DECLARES)} == set(numbers)
    assert len(await store.claim(now=NOW, limit=2 * DECLARES, lease=LEASE)) == DECLARES


async def test_a_declaration_that_fails_leaves_no_gap(store: Database) -> None:
    builds = [numbered(0), numbered(1, origin_key="form:0"), numbered(2), numbered(0), numbered(4)]
    told = await asyncio.gather(*(store.commit_new(build) for build in builds), return_exceptions=True)
    assert isinstance(told[1], Conflict)
    assert told[3] is None, "the same delivery again"
    assert sorted(each.number for each in await store.incidents()) == [1, 2, 3]


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "dynamodb"], indirect=True)
async def test_two_processes_never_give_the_same_number(database: str, opening: Opener) -> None:
    stores = [await opening(database), await opening(database)]
    told = await asyncio.gather(*(stores[n % 2].commit_new(numbered(n)) for n in range(DECLARES)))
    numbers = sorted(each.incident.number for each in told if each and each.incident)
    assert numbers == list(range(1, DECLARES + 1))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_who_reads_does_not_wait_for_those_who_write(store: Database) -> None:
    """Here every writer waits for a row that somebody else holds."""
    assert isinstance(store, SqlStore)
    for n in range(1, 2 * POOL):
        await put(store, incident=incident(n))
    async with store._engine.begin() as conn:
        await conn.exec_driver_sql("SELECT id FROM incident FOR UPDATE")
        writing = [
            asyncio.create_task(put(store, incident=incident(n, version=1, title="later"))) for n in range(1, 2 * POOL)
        ]
        await asyncio.wait(writing, timeout=0.1)
        async with asyncio.timeout(5):
            assert len(await store.incidents(limit=100)) == 2 * POOL - 1
    await asyncio.gather(*writing)
