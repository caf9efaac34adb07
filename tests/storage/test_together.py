"""What arrives at the same moment shares a transaction, and each arrival is told its own truth."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from storage import Database
from storage.queues import IN_A_ROW, Batch, PriorityLock
from storage.sql.commit import SIMPLE
from storage.sql.write import MERGEABLE, only_ends_a_claim
from tests.storage.values import NOW, alert, envelope, put
from warroom.errors import StoreUnavailable
from warroom.outbox.changes import Changeset, ClaimOutcome, ClaimResult
from warroom.outbox.effects import DecideAlerts


async def test_many_arrive_at_once_and_each_hears_whether_it_was_new(store: Database) -> None:
    told = await asyncio.gather(
        *(put(store, envelope=envelope(f"E{n % 30}")) for n in range(60)),
        *(put(store, received=(alert(f"a{n % 20}"),), effects=(DecideAlerts(),)) for n in range(40)),
    )
    assert sum(told[:60]) == 30
    assert sum(told[60:]) == 20
    assert len(await store.pending_envelopes(100)) == 30
    assert len(await store.pending_alerts(100)) == 20


async def test_what_was_known_asks_for_nothing(store: Database) -> None:
    await put(store, received=(alert("a"),))
    assert not await put(store, received=(alert("a"),), effects=(DecideAlerts(),))
    assert await store.next_due() is None


def change(key: str) -> Changeset:
    return Changeset(now=NOW, envelope=envelope(key))


class Slow:
    """A store that takes its time, and cannot stand one key."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.batches: list[list[str]] = []
        self.open = asyncio.Event()
        self._trouble = trouble

    async def __call__(self, changes: Sequence[Changeset]) -> list[bool]:
        keys = [each.envelope.key for each in changes if each.envelope]
        self.batches.append(keys)
        await self.open.wait()
        if self._trouble and "bad" in keys:
            raise self._trouble
        return [True] * len(keys)


async def test_while_one_transaction_runs_the_next_one_fills() -> None:
    slow = Slow()
    batcher = Batch(slow, "arrivals")
    first = asyncio.ensure_future(batcher.join(change("E1")))
    while not slow.batches:
        await asyncio.wait({first}, timeout=0)
    rest = [asyncio.ensure_future(batcher.join(change(f"E{n}"))) for n in range(2, 6)]
    await asyncio.wait(rest, timeout=0)
    slow.open.set()
    assert all(await asyncio.gather(first, *rest))
    assert slow.batches == [["E1"], ["E2", "E3", "E4", "E5"]]


async def test_one_that_cannot_be_stored_does_not_take_the_others_with_it() -> None:
    slow = Slow(ValueError("not text"))
    slow.open.set()
    batcher = Batch(slow, "arrivals")
    told = await asyncio.gather(*(batcher.join(change(key)) for key in ("E1", "bad", "E2")), return_exceptions=True)
    assert [told[0], told[2]] == [True, True]
    assert isinstance(told[1], ValueError)


async def test_when_the_database_is_away_everybody_hears_it_once() -> None:
    slow = Slow(StoreUnavailable("away"))
    slow.open.set()
    batcher = Batch(slow, "arrivals")
    told = await asyncio.gather(*(batcher.join(change(key)) for key in ("E1", "bad", "E2")), return_exceptions=True)
    assert [type(each) for each in told] == [StoreUnavailable] * 3
    assert len(slow.batches) == 1
    with pytest.raises(StoreUnavailable):
        await batcher.join(change("bad"))


async def test_who_is_waited_for_writes_before_who_is_not_and_nobody_waits_for_ever() -> None:
    turn, order = PriorityLock(), list[str]()
    inside, leave = asyncio.Event(), asyncio.Event()

    async def write(name: str, *, urgent: bool) -> None:
        async with turn.taken(urgent=urgent):
            inside.set()
            if name == "first":
                await leave.wait()
            order.append(name)

    tasks = [asyncio.create_task(write("first", urgent=False))]
    await inside.wait()
    for name, urgent in (("background 1", False), ("gone", True), ("click", True), ("background 2", False)):
        tasks.append(asyncio.create_task(write(name, urgent=urgent)))
    await asyncio.wait(tasks, timeout=0)
    tasks[2].cancel()
    leave.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["first", "click", "background 1", "background 2"]


async def test_a_transaction_that_is_cancelled_by_mistake_leaves_nobody_waiting() -> None:
    slow = Slow()
    batcher = Batch(slow, "arrivals")
    first = asyncio.ensure_future(batcher.join(change("E1")))
    while not slow.batches:
        await asyncio.wait({first}, timeout=0)
    second = asyncio.ensure_future(batcher.join(change("E2")))
    await asyncio.wait({second}, timeout=0)
    (work,) = (task for task in asyncio.all_tasks() if task.get_name() == "arrivals")
    work.cancel()
    with pytest.raises(StoreUnavailable, match="cut off"):
        await first
    slow.open.set()
    assert await second
    assert slow.batches == [["E1"], ["E2"]]


async def test_who_is_not_waited_for_gets_a_turn_now_and_then() -> None:
    turn, order = PriorityLock(), list[str]()

    async def write(name: str, *, urgent: bool) -> None:
        async with turn.taken(urgent=urgent):
            order.append(name)

    await turn.take(urgent=True)
    tasks = [asyncio.create_task(write("background", urgent=False))]
    tasks += [asyncio.create_task(write("click", urgent=True)) for _ in range(2 * IN_A_ROW)]
    await asyncio.wait(tasks, timeout=0)
    turn.pass_on()
    await asyncio.gather(*tasks)
    assert order == ["click"] * IN_A_ROW + ["background"] + ["click"] * IN_A_ROW


def test_what_may_be_written_with_others_is_named_as_a_changeset_names_it() -> None:
    assert set(Changeset.model_fields) >= SIMPLE | MERGEABLE
    ended = ClaimResult(key="k", fence=1, rev=0, outcome=ClaimOutcome.DONE)
    assert only_ends_a_claim(Changeset(now=NOW, claim_result=ended))
    assert not only_ends_a_claim(Changeset(now=NOW, claim_result=ended, effects=(DecideAlerts(),)))
    assert not only_ends_a_claim(Changeset(now=NOW))
