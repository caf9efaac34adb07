"""SQLite's driver with fewer changes of thread: each of them costs more than most statements do.

aiosqlite gives every call to a thread of its own, and SQLAlchemy makes four for a statement: cursor, execute, fetchall and
close. Here a statement that may wait or take long (reading, beginning, committing, deleting) is one visit to the thread,
and what only touches pages that the transaction already holds in memory runs where it is asked for.
"""

from __future__ import annotations

import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import aiosqlite
from aiosqlite.context import contextmanager

FEW = 50
"""Rows written at once without the thread; about a millisecond."""
_BY_KEY = re.compile(r"INSERT INTO \S+ (\([^)]*\) )?VALUES |UPDATE \S+ SET [^()]* WHERE \S+ (= \?|IN \(\?)")
AT_ONCE = 1000
"""Rows read together with the statement. A reader of more, who takes them in portions, does not have all in memory."""


def is_quick(sql: str) -> bool:
    """Whether the statement finds its rows by a key. Any other may read much, or wait for the disk or for a lock."""
    return _BY_KEY.match(sql) is not None


class Cursor(aiosqlite.Cursor):
    """Reads the first rows together with the statement: usually all."""

    _conn: Connection

    def __init__(self, conn: Connection, cursor: sqlite3.Cursor) -> None:
        super().__init__(conn, cursor)
        self._rows: deque[sqlite3.Row] = deque()
        self._more = False
        """Whether SQLite may have rows that were not read yet."""

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Cursor:
        """Runs the statement and reads what it returns."""
        quick = is_quick(sql)
        found = await self._conn.run(partial(self._execute_now, sql, tuple(parameters or ())), quick=quick)
        self._rows, self._more = deque(found), len(found) == AT_ONCE
        return self

    def _execute_now(self, sql: str, parameters: tuple[Any, ...]) -> list[sqlite3.Row]:
        self._cursor.execute(sql, parameters)
        return self._cursor.fetchmany(AT_ONCE) if self._cursor.description else []

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Cursor:
        """Runs the statement once for each set of parameters."""
        rows = [tuple(row) for row in parameters]
        quick = is_quick(sql) and len(rows) <= FEW
        await self._conn.run(partial(self._cursor.executemany, sql, rows), quick=quick)
        return self

    async def fetchone(self) -> sqlite3.Row | None:
        """The next row; None behind the last."""
        some = await self.fetchmany(1)
        return some[0] if some else None

    async def fetchmany(self, size: int | None = None) -> list[sqlite3.Row]:
        """So many more rows, by default `arraysize`; fewer at the end."""
        count = self.arraysize if size is None else size
        some = [self._rows.popleft() for _ in range(min(count, len(self._rows)))]
        if self._more and len(some) < count:
            missing = count - len(some)
            found = await self._conn.run(partial(self._cursor.fetchmany, missing))
            self._more = len(found) == missing
            some += found
        return some

    async def fetchall(self) -> list[sqlite3.Row]:
        """All rows that are left."""
        rest, self._rows = list(self._rows), deque()
        if self._more:
            rest += await self._conn.run(self._cursor.fetchall)
            self._more = False
        return rest

    async def close(self) -> None:
        """End the statement. Where all rows were read, SQLite has ended it already."""
        if self._more:
            await self._conn.run(self._cursor.close)
            self._more = False


class Connection(aiosqlite.Connection):
    """A connection whose statements cost one visit to its thread at most."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True
        self._given = 0
        self._ended = 0
        """Calls given to the thread, and those it has ended; each is written by one thread only."""

    async def run(self, call: Callable[[], Any], *, quick: bool = False) -> Any:
        """What `call` returns. One that is quick runs here, within a transaction and behind everything given to the thread."""
        if quick and self._given == self._ended and self.in_transaction:
            return call()
        return await self._execute(call)

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def counted() -> Any:
            try:
                return fn(*args, **kwargs)
            finally:
                # Also when whoever waits was cancelled: the thread goes on, and nothing may overtake it.
                self._ended += 1

        if not self._running or self._connection is None:
            raise ValueError("Connection closed")
        self._given += 1
        return await super()._execute(counted)  # type: ignore[no-untyped-call]  # aiosqlite has no types here

    @contextmanager
    async def cursor(self) -> aiosqlite.Cursor:
        """A new cursor."""
        return Cursor(self, self._conn.cursor())

    async def rollback(self) -> None:
        """End the transaction, where there is one, without keeping what it wrote."""
        if self._given != self._ended or self.in_transaction:
            await super().rollback()


def connect(database: str, **options: Any) -> Connection:
    """A connection that is opened when it is awaited. The options are those of `sqlite3.connect`."""
    return Connection(partial(sqlite3.connect, database, **options | {"check_same_thread": False}))
