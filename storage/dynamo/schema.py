"""The table: created, and upgraded, by `python -m bot migrate`. It has two keys, one index, a time to live, and on-demand billing."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from storage.dynamo import layout
from storage.dynamo.address import Address, parse
from storage.dynamo.table import OVER, Item, Raw, Table
from storage.dynamo.transaction import Transaction, transact
from storage.dynamo.unfinished import finish_left
from storage.errors import DatabaseFromTheFuture, ForeignDatabase, SchemaTooOld
from warroom.errors import StoreUnavailable

LAYOUT = layout.meta("layout")
IMPORTING = layout.meta("importing")
VERSION = 1
"""Of the keys and lists. What is in an item has its own version, as in every store."""
KEYS = {"pk": "HASH", "sk": "RANGE"}
CREATED_WITHIN = 60
"""Seconds until a new table is there."""
TRIES = 4
"""Of each call. The same transaction may be sent again: its token makes it one."""


@contextlib.asynccontextmanager
async def connected(address: Address, patience: timedelta) -> AsyncIterator[Table]:
    """The table through a client of its own. Raises StoreUnavailable without the extra, or where AWS' settings make no sense."""
    try:
        from aiobotocore.config import AioConfig
        from botocore.exceptions import BotoCoreError

        session = _session()
    except ModuleNotFoundError as error:
        raise StoreUnavailable(
            f"DynamoDB needs the extra `dynamodb`, which is not installed ({error.name} is missing). "
            "Install it: uv pip install --requirements pyproject.toml --extra dynamodb"
        ) from None
    config = AioConfig(
        connect_timeout=patience.total_seconds(),
        read_timeout=10,
        max_pool_connections=32,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        user_agent_extra="warroom",
    )
    async with contextlib.AsyncExitStack() as stack:
        try:
            opening = session.create_client(
                "dynamodb", region_name=address.region, endpoint_url=address.endpoint, config=config
            )
            client = await stack.enter_async_context(opening)
        except (BotoCoreError, ValueError) as error:
            raise StoreUnavailable(
                f"{address.shown} cannot be asked: {str(error).rstrip('.')}. "
                "Check the region in DATABASE_URL, and what AWS_PROFILE, AWS_ENDPOINT_URL and the keys are set to."
            ) from error
        yield Table(address, client)


@functools.cache
def _session() -> Any:
    """One for the process: it takes a while to read the descriptions of AWS' services. Raises ModuleNotFoundError."""
    from aiobotocore.session import get_session

    return get_session()


async def prepare(table: Table) -> None:
    """Raises SchemaTooOld or DatabaseFromTheFuture unless the table is of this version; carries out what was left unfinished."""
    found = await table.get(LAYOUT)
    version = found.data["version"] if found else None
    if version is None or version < VERSION:
        raise SchemaTooOld(
            f"The {table.address.shown} has layout {version or 'none'}, and this version of Warroom needs {VERSION}. "
            "Run: python -m bot migrate"
        )
    if version > VERSION:
        raise DatabaseFromTheFuture(
            f"The {table.address.shown} has layout {version}, which this version of Warroom ({VERSION}) does not know: "
            "a newer version wrote it. Start that version again."
        )
    if await table.get(IMPORTING) is not None:
        raise SchemaTooOld(
            f"An import into the {table.address.shown} was cut off. Delete the table, then run: python -m bot migrate, and import again."
        )
    await finish_left(table)


async def migrate(url: str, patience: timedelta) -> tuple[str | None, str]:
    """Create the table where there is none, and set what is not set yet; (layout before or None, layout after). Raises StoreUnavailable,
    ForeignDatabase where a table of that name is another program's, DatabaseFromTheFuture.
    """
    async with connected(parse(url), patience) as table:
        if await _description(table) is None:
            await _create(table)
        found = await _layout(table, await _until_there(table))
        before = found.data["version"] if found else None
        if before is not None and before > VERSION:
            await prepare(table)
        await _let_items_expire(table)

        async def once(transaction: Transaction) -> None:
            if (await transaction.read(LAYOUT) or {}).get("version") != VERSION:
                transaction.put(LAYOUT, {"version": VERSION})

        await transact(table, once)
        return (None if before is None else str(before)), str(VERSION)


async def _description(table: Table) -> Raw | None:
    """Of the table as DynamoDB describes it; None when there is none."""
    try:
        answer = await table.call("describe_table", TableName=table.address.table)
    except SchemaTooOld:
        return None
    return dict(answer["Table"])


async def _layout(table: Table, there: Raw) -> Item | None:
    """The item with the layout's version; None when the table is empty. Raises ForeignDatabase."""
    keys = {each["AttributeName"]: each["KeyType"] for each in there.get("KeySchema", ())}
    indexes = {each["IndexName"] for each in there.get("GlobalSecondaryIndexes", ())}
    if keys != KEYS or OVER not in indexes:
        raise ForeignDatabase(_foreign(table, f"has not the keys {', '.join(KEYS)} and the index {OVER}"))
    found = await table.get(LAYOUT)
    if found is None:
        any_item = await table.call("scan", TableName=table.address.table, Limit=1, ConsistentRead=True)
        # Another process may have written the layout between the two.
        if any_item.get("Items") and (found := await table.get(LAYOUT)) is None:
            raise ForeignDatabase(_foreign(table, "holds items of another program"))
    return found


def _foreign(table: Table, why: str) -> str:
    return (
        f"The {table.address.shown} {why}. Name another one in DATABASE_URL: `python -m bot migrate` creates it. "
        "Nothing was written."
    )


async def _create(table: Table) -> None:
    """The table, by us or by another process at this moment."""
    name = table.address.table
    string: Raw = {"AttributeType": "S"}
    with table.translated(), contextlib.suppress(table.client.exceptions.ResourceInUseException):
        await table.client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": each, "KeyType": kind} for each, kind in KEYS.items()],
            AttributeDefinitions=[
                *({"AttributeName": each, **string} for each in ("pk", "sk", "g")),
                {"AttributeName": "x", "AttributeType": "N"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": OVER,
                    "KeySchema": [
                        {"AttributeName": "g", "KeyType": "HASH"},
                        {"AttributeName": "x", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )


async def _until_there(table: Table) -> Raw:
    """How DynamoDB describes the table, once it can be used."""
    with table.translated():
        waiter = table.client.get_waiter("table_exists")
        await waiter.wait(TableName=table.address.table, WaiterConfig={"Delay": 1, "MaxAttempts": CREATED_WITHIN})
    return await _description(table) or {}


async def _let_items_expire(table: Table) -> None:
    """Also when whoever created the table ended before it came to this."""
    name = table.address.table
    said = await table.call("describe_time_to_live", TableName=name)
    if said["TimeToLiveDescription"]["TimeToLiveStatus"] in ("ENABLED", "ENABLING"):
        return
    await table.call(
        "update_time_to_live", TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"}
    )
