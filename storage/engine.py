"""Engines: how a connection is set up, on either database."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage import codec
from storage.address import Address
from storage.sql import sqlite_driver

POOL = 16
"""Connections to PostgreSQL at most; SQLite has 4."""
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
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(patience.total_seconds() * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

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
    return _create(
        address,
        address.url.set(query=query),
        connect_args={
            "timeout": seconds,
            "command_timeout": max(30.0, seconds),
            "server_settings": {"application_name": "warroom", **settings},
        },
        pool_pre_ping=True,
        # All of them are kept: one beyond the pool's size would be opened anew for every use.
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=patience.total_seconds() + 30,
    )
