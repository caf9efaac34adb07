"""A new database gets its tables, an old one waits for the operator, one from the future is left alone."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from storage import BadAddress, DatabaseFromTheFuture, SchemaTooOld, migrate, open_store, schema
from storage.address import parse
from storage.engine import engine_for
from storage.schema import VERSION_TABLE, revisions
from storage.tables import Base
from tests.storage.conftest import Opener
from tests.storage.values import PATIENT, ask, room, take, take_one
from warroom.errors import StoreUnavailable

NEXT = "9998_next"
"""The revision of a later version of Warroom."""

BOTH = pytest.mark.parametrize("empty_url", ["sqlite", "postgresql"], indirect=True)


async def execute(url: str, statement: str) -> None:
    """Something done to the database behind Warroom's back."""
    engine = engine_for(parse(url), PATIENT)
    async with engine.begin() as conn:
        await conn.execute(sa.text(statement))
    await engine.dispose()


async def marked(url: str, revision: str) -> None:
    """The database says that it is of that revision."""
    await execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'")  # noqa: S608  # names of our own


@BOTH
async def test_an_empty_database_gets_its_tables_and_is_used_at_once(empty_url: str, opening: Opener) -> None:
    store = await opening(empty_url)
    await store.ready()
    await ask(store, room())
    assert (await take_one(store)).effect == room()


@BOTH
async def test_migrate_tells_what_it_did(empty_url: str) -> None:
    newest = revisions()[0]
    assert await migrate(empty_url) == (None, newest)
    assert await migrate(empty_url) == (newest, newest)


@BOTH
async def test_models_and_migrations_agree(empty_url: str) -> None:
    await migrate(empty_url)
    engine = engine_for(parse(empty_url), PATIENT)

    def differences(connection: sa.Connection) -> list[object]:
        options = {"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))

    async with engine.connect() as conn:
        assert await conn.run_sync(differences) == []
    await engine.dispose()


@BOTH
async def test_several_replicas_may_start_at_once_on_a_new_database(empty_url: str) -> None:
    stores = await asyncio.gather(*(open_store(empty_url) for _ in range(4)))
    for number, store in enumerate(stores):
        await ask(store, room(f"room:{number}"))
    claimed = [claim.effect.key for claim in await take(stores[0]) if claim.effect]
    assert sorted(claimed) == ["room:0", "room:1", "room:2", "room:3"], "all of them use one set of tables"
    for store in stores:
        await store.close()
    assert await migrate(empty_url) == (revisions()[0], revisions()[0]), "nothing is left to do"


@BOTH
async def test_a_database_from_the_future_is_refused_by_name(empty_url: str) -> None:
    await migrate(empty_url)
    await marked(empty_url, "9999_teleport")
    for attempt in (open_store(empty_url), migrate(empty_url)):
        with pytest.raises(DatabaseFromTheFuture, match=r"9999_teleport.*newer version"):
            await attempt


@BOTH
async def test_who_has_it_open_stays_ready_through_an_upgrade_but_not_through_a_restored_older_one(
    empty_url: str, opening: Opener
) -> None:
    store = await opening(empty_url)
    await marked(empty_url, "9999_teleport")
    await store.ready()
    await marked(empty_url, revisions()[1])
    with pytest.raises(SchemaTooOld, match="python -m bot migrate"):
        await store.ready()
    await execute(empty_url, f"DROP TABLE {VERSION_TABLE}")
    with pytest.raises(SchemaTooOld):
        await store.ready()


RENAMES = {"0006_field_names"}
"""Steps before which every process of an older version has to be stopped; docs/operating.md says so for each."""


@pytest.mark.parametrize(
    "step",
    sorted(f for f in Path(schema.__file__).parent.glob("migrations/versions/*.py") if f.stem not in RENAMES),
    ids=lambda f: f.stem,
)
def test_a_step_only_adds_for_older_processes_still_run(step: Path) -> None:
    """Expand now, contract a release later: see docs/storage.md, "Migrations"."""
    for word in ("drop_", "rename_", "alter_column", "batch_alter_table", "execute("):
        assert f"op.{word}" not in step.read_text(), f"{step.name}: {word}"


@BOTH
async def test_an_older_database_asks_for_migrate(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await migrate(empty_url)
    newest = revisions()[0]
    with_one_more_step(monkeypatch, tmp_path, "pass")
    with pytest.raises(SchemaTooOld, match="python -m bot migrate"):
        await open_store(empty_url)
    assert await migrate(empty_url) == (newest, NEXT)
    store = await open_store(empty_url)
    await store.close()


@BOTH
async def test_a_step_that_fails_leaves_the_database_as_it_was(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await migrate(empty_url)
    newest = revisions()[0]
    with monkeypatch.context() as patch:
        broken = "op.execute('CREATE TABLE half (id INTEGER)'); raise RuntimeError('broken step')"
        with_one_more_step(patch, tmp_path, broken)
        with pytest.raises(RuntimeError, match="broken step"):
            await migrate(empty_url)
    revisions.cache_clear()
    assert await migrate(empty_url) == (newest, newest)
    with pytest.raises((sa.exc.OperationalError, sa.exc.ProgrammingError), match="half"):
        await execute(empty_url, "SELECT * FROM half")


def with_one_more_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, does: str) -> None:
    """As if this were a later version of Warroom, whose schema has a step that `does` that."""
    later = tmp_path / "later"
    shutil.copytree(Path(schema.__file__).parent / "migrations", later)
    (later / "versions" / f"{NEXT}.py").write_text(
        f'"""Next."""\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f'revision, down_revision = "{NEXT}", "{revisions()[0]}"\n\n\ndef upgrade() -> None:\n    {does}\n'
    )
    config = schema._config()
    config.set_main_option("script_location", str(later))
    monkeypatch.setattr(schema, "_config", lambda: config)
    revisions.cache_clear()


@pytest.fixture(autouse=True)
def _forget_revisions() -> object:
    yield
    revisions.cache_clear()


@BOTH
async def test_somebody_elses_tables_are_not_touched(empty_url: str) -> None:
    await execute(empty_url, "CREATE TABLE incident (id INTEGER)")
    with pytest.raises(SchemaTooOld, match=r"tables named incident.*a database of its own"):
        await open_store(empty_url)
    await execute(empty_url, "SELECT id FROM incident")


@BOTH
async def test_a_neighbours_tables_do_no_harm(empty_url: str, opening: Opener) -> None:
    await execute(empty_url, "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    await execute(empty_url, "INSERT INTO alembic_version VALUES ('theirs')")
    await (await opening(empty_url)).ready()


async def test_a_record_in_memory_has_nothing_to_migrate() -> None:
    for url in ("memory://", "sqlite://"):
        with pytest.raises(BadAddress, match="in memory"):
            await migrate(url)


async def test_migrate_waits_for_its_turn_and_then_says_who_is_in_the_way(sqlite_url: str) -> None:
    engine = engine_for(parse(sqlite_url), PATIENT)
    async with engine.connect() as conn:
        await conn.execute(sa.text("BEGIN IMMEDIATE"))
        with pytest.raises(StoreUnavailable, match="locked"):
            await migrate(sqlite_url, patience=timedelta(milliseconds=100))
    await engine.dispose()
