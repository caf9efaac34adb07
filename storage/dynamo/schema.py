"""The table: created, and upgraded, by `python -m bot migrate`. It has two keys, one index, a time to live, and on-demand billing."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from storage.dynamo import layout
from storage.dynamo.address import Address, parse
from storage.dynamo.table import OVER, Table
from storage.dynamo.transaction import Transaction, finish_left, transact
from storage.errors import DatabaseFromTheFuture, SchemaTooOld
from warroom.errors import StoreUnavailable

LAYOUT = layout.meta("layout")
IMPORTING = layout.meta("importing")
VERSION = 1
"""Of the keys and lists. What is in an item has its own version, as in every store."""
CREATED_WITHIN = 60
"""Seconds until a new table is there."""
TRIES = 4
"""Of each call. The same transaction may be sent again: its token makes it one."""


@contextlib.asynccontextmanager
async def connected(address: Address, patience: timedelta) -> AsyncIterator[Table]:
    """The table through a client of its own. Raises StoreUnavailable without the extra."""
    try:
        from aiobotocore.config import AioConfig

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
    opening = session.create_client(
        "dynamodb", region_name=address.region, endpoint_url=address.endpoint, config=config
    )
    async with opening as client:
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
    """Create the table where there is none; (layout before or None, layout after). Raises StoreUnavailable."""
    async with connected(parse(url), patience) as table:
        if not await _exists(table):
            await _create(table)
        found = await table.get(LAYOUT)
        before = found.data["version"] if found else None
        if before is not None and before > VERSION:
            await prepare(table)

        async def once(transaction: Transaction) -> None:
            if (await transaction.read(LAYOUT) or {}).get("version") != VERSION:
                transaction.put(LAYOUT, {"version": VERSION})

        await transact(table, once)
        return (None if before is None else str(before)), str(VERSION)


async def _exists(table: Table) -> bool:
    try:
        await table.call("describe_table", TableName=table.address.table)
    except SchemaTooOld:
        return False
    return True


async def _create(table: Table) -> None:
    name = table.address.table
    string: dict[str, Any] = {"AttributeType": "S"}
    with table.translated():
        await table.client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
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
        waiter = table.client.get_waiter("table_exists")
        await waiter.wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": CREATED_WITHIN})
        await table.client.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"}
        )
