"""SQLite's driver: what runs without its thread does so only where nothing is overtaken and nothing waits."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.sql import sqlite_driver
from storage.sql.sqlite_driver import AT_ONCE, FEW, Connection, is_quick


@pytest.fixture
async def conn(tmp_path: Path) -> AsyncIterator[Connection]:
    """A connection to an empty table `t`, with a function `thread()` that says in which thread SQLite works."""
    opened = await sqlite_driver.connect(str(tmp_path / "t.db"), isolation_level=None)
    await opened.create_function("thread", 0, threading.get_ident)
    await opened.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, of INTEGER)")
    yield opened  # type: ignore[misc]  # awaiting one gives aiosqlite's type
    await opened.close()


async def _all(conn: Connection, sql: str) -> list[sqlite3.Row]:
    cursor = await conn.cursor()
    await cursor.execute(sql)
    found = list(await cursor.fetchall())
    await cursor.close()
    return found


async def test_writing_within_a_transaction_stays_in_this_thread(conn: Connection) -> None:
    cursor = await conn.cursor()
    await cursor.execute("BEGIN IMMEDIATE")
    await cursor.execute("INSERT INTO t VALUES (1, thread()) RETURNING of")
    assert list(await cursor.fetchall()) == [(threading.get_ident(),)]
    await cursor.executemany("INSERT INTO t VALUES (?, thread())", [(2,), (3,)])
    await cursor.execute("COMMIT")
    assert await _all(conn, "SELECT DISTINCT of FROM t") == [(threading.get_ident(),)]


async def test_what_may_take_long_is_done_by_the_thread(conn: Connection) -> None:
    ((outside,),) = await _all(conn, "INSERT INTO t VALUES (0, thread()) RETURNING of")
    assert outside != threading.get_ident(), "without a transaction it commits, and waits for the disk"
    cursor = await conn.cursor()
    await cursor.execute("BEGIN IMMEDIATE")
    await cursor.executemany("INSERT INTO t VALUES (?, thread())", [(n,) for n in range(1, FEW + 2)])
    await cursor.execute("COMMIT")
    assert await _all(conn, "SELECT DISTINCT of FROM t") == [(outside,)]
    ((reading,),) = await _all(conn, "SELECT thread()")
    assert reading == outside


async def test_nothing_overtakes_what_the_thread_still_does(conn: Connection) -> None:
    """Whoever waits for a statement may be cancelled; SQLite goes on with it."""
    held, go_on = threading.Event(), threading.Event()

    def hold() -> int:
        held.set()
        go_on.wait()
        return 1

    await conn.create_function("hold", 0, hold)
    cursor = await conn.cursor()
    await cursor.execute("BEGIN IMMEDIATE")
    slow = asyncio.create_task(cursor.execute("SELECT hold()"))
    await asyncio.to_thread(held.wait)
    slow.cancel()
    await asyncio.wait({slow})
    behind = asyncio.create_task((await conn.cursor()).execute("INSERT INTO t VALUES (1, thread()) RETURNING of"))
    await asyncio.wait({behind}, timeout=0)
    assert not behind.done()
    go_on.set()
    ((thread,),) = await (await behind).fetchall()
    assert thread != threading.get_ident()
    await conn.rollback()
    assert not conn.in_transaction


async def test_many_rows_come_in_portions_and_all(conn: Connection) -> None:
    many = "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up) SELECT n FROM up LIMIT "
    many += str(2 * AT_ONCE + 5)
    assert [row[0] for row in await _all(conn, many)] == list(range(1, 2 * AT_ONCE + 6))
    cursor = await conn.cursor()
    await cursor.execute(many)
    assert await cursor.fetchone() == (1,)
    portion = list(await cursor.fetchmany(AT_ONCE + 4))
    assert [row[0] for row in portion] == list(range(2, AT_ONCE + 6))
    assert len(list(await cursor.fetchall())) == AT_ONCE
    assert await cursor.fetchone() is None
    await cursor.close()


async def test_a_closed_connection_says_so(conn: Connection) -> None:
    await conn.close()
    with pytest.raises(ValueError, match="closed"):
        await conn.run(lambda: None)


@pytest.mark.parametrize(
    ("sql", "quick"),
    [
        ("INSERT INTO job (key, due_at) VALUES (?, ?) ON CONFLICT (key) DO NOTHING", True),
        ("UPDATE incident SET version=?, body=? WHERE incident.id = ? AND incident.version = ?", True),
        ("UPDATE envelope SET done_at=? WHERE envelope.key IN (?, ?)", True),
        ("INSERT INTO job (key) SELECT alert.id FROM alert", False),
        ("UPDATE job SET due_at=? WHERE job.leased = 1 AND job.due_at > ?", False),
        ("UPDATE job SET due_at=? WHERE job.key IN (SELECT job.key FROM job ORDER BY due_at)", False),
        ("SELECT 1", False),
        ("DELETE FROM job WHERE job.key = ?", False),
    ],
)
def test_only_a_statement_that_finds_its_rows_by_key_runs_on_the_loop(sql: str, quick: bool) -> None:
    assert is_quick(sql) is quick
