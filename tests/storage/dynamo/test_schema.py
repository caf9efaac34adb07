"""`python -m bot migrate` on DynamoDB: what it makes, what it leaves alone, and what it says when it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import migrate, open_store
from storage.dynamo import schema
from storage.dynamo.address import parse
from storage.errors import ForeignDatabase
from storage.open import PATIENCE
from tests.storage.dynamo.proxy import Proxy, Trouble, first
from tests.storage.dynamo.server import DynamoDB, raw, table_of
from tests.storage.values import incident, put
from warroom.errors import StoreUnavailable


@pytest.fixture
def empty(dynamodb: DynamoDB) -> str:
    """The URL of a table that is not there yet."""
    return dynamodb.new(empty=True)


@pytest.fixture
def new_session() -> Iterator[None]:
    """AWS' settings are read anew, and by nobody after the test."""
    schema._session.cache_clear()
    yield
    schema._session.cache_clear()


async def test_the_second_time_nothing_changes(empty: str) -> None:
    assert await migrate(empty) == (None, "1")
    store = await open_store(empty)
    await put(store, incident=incident())
    assert await migrate(empty) == ("1", "1")
    assert await store.incident("inc-1") is not None
    await store.close()


async def test_several_processes_may_migrate_at_once(empty: str) -> None:
    told = await asyncio.gather(*(migrate(empty) for _ in range(3)))
    assert {after for _, after in told} == {"1"}
    await (await open_store(empty)).close()


async def test_what_a_process_that_was_killed_left_out_is_made_up_for(empty: str) -> None:
    async with schema.connected(parse(empty), PATIENCE) as table:
        await schema._create(table)
    assert await migrate(empty) == (None, "1")
    said = await raw("describe_time_to_live", TableName=table_of(empty))
    assert said["TimeToLiveDescription"]["TimeToLiveStatus"] in ("ENABLED", "ENABLING")


async def test_a_table_with_other_keys_stays_as_it_is(empty: str) -> None:
    await raw(
        "create_table",
        TableName=table_of(empty),
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(ForeignDatabase, match=r"has not the keys pk, sk .*Name another one"):
        await migrate(empty)
    assert (await raw("scan", TableName=table_of(empty)))["Items"] == []


async def test_a_table_with_items_of_another_program_stays_as_it_is(empty: str) -> None:
    async with schema.connected(parse(empty), PATIENCE) as table:
        await schema._create(table)
    theirs = {"pk": {"S": "USER#1"}, "sk": {"S": "profile"}}
    await raw("put_item", TableName=table_of(empty), Item=theirs)
    with pytest.raises(ForeignDatabase, match="holds items of another program"):
        await migrate(empty)
    assert (await raw("scan", TableName=table_of(empty)))["Items"] == [theirs]


@pytest.mark.parametrize("operation", ["DescribeTable", "CreateTable", "UpdateTimeToLive", "TransactWriteItems"])
async def test_what_is_not_allowed_is_said(
    empty: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
    denied = Trouble(heard=False, code="com.amazon.coral.service#AccessDeniedException")
    with (
        proxy.planned(first(operation, denied)),
        pytest.raises(
            StoreUnavailable, match=r"AccessDeniedException: made up by the test\. Allow it; docs/storage.md"
        ),
    ):
        await migrate(empty)
    assert await migrate(empty) == (None, "1"), "and the next time it goes on from there"


@pytest.mark.usefixtures("new_session")
async def test_without_keys_it_says_where_they_come_from(
    empty: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(StoreUnavailable, match=r"Unable to locate credentials\. Set AWS_ACCESS_KEY_ID and"):
        await migrate(empty)


@pytest.mark.usefixtures("new_session")
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_PROFILE", "nobody", r"profile \(nobody\) could not be found\. Check .*AWS_PROFILE"),
        ("AWS_ENDPOINT_URL", "foo", r"Invalid endpoint: foo\. Check .*AWS_ENDPOINT_URL"),
        (
            "AWS_ENDPOINT_URL",
            "http://127.0.0.1:9",
            r"Could not connect.*Check that it can be reached, and AWS_ENDPOINT_URL",
        ),
    ],
)
async def test_what_is_set_wrong_is_said(
    empty: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setattr(schema, "TRIES", 1)
    monkeypatch.setenv(name, value)
    with pytest.raises(StoreUnavailable, match=said):
        await migrate(empty)


@pytest.mark.usefixtures("new_session")
async def test_a_region_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "TRIES", 1)
    with pytest.raises(StoreUnavailable, match=r"'-eu' .*Check the region in DATABASE_URL"):
        await migrate("dynamodb://-eu/warroom")
