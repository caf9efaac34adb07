"""Opening a store by its URL."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from storage.address import Address, parse, sqlite_at
from storage.engine import engine_for
from storage.errors import BadAddress
from storage.memory import MemoryStore
from storage.schema import prepare, require_usable
from storage.sql.store import SqlStore


async def open_store(url: str, *, patience: timedelta = timedelta(seconds=5)) -> SqlStore | MemoryStore:
    """The store at the URL; a new, empty database gets its tables.

    `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://` (a file that is deleted on close), `postgresql://…`,
    `postgres://…`, `memory://`. `patience` is how long a locked or unreachable database is waited for. Raises BadAddress,
    SchemaTooOld, DatabaseFromTheFuture, or StoreUnavailable when the database is away.
    """
    address = parse(url)
    if address.kind == "memory":
        return MemoryStore()
    if address.kind == "sqlite" and not address.url.database:
        folder = tempfile.mkdtemp(prefix="warroom-")
        return await _open(sqlite_at(f"{folder}/warroom.db"), patience, folder)
    return await _open(address, patience)


async def _open(address: Address, patience: timedelta, to_delete: str | None = None) -> SqlStore:
    if address.kind == "sqlite":
        _require_folder(address)

    def clean_up() -> None:
        if to_delete is not None:
            shutil.rmtree(to_delete)

    engine = engine_for(address, patience)
    store = SqlStore(address, engine, require_usable, clean_up)
    try:
        await prepare(address, engine)
    except BaseException:
        await store.close()
        raise
    return store


def _require_folder(address: Address) -> None:
    folder = Path(address.url.database or "").resolve().parent
    if not folder.is_dir():
        raise BadAddress(f"The folder {folder} does not exist. Create it, or correct DATABASE_URL.")
