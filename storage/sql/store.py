"""The store over a database: every method is one short transaction."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from storage.sql.address import Address, parse, sqlite_at
from storage.sql.alert_log import SqlAlertLog
from storage.sql.changes import SqlChanges
from storage.sql.commit import SqlCommits
from storage.sql.connection import engine_for, require_openable
from storage.sql.dump import SqlDump
from storage.sql.figures import SqlFigures
from storage.sql.incidents import SqlIncidents
from storage.sql.oncall import SqlOnCall
from storage.sql.operations import SqlOperations
from storage.sql.outbox import SqlOutbox
from storage.sql.people import SqlPeople
from storage.sql.processes import SqlProcesses
from storage.sql.runbooks import SqlRunbooks
from storage.sql.schema import prepare
from storage.sql.words import SqlWords


class SqlStore(
    SqlCommits,
    SqlIncidents,
    SqlFigures,
    SqlWords,
    SqlAlertLog,
    SqlChanges,
    SqlPeople,
    SqlOnCall,
    SqlRunbooks,
    SqlOutbox,
    SqlProcesses,
    SqlOperations,
    SqlDump,
):
    """`storage.records.Database` over SQLite or PostgreSQL; safe to use from many tasks."""

    def __init__(self, address: Address, engine: AsyncEngine, clean_up: Callable[[], None]) -> None:
        super().__init__(address, engine)
        self._clean_up = clean_up


async def open_store(url: str, patience: timedelta) -> SqlStore:
    """See `storage.open.open_store`."""
    address = parse(url)
    if address.kind == "sqlite" and not address.url.database:
        folder = tempfile.mkdtemp(prefix="warroom-")
        return await _open(sqlite_at(f"{folder}/warroom.db"), patience, lambda: shutil.rmtree(folder))
    return await _open(address, patience, lambda: None)


async def _open(address: Address, patience: timedelta, clean_up: Callable[[], None]) -> SqlStore:
    await require_openable(address)
    engine = engine_for(address, patience)
    store = SqlStore(address, engine, clean_up)
    try:
        await prepare(address, engine)
    except BaseException:
        # Whatever it is, a cancellation too: nobody else has the store to close it.
        await store.close()
        raise
    return store
