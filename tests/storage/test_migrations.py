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

from storage import BadAddress, DatabaseFromTheFuture, ForeignDatabase, SchemaTooOld, migrate, open_store
from storage.sql import schema
from storage.sql.address import parse
from storage.sql.connection import engine_for
from storage.sql.schema import VERSION_TABLE, revisions
from storage.sql.tables import Base
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

    def ours(name: str | None, *_: object) -> bool:
        # The words of incidents are kept by the database itself: no table on PostgreSQL, several on SQLite.
        return "incident_words" not in (name or "")

    def differences(connection: sa.Connection) -> list[object]:
        options = {
            "version_table": VERSION_TABLE,
            "compare_type": True,
            "compare_server_default": True,
            "include_name": ours,
        }
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
    for attempt in (open_store(empty_url), migrate(empty_url)):
        with pytest.raises(ForeignDatabase, match=r"tables named incident.*a database of its own"):
            await attempt
    await execute(empty_url, "SELECT id FROM incident")


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
async def test_a_file_of_another_program_stays_as_it_is(empty_url: str) -> None:
    await execute(empty_url, "CREATE TABLE moz_places (id INTEGER)")
    path = Path(parse(empty_url).url.database or "")
    before = path.read_bytes()  # noqa: ASYNC240  # nobody else runs
    for attempt in (open_store(empty_url), migrate(empty_url)):
        with pytest.raises(ForeignDatabase, match=r"tables named moz_places.*Nothing was changed"):
            await attempt
    assert path.read_bytes() == before  # noqa: ASYNC240


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
async def test_other_programs_may_share_a_postgresql(empty_url: str, opening: Opener) -> None:
    await execute(empty_url, "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    await execute(empty_url, "INSERT INTO alembic_version VALUES ('theirs')")
    await (await opening(empty_url)).ready()


async def test_a_temporary_database_has_nothing_to_migrate() -> None:
    with pytest.raises(BadAddress, match="temporary"):
        await migrate("sqlite://")


async def test_an_address_that_is_gone_names_the_one_that_does_the_same() -> None:
    for attempt in (open_store("memory://"), migrate("memory://")):
        with pytest.raises(BadAddress, match=r"no memory:// store.*sqlite://"):
            await attempt


@pytest.mark.parametrize("url", ["mysql://host/name", "dynamo://x"])
async def test_another_kind_of_database_is_refused_with_those_that_there_are(url: str) -> None:
    with pytest.raises(BadAddress, match=rf"not in '{url.partition(':')[0]}'.*sqlite:///warroom.db.*postgresql://"):
        await open_store(url)


@pytest.mark.parametrize("url", ["hunter2", "hunter2:secret", ""])
async def test_what_is_no_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(BadAddress, match="cannot be read") as refused:
        await open_store(url)
    assert "hunter2" not in str(refused.value)


async def test_migrate_waits_for_its_turn_and_then_says_who_is_in_the_way(sqlite_url: str) -> None:
    engine = engine_for(parse(sqlite_url), PATIENT)
    async with engine.connect() as conn:
        await conn.execute(sa.text("BEGIN IMMEDIATE"))
        with pytest.raises(StoreUnavailable, match="locked"):
            await migrate(sqlite_url, patience=timedelta(milliseconds=100))
    await engine.dispose()
