"""What DynamoDB answers when it is busy, what a network loses, and what grew too large: nothing is lost, and nothing done twice."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest

from storage import Database, SchemaTooOld, Unreadable, export_lines, import_lines, migrate, open_store
from storage.dynamo import layout, schema
from storage.dynamo.store import DynamoStore
from tests.storage.conftest import Opener, PostgreSQL
from tests.storage.dynamo.proxy import LOST, UNANSWERED, Proxy, Trouble, canceled, first
from tests.storage.dynamo.server import DynamoDB, raw, table_of
from tests.storage.values import LEASE, NOW, after, ask, card, entry, incident, put, room, settled, take, take_one
from warroom.errors import Conflict, StoreUnavailable
from warroom.outbox.changes import Quarantined

PREFIX = "com.amazonaws.dynamodb.v20120810#"
THROTTLED = Trouble(heard=False, code="com.amazon.coral.availability#ThrottlingException")


@pytest.mark.parametrize(
    "reasons",
    [
        ("ConditionalCheckFailed",),
        ("TransactionConflict",),
        ("None", "TransactionConflict"),
        ("ThrottlingError",),
        ("None", "ProvisionedThroughputExceeded", "None"),
    ],
    ids=lambda each: "+".join(each),
)
async def test_a_transaction_that_was_cancelled_is_tried_again(
    faulty: Database, other: Database, proxy: Proxy, reasons: tuple[str, ...]
) -> None:
    with proxy.planned(first("TransactWriteItems", canceled(*reasons), canceled(*reasons))):
        assert await put(faulty, incident=incident(), effects=(room(),), entries=(entry("a"),))
    assert [each.key for each in await other.timeline("inc-1")] == ["a"]
    assert len(await take(other)) == 1


@pytest.mark.parametrize("reason", ["ItemCollectionSizeLimitExceeded", "ValidationError"])
async def test_what_another_try_cannot_pass_is_said_with_its_reason(
    faulty: Database, other: Database, proxy: Proxy, reason: str
) -> None:
    with (
        proxy.planned(first("TransactWriteItems", canceled("ConditionalCheckFailed", reason))),
        pytest.raises(StoreUnavailable, match=f"{reason}.*Nothing was stored"),
    ):
        await put(faulty, incident=incident())
    assert await other.incidents() == []


async def test_who_always_comes_too_late_hears_of_a_conflict(faulty: Database, proxy: Proxy) -> None:
    with (
        proxy.planned(
            lambda operation, _: canceled("TransactionConflict") if operation.startswith("Transact") else None
        ),
        pytest.raises(Conflict),
    ):
        await put(faulty, incident=incident())


async def test_throttling_is_borne_for_a_while_and_then_said(
    faulty: Database, other: Database, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy.planned(first("TransactWriteItems", THROTTLED)):
        await put(faulty, incident=incident())
    with (
        proxy.planned(lambda operation, _: canceled("ThrottlingError") if operation.startswith("Transact") else None),
        pytest.raises(StoreUnavailable, match="ThrottlingException again and again"),
    ):
        await put(faulty, incident=incident(2))
    assert len(await other.incidents()) == 1


async def test_the_answer_was_lost_and_the_same_transaction_is_sent_again(
    faulty: Database, other: Database, proxy: Proxy
) -> None:
    proxy.seen.clear()
    with proxy.planned(first("TransactWriteItems", LOST)):
        assert await put(faulty, incident=incident(), effects=(room(),))
    sent = [body["ClientRequestToken"] for operation, body in proxy.seen if operation == "TransactWriteItems"]
    assert len(sent) == 2
    assert len(set(sent)) == 1, "DynamoDB knows the transaction by its token"
    assert len(await take(other)) == 1


async def test_a_transaction_that_is_in_progress_keeps_its_token(faulty: Database, proxy: Proxy) -> None:
    proxy.seen.clear()
    busy = Trouble(heard=False, code=f"{PREFIX}TransactionInProgressException")
    with proxy.planned(first("TransactWriteItems", busy, busy)):
        assert await put(faulty, incident=incident())
    tokens = {body["ClientRequestToken"] for operation, body in proxy.seen if operation == "TransactWriteItems"}
    assert len(tokens) == 1


async def test_nobody_claims_that_nothing_was_stored_when_it_may_have_been(
    table: str, proxy: Proxy, opening: Opener, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "TRIES", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
    store = await opening(table)
    with (
        proxy.planned(first("TransactWriteItems", UNANSWERED)),
        pytest.raises(StoreUnavailable, match="Whether the change was stored is not known"),
    ):
        await put(store, incident=incident(), effects=(room(),))
    assert [each.number for each in await other.incidents()] == [1]
    with pytest.raises(Conflict):
        await put(store, incident=incident(), effects=(room(),))
    assert len(await take(other)) == 1


async def test_the_endpoint_goes_away_and_comes_back(faulty: Database, other: Database, proxy: Proxy) -> None:
    await put(faulty, incident=incident(), effects=(room(),))
    claim = await take_one(faulty)
    with proxy.planned(lambda _operation, _body: LOST):
        attempts = (
            put(faulty, incident=incident(2)),
            put(faulty, claim_result=settled(claim)),
            faulty.incident("inc-1"),
            faulty.claim(now=NOW, limit=5, lease=LEASE),
            faulty.ready(),
            faulty.check_writable(),
        )
        told = await asyncio.gather(*attempts, return_exceptions=True)
    assert {type(each) for each in told} == {StoreUnavailable}
    assert all("DynamoDB table" in str(each) and "Check that it can be reached" in str(each) for each in told)
    assert await put(faulty, claim_result=settled(claim), incident=incident(version=1, title="later"))
    assert [each.title for each in await other.incidents()] == ["later"]
    assert await take(other, after(999)) == []


async def test_what_dynamodb_leaves_out_of_an_answer_is_asked_for_again(
    faulty: Database, proxy: Proxy, table: str
) -> None:
    await put(faulty, incident=incident())

    class Unprocessed(Trouble):
        asked: Any = None

        def body(self) -> dict[str, Any]:
            return {"Responses": {}, "UnprocessedKeys": self.asked}

    def plan(operation: str, body: Any) -> Trouble | None:
        if operation != "BatchGetItem" or not left:
            return None
        left.pop()
        trouble = Unprocessed(heard=False, code="", status=200)
        trouble.asked = body["RequestItems"]
        return trouble

    left = [1, 2, 3]
    with proxy.planned(plan):
        assert await faulty.incident("inc-1") is not None
    left = [1] * 99
    with proxy.planned(plan), pytest.raises(StoreUnavailable, match="again and again"):
        await faulty.incident("inc-1")


async def test_what_is_larger_than_an_item_is_kept_in_parts(store_pair: tuple[Database, Database], table: str) -> None:
    """400 KB is what DynamoDB takes; random words do not compress well."""
    ours, theirs = store_pair
    for size in (100_000, 900_000, 450_000):
        body = random.Random(size).randbytes(size)  # noqa: S311
        kept = Quarantined(
            id=f"q{size}", received_at=NOW, source="webhook", content_type="x/y", reason="large", body=body
        )
        await put(ours, quarantined=(kept,))
        assert await theirs.quarantined_as(f"q{size}") == kept
    text = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789äöü", k=900_000))  # noqa: S311
    await put(ours, incident=incident(description=text))
    await put(ours, incident=incident(version=1, description=text[::-1]))
    found = await theirs.incident("inc-1")
    assert found is not None
    assert found.description == text[::-1]
    parts = await raw("scan", TableName=table_of(table), ProjectionExpression="pk")
    named = {item["pk"]["S"] for item in parts["Items"] if item["pk"]["S"].startswith("PART#")}
    assert len(named) <= 3, "those of the version before are gone"


@pytest.fixture
async def store_pair(table: str, opening: Opener) -> tuple[Database, Database]:
    return await opening(table), await opening(table)


async def test_an_entry_that_is_out_of_date_costs_no_work(table: str, other: Database) -> None:
    """Such an entry is what a change leaves that was finished late; the job is listed elsewhere, or is over."""
    await ask(other, room("done"), room("later"), card())
    claims = {each.key: each for each in await take(other)}
    await put(other, claim_result=settled(claims["done"]))
    for name in ("done", "later"):
        stale = {**layout.due(layout.sortable(NOW), name).raw, "r": {"N": "7"}}
        data = {"key": name, "priority": 1, "since": layout.sortable(NOW), "created": layout.sortable(NOW)}
        stale["d"] = {"S": json.dumps(data | {"timer": False, "leased": False})}
        await raw("put_item", TableName=table_of(table), Item=stale)
    assert await take(other, after(1)) == []
    assert await other.next_due() == NOW + LEASE
    assert {each.key for each in await take(other, after(61))} == {"later", "card:inc-1"}


async def test_what_is_asked_for_again_is_not_deleted_with_what_was_over(table: str, other: Database) -> None:
    """The index of what is over lags behind the table."""
    await ask(other, card())
    await put(other, claim_result=settled(await take_one(other)))
    assert isinstance(other, DynamoStore)
    await ask(other, card(), now=after(30))
    key = layout.job("card:inc-1")
    assert await other._deleted_if_over(key, 2**40) is False
    assert await other._table.get(key) is not None
    assert [each.key for each in await take(other, after(31))] == ["card:inc-1"]


async def test_a_table_that_is_not_there_is_named_with_what_creates_it(dynamodb: DynamoDB) -> None:
    url = dynamodb.new(empty=True)
    with pytest.raises(SchemaTooOld, match=r"no DynamoDB table test_.*python -m bot migrate"):
        await open_store(url)
    assert await migrate(url) == (None, "1")
    assert await migrate(url) == ("1", "1")
    described = (await raw("describe_table", TableName=table_of(url)))["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    living = await raw("describe_time_to_live", TableName=table_of(url))
    assert living["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "x"}
    await (await open_store(url)).close()


async def test_an_import_that_was_cut_off_is_not_opened(table: str, dynamodb: DynamoDB) -> None:
    item = {**schema.IMPORTING.raw, "r": {"N": "1"}, "d": {"S": "{}"}}
    await raw("put_item", TableName=table_of(table), Item=item)
    with pytest.raises(SchemaTooOld, match=r"import .* was cut off"):
        await open_store(table)


async def exported(store: Database) -> list[str]:
    """Every line but the first, in one order."""
    return sorted([line async for line in export_lines(store, NOW)][1:])


def read(lines: list[str]) -> list[str]:
    """What the lines say, in one order."""
    return sorted(json.dumps(json.loads(line), sort_keys=True) for line in lines[1:])


async def test_the_record_goes_round_through_every_kind_of_database(
    sqlite_url: str, table: str, postgresql: PostgreSQL, opening: Opener, tmp_path: Any
) -> None:
    from tests.storage.test_export import live
    from tests.stores import new_database

    (tmp_path / "end").mkdir()
    stores = [await opening(url) for url in (sqlite_url, table)]
    await live(stores[0])
    lines = [line async for line in export_lines(stores[0], NOW)]
    stored = read(lines)
    for url in (table, postgresql.new(empty=True), new_database(tmp_path / "end")):
        if url != table:
            await migrate(url)
        home = await opening(url)
        await import_lines(home, lines)
        lines = [line async for line in export_lines(home, NOW)]
        assert read(lines) == stored


async def test_what_somebody_damaged_is_named_by_the_export(table: str, other: Database) -> None:
    await put(other, incident=incident())
    item = {**layout.incident("inc-1").raw, "r": {"N": "9"}, "d": {"S": '{"version": 1, "body": {"v": 2}}'}}
    await raw("put_item", TableName=table_of(table), Item=item)
    with pytest.raises(Unreadable, match=r"Item I#inc-1, \.: .*Field required"):
        await exported(other)


async def test_a_dead_letter_that_cannot_be_read_goes_along(
    table: str, other: Database, opening: Opener, sqlite_url: str
) -> None:
    await ask(other, room("damaged"))
    key = layout.job("damaged")
    item = (await raw("get_item", TableName=table_of(table), Key=key.raw))["Item"]
    job = json.loads(item["d"]["S"]) | {"body": {"v": 2, "kind": "open_room"}}
    await raw("put_item", TableName=table_of(table), Item=item | {"d": {"S": json.dumps(job)}})
    assert await take(other) == []
    home = await opening(sqlite_url)
    await import_lines(home, [line async for line in export_lines(other, NOW)])
    assert [letter.key for letter in await home.dead_letters()] == ["damaged"]
