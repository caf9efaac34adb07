"""The store over one DynamoDB table."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta

from storage.dynamo.address import parse
from storage.dynamo.alert_log import DynamoAlertLog
from storage.dynamo.commit import DynamoCommits
from storage.dynamo.dump import DynamoDump
from storage.dynamo.incidents import DynamoIncidents
from storage.dynamo.operations import DynamoOperations
from storage.dynamo.outbox import DynamoOutbox
from storage.dynamo.people import DynamoPeople
from storage.dynamo.runbooks import DynamoRunbooks
from storage.dynamo.schema import connected, prepare
from storage.dynamo.table import Table


class DynamoStore(
    DynamoCommits, DynamoAlertLog, DynamoPeople, DynamoRunbooks, DynamoOutbox, DynamoOperations, DynamoDump
):
    """`storage.records.Database` over DynamoDB; safe to use from many tasks and processes."""

    def __init__(self, table: Table, resources: AsyncExitStack) -> None:
        DynamoCommits.__init__(self, table)
        DynamoIncidents.__init__(self, table)
        DynamoPeople.__init__(self, table)
        self._resources = resources

    async def close(self) -> None:
        """Afterwards every method raises StoreUnavailable."""
        self._table.closed = True
        await self._resources.aclose()


async def open_store(url: str, patience: timedelta) -> DynamoStore:
    """See `storage.open.open_store`."""
    async with AsyncExitStack() as resources:
        table = await resources.enter_async_context(connected(parse(url), patience))
        await prepare(table)
        return DynamoStore(table, resources.pop_all())
