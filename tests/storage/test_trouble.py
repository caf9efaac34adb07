"""When the database is away, locked, full or closed, one type says so, with the next step and without a password."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import aiosqlite
import pytest
import sqlalchemy as sa

from storage import BadAddress, Database, migrate, open_store
from storage.sql.address import parse
from storage.sql.connection import engine_for
from storage.sql.store import SqlStore
from tests.storage.conftest import Opener, PostgreSQL
from tests.storage.values import PATIENCE, PATIENT, ask, entry, incident, put, room, take
from tests.stores import template
from warroom.errors import StoreUnavailable

SOON = timedelta(milliseconds=300)


def path_of(url: str) -> str:
    """The file behind a SQLite URL."""
    return url.removeprefix("sqlite:///")


async def test_a_closed_store_says_so_to_everybody(store: Database) -> None:
    await store.close()
    for attempt in (
        put(store),
        store.incident("i"),
        take(store),
        store.ready(),
        store.check_writable(),
        store.next_due(),
    ):
        with pytest.raises(StoreUnavailable, match=r"closed.*Nothing was stored"):
            await attempt
    await store.close()


async def test_nobody_listens_where_the_url_points() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"postgresql://warroom:hunter2@127.0.0.1:{bound.getsockname()[1]}/warroom"
        for attempt in (open_store(url, patience=SOON), migrate(url, patience=SOON)):
            with pytest.raises(
                StoreUnavailable, match=r"database warroom at 127.0.0.1.*Check that the server runs"
            ) as told:
                await attempt
            assert "hunter2" not in str(told.value)


async def test_a_server_that_accepts_and_never_answers_is_given_up_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://warroom:hunter2@127.0.0.1:{silent.getsockname()[1]}/warroom"
        async with asyncio.timeout(30):
            with pytest.raises(StoreUnavailable, match="no answer in time"):
                await open_store(url, patience=SOON)


async def test_a_database_that_does_not_exist_is_named(postgresql: PostgreSQL) -> None:
    with pytest.raises(StoreUnavailable, match=r"nowhere.*Create the database"):
        await open_store(postgresql.url("nowhere"), patience=PATIENT)


async def test_a_user_that_may_not_log_in(postgresql: PostgreSQL) -> None:
    url = postgresql.url("postgres").replace("postgres:@", "nobody:hunter2@")
    with pytest.raises(StoreUnavailable, match="Check user and password") as told:
        await open_store(url, patience=PATIENT)
    assert "hunter2" not in str(told.value)


async def test_postgresql_drops_our_connections_and_the_next_call_works(
    postgresql: PostgreSQL, opening: Opener
) -> None:
    url = postgresql.new()
    store = await opening(url)
    await ask(store, room("a"))
    name = sa.make_url(url).database
    postgresql.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';")  # noqa: S608  # names of our own
    await ask(store, room("b"))
    assert len(await take(store)) == 2


async def test_a_read_only_postgresql_is_not_written_to(postgresql: PostgreSQL, opening: Opener) -> None:
    url = postgresql.new()
    name = sa.make_url(url).database
    postgresql.sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on;')
    store = await opening(url)
    assert await store.incidents() == []
    await store.ready()
    for attempt in (ask(store, room()), store.check_writable()):
        with pytest.raises(StoreUnavailable, match=r"read-only.*primary"):
            await attempt


async def test_a_locked_file_is_waited_for_and_then_reported(sqlite_url: str) -> None:
    store = await open_store(sqlite_url, patience=PATIENCE)
    other = sqlite3.connect(path_of(sqlite_url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match=r"locked.*only Warroom opens the file"):
        await put(store, incident=incident())
    assert await store.incidents() == []
    other.execute("COMMIT")
    other.close()
    assert await put(store, incident=incident())
    await store.close()


@contextmanager
def pragma(store: Database, statement: str) -> Iterator[None]:
    """Every connection of the store behaves as if the file system did."""
    assert isinstance(store, SqlStore)
    engine = store._engine.sync_engine

    def set_up(connection: sa.Connection) -> None:
        connection.connection.cursor().execute(statement)

    sa.event.listen(engine, "begin", set_up, insert=True)
    yield
    sa.event.remove(engine, "begin", set_up)


async def test_a_read_only_file_is_not_written_to(sqlite_url: str, opening: Opener) -> None:
    store = await opening(sqlite_url)
    with pragma(store, "PRAGMA query_only = ON"):
        assert await store.incidents() == []
        with pytest.raises(StoreUnavailable, match=r"readonly.*writable"):
            await put(store, incident=incident())


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write to any file, so give that up for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_file_that_we_may_not_write_to(opening: Opener) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "warroom.db"
        path.write_bytes(template())
        path.chmod(0o444)
        path.parent.chmod(0o555)
        with as_nobody(), pytest.raises(StoreUnavailable, match="writable"):
            await ask(await opening(f"sqlite:///{path}"), room())


async def test_a_full_disk_loses_nothing_that_was_stored(sqlite_url: str, opening: Opener) -> None:
    store = await opening(sqlite_url)
    await put(store, incident=incident())
    with pragma(store, "PRAGMA max_page_count = 1"):
        with pytest.raises(StoreUnavailable, match=r"full.*Make room"):
            await put(store, incident=incident(version=1, title="lost"), entries=(entry("k", text="x" * 1_000_000),))
        kept = await store.incident("inc-1")
        assert kept == incident(version=1)
    with pragma(store, "PRAGMA max_page_count = 1000000"):
        assert await put(
            store, incident=incident(version=1, title="written"), entries=(entry("k", text="x" * 1_000_000),)
        )


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 500)
    before = set(threading.enumerate())
    # The error's traceback holds whatever was not closed.
    with pytest.raises(StoreUnavailable, match=r"not a database.*DATABASE_URL") as refused:
        await open_store(f"sqlite:///{path}")
    assert path.read_text().startswith("Dear diary")
    left = set(threading.enumerate()) - before
    assert not [each.name for each in left if "_connection_worker_thread" in each.name], refused


async def test_a_password_that_was_not_written_for_a_url_is_not_shown_in_pieces() -> None:
    with pytest.raises(BadAddress, match="%40") as refused:
        await open_store("postgresql://user:hu@sh/hu:sh@127.0.0.1/warroom")
    assert "sh/hu" not in str(refused.value)
    assert "hu:sh" not in str(refused.value)


async def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(BadAddress, match=r"The folder .*missing does not exist"):
        await open_store(f"sqlite:///{tmp_path}/missing/warroom.db")


async def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    for attempt in (open_store(f"sqlite:///{tmp_path}"), migrate(f"sqlite:///{tmp_path}")):
        with pytest.raises(BadAddress, match=r"is a folder.*path of a file"):
            await attempt


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_a_path_that_cannot_be_opened_is_one_sentence_and_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "migrate"],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": "sqlite:////proc/warroom.db"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "/proc/warroom.db cannot be opened: unable to open database file" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


async def test_a_temporary_file_is_gone_after_close() -> None:
    store = await open_store("sqlite://")
    assert isinstance(store, SqlStore)
    path = Path(store._engine.url.database or "")
    await ask(store, room())
    assert path.exists()  # noqa: ASYNC240  # nobody else runs
    await store.close()
    assert not path.parent.exists()


async def test_a_connection_closed_with_rows_unread_leaves_no_lock(sqlite_url: str) -> None:
    engine = engine_for(parse(sqlite_url), PATIENCE)
    async with engine.connect() as conn:
        driver = (await conn.get_raw_connection()).driver_connection
        assert isinstance(driver, aiosqlite.Connection)
        await driver.execute("CREATE TABLE beside (x)")
        await driver.execute("BEGIN IMMEDIATE")
        unread = await driver.execute("INSERT INTO beside VALUES (1), (2) RETURNING x")
        # So SQLAlchemy ends the connection of a task that is cancelled here; the task's traceback keeps the cursor.
        stopped = driver.stop()
        assert stopped is not None
        await stopped
        other = sqlite3.connect(path_of(sqlite_url), isolation_level=None, timeout=0)
        other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT count(*) FROM beside").fetchone() == (0,), "what was not committed is not there"
        other.close()
        assert unread is not None
        await conn.invalidate()
    await engine.dispose()


async def test_a_cancelled_commit_does_not_hold_up_the_next(store: Database) -> None:
    for steps in range(12):
        work = asyncio.create_task(put(store, incident=incident(steps + 1), effects=(room(f"room:{steps}"),)))
        for _ in range(steps):
            await asyncio.wait([work], timeout=0.0005)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    async with asyncio.timeout(60):
        assert await put(store, incident=incident(99), effects=(room("last"),))
    stored = {f"room:{each.number - 1}" for each in await store.incidents()} - {"room:98"} | {"last"}
    assert {claim.key for claim in await take(store, limit=99)} == stored


async def test_a_write_check_leaves_nothing_behind_and_disturbs_nobody(database: str, opening: Opener) -> None:
    one, two = await opening(database), await opening(database)
    await asyncio.gather(
        one.check_writable(), two.check_writable(), one.check_writable(), put(two, incident=incident())
    )
    assert len([record async for record in one.dump()]) == 1
    assert (await two.heartbeat("two", {})).active == 1
