"""A database that answers but cannot be written to is no database that a bot is ready with."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.runtime.readiness import WRITE_EVERY, DatabaseHealth
from storage import open_store
from storage.sql.store import SqlStore
from tests.storage.values import entry, put
from tests.stores import new_database
from warroom.errors import StoreUnavailable

WITHIN = 20.0
"""Seconds; far more than any of these takes."""


class Health:
    """A store, and its health by a clock that the test moves."""

    def __init__(self, store: SqlStore) -> None:
        self.store, self.time = store, 0.0
        self.health = DatabaseHealth(store, lambda: self.time)

    async def problem(self, later: float = 0.0) -> str | None:
        """Asked so many seconds later."""
        self.time += later
        return await self.health.problem(WITHIN)

    @contextmanager
    def pragma(self, statement: str) -> Iterator[None]:
        """Every connection behaves as if the file system did."""
        engine = self.store._engine.sync_engine

        def set_up(connection: sa.Connection) -> None:
            connection.connection.cursor().execute(statement)

        sa.event.listen(engine, "begin", set_up, insert=True)
        yield
        sa.event.remove(engine, "begin", set_up)


async def fill_up(store: SqlStore) -> None:
    """Use up what is free within the file. Raises StoreUnavailable when there is no more room."""
    for number in range(1000):
        await put(store, entries=(entry(f"k{number}", text="x" * 1000),))


@pytest.fixture
async def health(tmp_path: Path) -> AsyncIterator[Health]:
    store = await open_store(new_database(tmp_path), patience=timedelta(milliseconds=100))
    assert isinstance(store, SqlStore)
    yield Health(store)
    await store.close()


async def test_a_full_disk_is_noticed_and_so_is_its_end(health: Health) -> None:
    assert await health.problem() is None
    with health.pragma("PRAGMA max_page_count = 1"):
        with pytest.raises(StoreUnavailable, match="full"):
            await fill_up(health.store)
        found = await health.problem(WRITE_EVERY)
        assert found is not None
        assert "full" in found
        assert "Make room" in found
    with health.pragma("PRAGMA max_page_count = 1000000"):
        assert await health.problem(WRITE_EVERY - 1) == found, "it is tried again after a while only"
        assert await health.problem(1) is None


async def test_a_read_only_database_is_noticed(health: Health) -> None:
    with health.pragma("PRAGMA query_only = ON"):
        found = await health.problem()
    assert found is not None
    assert "readonly" in found
    assert "writable" in found


async def test_a_write_lock_that_somebody_holds_is_noticed(health: Health) -> None:
    other = sqlite3.connect(health.store._engine.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    found = await health.problem()
    assert found is not None
    assert "locked" in found
    other.execute("COMMIT")
    other.close()
    assert await health.problem(WRITE_EVERY) is None


async def test_it_writes_rarely_and_leaves_nothing_behind(health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    written, check = [], health.store.check_writable

    async def counted() -> None:
        written.append(health.time)
        await check()

    monkeypatch.setattr(health.store, "check_writable", counted)
    await asyncio.gather(*(health.problem() for _ in range(5)))
    for _ in range(10):
        await health.problem(WRITE_EVERY / 5)
    assert written == [0, WRITE_EVERY, 2 * WRITE_EVERY]
    async with health.store._reading() as conn:
        assert (await conn.execute(sa.text("SELECT count(*) FROM replica"))).scalar() == 0
    assert [record async for record in health.store.dump()] == []


async def test_a_write_that_hangs_is_not_waited_for_and_not_forgotten(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, begun = asyncio.Event(), 0

    async def hangs() -> None:
        nonlocal begun
        begun += 1
        await release.wait()

    async def answers() -> None:
        return None

    monkeypatch.setattr(health.store, "ready", answers)
    monkeypatch.setattr(health.store, "check_writable", hangs)
    assert await health.health.problem(0.01) == "no answer within 0.01 s"
    assert await health.health.problem(0.01) == "no answer within 0.01 s"
    assert begun == 1, "one try at a time"
    release.set()
    assert await health.problem() is None


async def test_a_closed_store_is_noticed_at_once(health: Health) -> None:
    assert await health.problem() is None
    await health.store.close()
    found = await health.problem()
    assert found is not None
    assert "closed" in found
