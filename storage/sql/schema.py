"""The schema: made on a new database, upgraded by `migrate`, and refused when it is not ours."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.errors import BadAddress, DatabaseFromTheFuture, ForeignDatabase, SchemaTooOld
from storage.sql.address import Address, parse
from storage.sql.connection import WRITES, engine_for, require_openable
from storage.sql.faults import translated
from storage.sql.tables import Base

VERSION_TABLE = "warroom_schema"
"""Not Alembic's usual name, so that another program in the same database keeps its own."""

_LOCK = 0x57415252
"""PostgreSQL's advisory lock while the schema changes: "WARR"."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


@cache
def revisions() -> tuple[str, ...]:
    """Every revision of this version, newest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def revision(connection: sa.Connection) -> str | None:
    """The revision of the database, None when it has none of our tables."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def require_current(connection: sa.Connection) -> None:
    """Raises SchemaTooOld or DatabaseFromTheFuture unless the schema is that of this version."""
    _require_known(found := revision(connection))
    if found != revisions()[0]:
        raise SchemaTooOld(
            f"The database has schema {found or 'none'}, and this version of Warroom needs {revisions()[0]}. "
            "Make a backup and run: python -m bot migrate"
        )


def require_usable(connection: sa.Connection) -> None:
    """Raises SchemaTooOld unless a process that has the database open can go on with it.

    A schema that was upgraded meanwhile will do: nearly every step only adds what older versions need not know
    (docs/storage.md), so that the processes can be replaced one after another.
    """
    found = revision(connection)
    if found is None or found in revisions()[1:]:
        require_current(connection)


def _require_known(found: str | None) -> None:
    if found is not None and found not in revisions():
        raise DatabaseFromTheFuture(
            f"The database has schema {found}, which this version of Warroom ({revisions()[0]}) does not know: "
            "a newer version wrote it. Start that version again, or restore a backup from before the upgrade."
        )


def upgrade(connection: sa.Connection) -> tuple[str | None, str]:
    """Bring the schema up to date, in the connection's transaction; (revision before, revision after)."""
    if connection.dialect.name == "postgresql":
        # Several replicas may start at once: the first one does it, the others find it done.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    before = revision(connection)
    _require_known(before)
    if before is None:
        _require_ours(connection)
    if before != revisions()[0]:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before, revisions()[0]


def _require_ours(connection: sa.Connection) -> None:
    """Raises ForeignDatabase where another program's tables are.

    A SQLite file belongs to one program; a PostgreSQL database may be shared as long as no name is taken.
    """
    there = set(sa.inspect(connection).get_table_names())
    foreign = sorted(there if connection.dialect.name == "sqlite" else there & set(Base.metadata.tables))
    if foreign:
        named = ", ".join(foreign[:5]) + (" …" if len(foreign) > 5 else "")
        raise ForeignDatabase(
            f"The database already has tables named {named}, which no version of Warroom made. "
            "Give Warroom a database of its own: point DATABASE_URL at another one. Nothing was changed."
        )


async def prepare(address: Address, engine: AsyncEngine) -> None:
    """Make the schema on a new database; refuse one that is older, newer or another program's."""
    with translated(address):
        async with engine.connect() as conn:
            if await conn.run_sync(revision) is not None:
                await conn.run_sync(require_current)
                return
        async with engine.execution_options(**{WRITES: True}).begin() as conn:
            await conn.run_sync(upgrade)


async def migrate(url: str, patience: timedelta) -> tuple[str | None, str]:
    """Upgrade the database at the URL; (schema before or None, schema after).

    Raises BadAddress, ForeignDatabase, DatabaseFromTheFuture or StoreUnavailable.
    """
    address = parse(url)
    if not address.url.database:
        raise BadAddress("sqlite:// is a temporary database and has no schema to upgrade.")
    await require_openable(address)
    engine = engine_for(address, patience)
    try:
        with translated(address):
            async with engine.execution_options(**{WRITES: True}).begin() as conn:
                return await conn.run_sync(upgrade)
    finally:
        await engine.dispose()
