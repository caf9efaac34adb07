"""Claims: in order, under a lease, never by two at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from storage import Database
from tests.storage.conftest import Opener
from tests.storage.values import LEASE, NOW, after, ask, card, put, room, settled, take, take_one, timer
from warroom.errors import LeaseLost
from warroom.outbox.effects import DecideAlerts

AT_ONCE = timedelta(0)


async def test_the_most_urgent_goes_first_then_the_longest_due(store: Database) -> None:
    await ask(store, room("c", priority=50), now=after(0))
    await ask(store, room("b", priority=50), now=after(-5))
    await ask(store, room("a", priority=50), now=after(1))
    await put(store, timers=(timer("ack", after(-100), priority=90), timer("update", after(-1), priority=1)))
    await ask(store, room("urgent", priority=0), now=after(2))
    claims = await take(store, after(5), limit=4)
    assert [claim.key for claim in claims] == ["urgent", "inc-1:timer:update", "b", "c"]
    assert [claim.key for claim in await take(store, after(5))] == ["a", "inc-1:timer:ack"]


async def test_no_more_than_the_limit_and_never_the_same_twice(store: Database) -> None:
    await ask(store, *(room(f"room:{n}") for n in range(7)))
    batches = [await take(store, limit=3) for _ in range(4)]
    assert [len(batch) for batch in batches] == [3, 3, 1, 0]
    assert len({claim.key for batch in batches for claim in batch}) == 7
    assert await take(store, limit=0) == []


async def test_a_crash_is_the_end_of_the_lease_and_the_next_one_is_told_to_look_first(store: Database) -> None:
    await ask(store, room())
    lost = await take_one(store)
    assert await take(store, after(59.9)) == []
    again = await take_one(store, after(60))
    assert (again.fence, again.attempts, again.outcome_unknown) == (lost.fence + 1, 2, True)
    assert again.due_at == NOW
    third = await take_one(store, after(120))
    assert (third.attempts, third.outcome_unknown, third.due_at) == (3, True, NOW)


async def test_a_card_asked_for_after_the_crash_still_has_an_unknown_outcome(store: Database) -> None:
    await ask(store, card())
    await take_one(store)
    await ask(store, card(), now=after(61))
    again = await take_one(store, after(61))
    assert (again.outcome_unknown, again.attempts, again.rev) == (True, 1, 1)


async def test_many_tasks_claim_and_every_job_is_taken_once(store: Database) -> None:
    await ask(store, *(room(f"room:{n}") for n in range(60)))

    async def work() -> list[str]:
        mine: list[str] = []
        while claims := await take(store, limit=4):
            mine += [claim.key for claim in claims]
            for claim in claims:
                await put(store, claim_result=settled(claim))
        return mine

    taken = [key for keys in await asyncio.gather(*(work() for _ in range(6))) for key in keys]
    assert sorted(taken) == sorted(f"room:{n}" for n in range(60))
    assert await store.next_due() is None


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "dynamodb"], indirect=True)
async def test_two_replicas_share_the_work_and_do_nothing_twice(database: str, opening: Opener) -> None:
    one, two = await opening(database), await opening(database)
    await ask(one, *(room(f"room:{n}") for n in range(60)), *(card(incident_id=f"i{n}") for n in range(20)))

    async def work(store: Database) -> list[str]:
        mine: list[str] = []
        while claims := await take(store, limit=3):
            for claim in claims:
                assert await put(store, claim_result=settled(claim), timers=(timer(claim.key, after(9)),))
                mine.append(claim.key)
        return mine

    taken = await asyncio.gather(work(one), work(two), work(one), work(two))
    assert len([key for keys in taken for key in keys]) == 80
    assert len({key for keys in taken for key in keys}) == 80
    assert await two.next_due() == after(9)


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "dynamodb"], indirect=True)
async def test_what_one_replica_leaves_behind_survives_it(database: str, opening: Opener) -> None:
    gone = await opening(database)
    await ask(gone, room())
    await take_one(gone)
    await gone.close()
    heir = await opening(database)
    assert await take(heir, after(1)) == []
    assert (await take_one(heir, NOW + LEASE)).outcome_unknown is True


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_where_there_is_one_process_its_successor_does_not_wait_for_the_leases(store: Database) -> None:
    await ask(store, room(), card())
    await put(store, timers=(timer(due_at=after(5)),))
    lost = await take(store)
    assert await store.release_stale_leases(after(1), AT_ONCE) == len(lost) == 2
    again = await take(store, after(1))
    assert {(claim.key, claim.outcome_unknown, claim.attempts) for claim in again} == {
        (claim.key, True, 2) for claim in lost
    }
    with pytest.raises(LeaseLost):
        await put(store, claim_result=settled(lost[0]))
    for claim in again:
        await put(store, claim_result=settled(claim))
    assert await store.release_stale_leases(after(2), AT_ONCE) == 0
    assert await store.next_due() == after(5)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_the_dead_one_may_have_asked_for_is_let_arrive_and_what_is_only_read_is_not(store: Database) -> None:
    await ask(store, room(), DecideAlerts(key="alerts"))
    await put(store, timers=(timer(due_at=NOW),))
    assert len(await take(store)) == 3
    soon = timedelta(seconds=2)
    assert await store.release_stale_leases(after(1), soon) == 3
    assert {claim.key for claim in await take(store, after(1))} == {"alerts", "inc-1:timer:ack"}
    assert await take(store, after(1) + soon - timedelta(seconds=1)) == []
    (late,) = await take(store, after(1) + soon)
    assert (late.key, late.outcome_unknown) == (room().key, True)


@pytest.mark.parametrize("database", ["postgresql", "dynamodb"], indirect=True)
async def test_where_several_processes_share_the_work_a_lease_is_respected(store: Database) -> None:
    await ask(store, room())
    lost = await take_one(store)
    assert await store.release_stale_leases(after(1), AT_ONCE) == 0
    assert await take(store, after(1)) == []
    assert await put(store, claim_result=settled(lost))


async def test_a_lease_that_is_held_ends_later_and_only_for_whoever_has_it(store: Database) -> None:
    await ask(store, room())
    mine = await take_one(store)
    assert await store.hold(mine, after(90))
    assert await take(store, after(89)) == []
    again = await take_one(store, after(90))
    assert again.fence == mine.fence + 1
    assert not await store.hold(mine, after(500))
    assert len(await take(store, after(151))) == 1
