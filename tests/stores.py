"""SQLite databases that cost little: our tables are made once a process and copied."""

from __future__ import annotations

import asyncio
import functools
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import sqlalchemy as sa

from storage import Database, migrate, open_store
from storage.sql.store import SqlStore
from storage.sql.tables import FIGURES, TABLES


@functools.cache
def template() -> bytes:
    """A SQLite file with our tables and nothing in them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        # In a thread of its own: whoever asks may have a running loop.
        thread = threading.Thread(target=lambda: asyncio.run(migrate(f"sqlite:///{path}")))
        thread.start()
        thread.join()
        return path.read_bytes()


def new_database(folder: Path, name: str = "warroom") -> str:
    """The URL of a new database with our tables."""
    path = folder / f"{name}.db"
    path.write_bytes(template())
    return f"sqlite:///{path}"


@asynccontextmanager
async def fresh_store() -> AsyncIterator[Database]:
    """An empty store, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="warroom-test-") as folder:
        store = await open_store(new_database(Path(folder)))
        try:
            yield store
        finally:
            await store.close()


async def empty(store: Database) -> None:
    """Take everything out of a store, which costs less than opening another one."""
    assert isinstance(store, SqlStore)
    async with store._writing() as conn:
        for table in (FIGURES, *reversed(TABLES)):
            await conn.execute(sa.delete(table))
