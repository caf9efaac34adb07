"""A change that is larger than a transaction, cut at every call: whoever comes next finishes it, or finds nothing of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from storage import Database, migrate, open_store
from storage.dynamo import schema, transact_calls, transaction, unfinished
from storage.dynamo.store import DynamoStore
from storage.dynamo.table import Key, encoded
from tests.storage.conftest import Opener
from tests.storage.dynamo.proxy import LOST, UNANSWERED, Proxy, Trouble, cut_after
from tests.storage.dynamo.server import DynamoDB
from tests.storage.values import LEASE, after, alert, entry, firing, incident, put, room, settled, take
from warroom.errors import Conflict, LeaseLost, StoreUnavailable
from warroom.outbox.changes import Claim

LINES, FIRINGS, EFFECTS = 5, 5, 4
MOST_CALLS = 60


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction takes 12 items here, so that a change of a few dozen is cut in as many places as one of thousands."""
    monkeypatch.setattr(transaction, "AT_ONCE", 12)
    monkeypatch.setattr(unfinished, "AT_ONCE", 12)
    monkeypatch.setattr(unfinished, "GROUP", 5)
    monkeypatch.setattr(transact_calls, "LARGEST", 8000)
    monkeypatch.setattr(schema, "TRIES", 1)


@contextlib.asynccontextmanager
async def two(
    dynamodb: DynamoDB, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[DynamoStore, DynamoStore]]:
    """A store that has troubles, and one of another process."""
    url = dynamodb.new(empty=True)
    await migrate(url)
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", proxy.address)
        ours = await open_store(url)
    theirs = await open_store(url)
    assert isinstance(ours, DynamoStore)
    assert isinstance(theirs, DynamoStore)
    yield ours, theirs
    await ours.close()
    await theirs.close()


async def begun(store: DynamoStore) -> Claim:
    """An empty table, made anew, with an incident and a claim."""
    await store._table.call("delete_table", TableName=store._table.address.table)
    await schema._create(store._table)
    await put(store, incident=incident(), effects=(room("before"),))
    [claim] = await take(store)
    return claim


async def change(store: Database, claim: Claim) -> bool:
    """Much at once: the end of a claim, the incident, its lines, what fires, and what follows."""
    return await put(
        store,
        incident=incident(version=1, title="The large one"),
        claim_result=settled(claim),
        entries=tuple(entry(f"line {n}") for n in range(LINES)),
        firings=tuple(firing(dedup_key=f"monitor {n}") for n in range(FIRINGS)),
        effects=tuple(room(f"room {n}") for n in range(EFFECTS)),
    )


async def is_there(store: Database) -> bool:
    """Whether the change happened: all of it, or nothing."""
    found = await store.incident("inc-1")
    assert found is not None
    lines, fires = await store.timeline("inc-1"), await store.firings("inc-1")
    by_key = [each for n in range(FIRINGS) for each in await store.firings_for([f"monitor {n}"])]
    happened = found.version == 2
    assert (len(lines), len(fires), len(by_key)) == ((LINES, FIRINGS, FIRINGS) if happened else (0, 0, 0))
    return happened


async def leftovers(store: DynamoStore) -> list[str]:
    """Partitions with what belongs to an unfinished change."""
    answer = await store._table.call("scan", TableName=store._table.address.table, ConsistentRead=True)
    mine = ("LAID", "LAYING", "UNFINISHED")
    return [item["pk"]["S"] for item in answer["Items"] if item["pk"]["S"].startswith(mine) or "u" in item]


@pytest.mark.parametrize("trouble", [LOST, UNANSWERED], ids=["request lost", "answer lost"])
async def test_cut_at_every_call_it_is_finished_or_never_happened(
    dynamodb: DynamoDB, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, trouble: Trouble
) -> None:
    outcomes: list[tuple[bool, bool]] = []
    async with two(dynamodb, proxy, monkeypatch) as (ours, theirs):
        for count in range(MOST_CALLS):
            claim = await begun(theirs)
            told = True
            with proxy.planned(plan := cut_after(count, trouble)):
                try:
                    assert await change(ours, claim)
                except StoreUnavailable:
                    told = False
                undisturbed = plan("", None) is None
            happened = await is_there(theirs)
            assert happened or not told, f"cut after {count} calls: what was confirmed is lost"
            outcomes.append((told, happened))
            with monkeypatch.context() as patch:
                patch.setattr(unfinished, "KEPT", -10)
                await unfinished.finish_left(theirs._table)
            assert await leftovers(theirs) == [], f"cut after {count} calls"
            if happened:
                with pytest.raises((Conflict, LeaseLost)):
                    await change(theirs, claim)
            else:
                assert await change(theirs, claim)
                assert await is_there(theirs)
            claims = await take(theirs, after(1), limit=99)
            assert sorted(each.key for each in claims) == [f"room {n}" for n in range(EFFECTS)]
            if undisturbed:
                break
        else:
            pytest.fail("the change never came to its end")
    assert {(False, False), (True, True)} <= set(outcomes)


async def test_many_who_finish_the_same_change_do_none_of_it_twice(
    dynamodb: DynamoDB, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two(dynamodb, proxy, monkeypatch) as (ours, theirs):
        claim = await begun(theirs)

        marked: list[bool] = []

        def after_the_marker(operation: str, body: Any) -> Trouble | None:
            if marked:
                return LOST
            if operation == "TransactWriteItems" and "UNFINISHED" in str(body):
                marked.append(True)
            return None

        with proxy.planned(after_the_marker):
            assert await change(ours, claim), "with the marker it has happened"
        assert await leftovers(theirs) != []
        await asyncio.gather(*(unfinished.finish_left(theirs._table) for _ in range(4)), is_there(theirs))
        assert await leftovers(theirs) == []
        assert await is_there(theirs)
        claims = await take(theirs, after(1), limit=99)
        assert [each.attempts for each in claims] == [1] * EFFECTS
        assert await take(theirs, after(1) + LEASE - timedelta(seconds=1), limit=99) == []


async def test_a_delivery_of_many_alerts_is_accepted_whole_and_decided_in_parts(
    table: str, opening: Opener, other: Database
) -> None:
    store = await opening(table)
    names = [f"delivery {n}" for n in range(150)]
    assert await put(store, received=tuple(alert(name) for name in names))
    assert await put(other, received=tuple(alert(name) for name in names)) is False
    assert [found.alert.delivery_id for found, _ in await other.alerts(200)] == names[::-1]
    assert [each.alert.delivery_id for each in await other.pending_alerts(200)] == names[:60]


async def test_what_nobody_began_is_cleared_away(other: Database) -> None:
    assert isinstance(other, DynamoStore)
    inner = other._table
    laying = encoded(Key(unfinished.LAYING, "gone"), {"at": 0}, 1)
    for item in (laying.first, {**Key("LAID#gone", "0000").raw, "d": {"S": "[]"}, "r": {"N": "1"}}):
        await inner.call("put_item", TableName=inner.address.table, Item=item)
    assert sorted(await leftovers(other)) == ["LAID#gone", "LAYING"]
    assert await unfinished.finish_left(inner) == 0
    assert await leftovers(other) == []
