"""How the store reaches its database: engines, readers beside each other, writers in turn where only one at a time may write."""

from __future__ import annotations

import asyncio
import json
import select
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic as steady
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage import codec
from storage.errors import BadAddress
from storage.queues import PriorityLock
from storage.sql import sqlite_driver
from storage.sql.address import Address
from storage.sql.faults import Again, translated
from warroom.errors import Conflict, StoreUnavailable

T = TypeVar("T")

SYNCHRONOUS = "FULL"
"""SQLite waits for the disk at every commit. The tests, which survive no power cut, set it to OFF."""

POOL = 16
"""Connections to PostgreSQL at most; SQLite has 4."""
IDLE = 5.0
"""Seconds without use after which a connection to PostgreSQL is asked whether it still lives. Before that, one that the server
has closed is known without asking.
"""
_USED = "warroom_used"
WRITES = "warroom_writes"
"""Execution option of connections that write: on SQLite their transaction begins with the write lock."""


def engine_for(address: Address, patience: timedelta) -> AsyncEngine:
    """An engine that gives up after `patience` when the database is locked or cannot be reached. Connects later."""
    if address.kind == "sqlite":
        return _sqlite(address, patience)
    return _postgresql(address, patience)


def _create(address: Address, url: sa.URL, **options: Any) -> AsyncEngine:
    # hide_parameters: what people wrote has no place in a traceback.
    return create_async_engine(
        url, json_serializer=codec.to_text, json_deserializer=json.loads, hide_parameters=True, **options
    )


class _Connection(sqlite3.Connection):
    """Ends its transaction when it is closed.

    SQLAlchemy closes the connection of a task that was cancelled in the middle of a statement. SQLite keeps such a connection, and
    its write lock, for as long as a statement with unread rows lives: until the task's traceback is collected.
    """

    def close(self) -> None:
        if self.in_transaction:
            self.rollback()
        super().close()


def _sqlite(address: Address, patience: timedelta) -> AsyncEngine:
    engine = _create(
        address,
        address.url,
        connect_args={
            "timeout": patience.total_seconds(),
            "factory": _Connection,
            "async_creator_fn": sqlite_driver.connect,
        },
        pool_size=4,
        max_overflow=0,
        pool_timeout=patience.total_seconds() + 30,
    )

    @sa.event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, see below
        try:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {int(patience.total_seconds() * 1000)}")
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.close()
        except BaseException:
            # SQLAlchemy forgets a connection that could not be set up. Its thread would run until the connection is
            # collected, and end by reporting to an event loop that may be closed by then.
            connection.close()
            raise

    @sa.event.listens_for(engine.sync_engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A transaction that starts by reading and then writes fails at once when somebody else wrote in between,
        # whatever the busy timeout (https://www.sqlite.org/isolation.html); so writers take the lock first.
        if connection.get_execution_options().get(WRITES):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgresql(address: Address, patience: timedelta) -> AsyncEngine:
    query = dict(address.url.query)
    settings = {name: str(query.pop(name)) for name in ("application_name", "options", "search_path") if name in query}
    seconds = float(str(query.pop("connect_timeout", patience.total_seconds())))
    engine = _create(
        address,
        address.url.set(query=query),
        connect_args={
            "timeout": seconds,
            "command_timeout": max(30.0, seconds),
            "server_settings": {"application_name": "warroom", **settings},
        },
        # All of them are kept: one beyond the pool's size would be opened anew for every use.
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=patience.total_seconds() + 30,
    )
    _check_idle_ones(engine)
    return engine


def _check_idle_ones(engine: AsyncEngine) -> None:
    """A connection that was cut meanwhile is replaced before it is used.

    Not by `pool_pre_ping`: that asks the server before every use, which under load was half of all there is to send and wait for.
    """

    @sa.event.listens_for(engine.sync_engine, "checkout")
    def check(connection: Any, record: Any, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise sa.exc.DisconnectionError("The connection was cut.")
        if steady() - record.info.get(_USED, steady()) < IDLE and not _something_arrived(connection.driver_connection):
            return
        try:
            engine.sync_engine.dialect.do_ping(connection)
        except engine.sync_engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.DisconnectionError("The connection does not answer any more.") from error

    @sa.event.listens_for(engine.sync_engine, "checkin")
    def used(_connection: object, record: Any) -> None:
        record.info[_USED] = steady()


def _something_arrived(connection: Any) -> bool:
    """Whether the server said something that nobody asked for, which the event loop has not read yet: mostly that it closes."""
    # asyncpg shows its transport to nobody.
    line = connection._transport.get_extra_info("socket")
    if line is None:
        return True
    looked = select.poll()
    looked.register(line.fileno(), select.POLLIN)
    return bool(looked.poll(0))


async def require_openable(address: Address) -> None:
    """Raises BadAddress for the path of a SQLite file that cannot be opened.

    Tried before the engine does: a connection that fails to open leaves a thread of aiosqlite's behind, which prints a
    traceback when the process ends.
    """
    if address.kind == "sqlite":
        await asyncio.to_thread(_open_once, Path(address.url.database or ""))


def _open_once(path: Path) -> None:
    if not path.resolve().parent.is_dir():
        raise BadAddress(f"The folder {path.resolve().parent} does not exist. Create it, or correct DATABASE_URL.")
    if path.is_dir():
        raise BadAddress(f"{path} is a folder. Write the path of a file into DATABASE_URL.")
    try:
        sqlite3.connect(path).close()
    except sqlite3.Error as error:
        raise BadAddress(
            f"The SQLite file {path} cannot be opened: {error}. Make the file and its folder readable and writable for "
            "Warroom's user, or correct DATABASE_URL."
        ) from error


class Connected:
    """The base of every part of the store: `_reading` and `_writing` give a connection and translate what goes wrong with it."""

    def __init__(self, address: Address, engine: AsyncEngine) -> None:
        self._address = address
        self._engine = engine
        self._readers = (
            engine.execution_options(isolation_level="AUTOCOMMIT") if address.kind == "postgresql" else engine
        )
        self._writers = engine.execution_options(**{WRITES: True})
        # SQLite has one writer at a time; waiting here is cheaper and fairer than its busy handler. On PostgreSQL writers
        # may wait for each other's rows, and half of the connections remain for those who read.
        self._lock = PriorityLock(1 if address.kind == "sqlite" else POOL // 2)
        self._closed = False
        self._effects_stored = False
        """Since the last claim, so that the next one finds something without looking first."""

    @property
    def _shared(self) -> bool:
        """Whether several processes may use the database: a SQLite file belongs to one."""
        return self._address.kind == "postgresql"

    async def _commit_again(self, transaction: Callable[[], Awaitable[T]]) -> T:
        """Runs a transaction; one that lost a deadlock is tried again, three times in all. Then raises Conflict."""
        for _ in range(3):
            try:
                return await transaction()
            except Again:
                continue
        raise Conflict("Several writers kept standing in each other's way. Load and decide again.")

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        self._refuse_if_closed()
        with translated(self._address):
            async with self._readers.connect() as conn:
                yield conn

    @asynccontextmanager
    async def _writing(self, *, urgent: bool = False) -> AsyncIterator[AsyncConnection]:
        self._refuse_if_closed()
        async with self._lock.taken(urgent=urgent):
            with translated(self._address):
                async with self._writers.begin() as conn:
                    yield conn

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreUnavailable(f"The {self._address.shown} is closed: Warroom is stopping. Nothing was stored.")

    async def _close(self) -> None:
        """Waits for the writer at work."""
        self._closed = True
        async with self._lock.taken(urgent=False):
            await self._engine.dispose()
