"""Two processes on one table, and a crowd in each: nothing is lost, nothing is done twice, and every number is given once."""

from __future__ import annotations

import asyncio

import pytest

from storage import Database
from tests.storage.conftest import Opener
from tests.storage.dynamo.proxy import UNANSWERED, Proxy, first
from tests.storage.dynamo.server import DynamoDB
from tests.storage.test_crowd import kept, numbered, say, world_of
from tests.storage.values import NOW, after, incident, put, room, settled, take, take_one
from warroom.outbox.changes import Timer

GESTURES = 300
DECLARES = 200
JOBS = 60


@pytest.fixture
async def pair(table: str, opening: Opener) -> tuple[Database, Database]:
    """The stores of two processes."""
    return await opening(table), await opening(table)


async def test_what_a_crowd_does_through_two_processes_is_kept_whole(pair: tuple[Database, Database]) -> None:
    worlds = [world_of(each) for each in pair]
    await put(pair[0], incident=incident())
    texts = [f"{n}" for n in range(GESTURES)]
    await asyncio.gather(*(say(worlds[n % 2], text) for n, text in enumerate(texts)))
    assert sorted(await kept(pair[0])) == sorted(texts)


async def test_everybody_declares_at_once_through_two_processes(pair: tuple[Database, Database]) -> None:
    told = await asyncio.gather(*(pair[n % 2].commit_new(numbered(n)) for n in range(DECLARES)))
    numbers = sorted(each.incident.number for each in told if each and each.incident)
    assert numbers == list(range(1, DECLARES + 1))
    assert len(await pair[0].incidents(limit=2 * DECLARES)) == DECLARES
    taken = [await take(each, limit=DECLARES) for each in pair]
    assert sum(len(each) for each in taken) == DECLARES, "each effect once"


async def test_timers_that_are_due_at_once_fire_once_each(pair: tuple[Database, Database]) -> None:
    kinds = [f"t{n}" for n in range(JOBS)]
    for n in range(0, JOBS, 20):
        timers = tuple(Timer(incident_id="inc-1", kind=kind, due_at=after(1)) for kind in kinds[n : n + 20])
        await put(pair[0], timers=timers)
    fired: list[str] = []

    async def work(store: Database) -> None:
        while claims := await take(store, after(2), limit=5):
            for claim in claims:
                assert await put(store, after(2), claim_result=settled(claim))
                fired.append(claim.timer or "")

    await asyncio.gather(*(work(store) for store in (*pair, *pair)))
    assert sorted(fired) == sorted(kinds)
    assert await pair[1].next_due() is None


async def test_a_transaction_whose_answer_was_lost_is_done_once(
    faulty: Database, other: Database, proxy: Proxy, dynamodb: DynamoDB
) -> None:
    """It is sent again with its token, by which DynamoDB knows it. moto knows no tokens."""
    if not dynamodb.has_tokens:
        pytest.skip("moto takes a transaction with the same token for another one; `make tools` installs dynoxide")
    proxy.seen.clear()
    with proxy.planned(first("TransactWriteItems", UNANSWERED)):
        assert await put(faulty, incident=incident(), effects=(room(),))
    sent = [body["ClientRequestToken"] for operation, body in proxy.seen if operation == "TransactWriteItems"]
    assert len(sent) == 2
    assert len(set(sent)) == 1
    claim = await take_one(other)
    with proxy.planned(first("TransactWriteItems", UNANSWERED)):
        assert await put(faulty, after(1), claim_result=settled(claim), incident=incident(version=1, title="later"))
    found = await other.incident("inc-1")
    assert found is not None
    assert (found.version, found.title) == (2, "later")
    assert await take(other, after(999)) == []


async def test_a_lease_that_one_process_prolongs_keeps_the_other_away(pair: tuple[Database, Database]) -> None:
    ours, theirs = pair
    await put(ours, effects=(room(),))
    mine = await take_one(ours)
    assert await ours.hold(mine, after(300))
    assert await take(theirs, after(299)) == []
    assert await put(ours, after(299), claim_result=settled(mine))
    assert await take(theirs, after(301)) == []
    await put(ours, NOW, effects=(room("second"),))
    lost = await take_one(ours)
    again = await take_one(theirs, after(61))
    assert not await ours.hold(lost, after(500)), "it was late, and is told so"
    assert again.outcome_unknown
