"""Everything at once: read as of one moment, written into an empty database."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import BadExport, DatabaseFromTheFuture, NotEmpty, Unreadable
from storage.records import Counter, Job, LoggedAlert, Record, StoredEnvelope, StoredStep
from storage.sql import rows, runbooks
from storage.sql.connection import Connected
from storage.sql.faults import translated
from storage.sql.tables import (
    ALERT,
    AUDIT,
    ENTRY,
    ENVELOPE,
    FEED_LINK,
    FIRING,
    FIRING_KEY,
    GROUP,
    INCIDENT,
    JOB,
    META,
    OVERRIDE,
    PERSON,
    QUARANTINE,
    READ_CURSOR,
    RUN,
    RUN_STEP,
    RUN_TARGET,
    SCHEDULE_STATE,
    SERVICE_CHANGE,
    SUBSCRIPTION,
    TABLES,
)
from warroom.changes.model import Change
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.oncall.model import FeedLink, Override, ScheduleState
from warroom.outbox.changes import Audited, Firing, Quarantined, ReadCursor
from warroom.people.model import Following, Group, Person
from warroom.runbooks.run import Run

AT_ONCE = 500
"""Rows read or written together; memory stays small however large the database is."""

Columns = dict[str, Any]

READERS: tuple[tuple[sa.Table, Callable[[sa.RowMapping], Record]], ...] = (
    (META, lambda row: Counter(name=row["name"], number=row["number"])),
    (PERSON, rows.person_of),
    (GROUP, rows.group_of),
    (SUBSCRIPTION, rows.following_of),
    (READ_CURSOR, rows.read_cursor_of),
    (INCIDENT, rows.incident_of),
    (ENTRY, rows.entry_of),
    (JOB, rows.job_of),
    (ALERT, rows.logged_alert_of),
    (FIRING, rows.firing_of),
    (ENVELOPE, rows.stored_envelope_of),
    (QUARANTINE, rows.quarantined_of),
    (AUDIT, rows.audited_of),
    (OVERRIDE, rows.override_of),
    (SCHEDULE_STATE, rows.schedule_state_of),
    (FEED_LINK, rows.feed_link_of),
    (SERVICE_CHANGE, rows.change_of),
    (RUN, runbooks.run_of),
    (RUN_STEP, runbooks.stored_step_of),
)
"""How the rows of a table become values. What is in FIRING_KEY is in the firings too."""

WRITERS: dict[type[Record], tuple[sa.Table, Callable[[Any], Columns]]] = {
    Counter: (META, lambda counter: counter.model_dump()),
    Person: (PERSON, rows.person_row),
    Group: (GROUP, rows.group_row),
    Following: (SUBSCRIPTION, rows.subscription_row),
    ReadCursor: (READ_CURSOR, lambda cursor: cursor.model_dump()),
    # A commit adds one to the version; here it is the stored one already.
    Incident: (INCIDENT, lambda incident: rows.incident_row(incident.copy_with(version=incident.version - 1))),
    Entry: (ENTRY, rows.entry_row),
    Job: (JOB, lambda job: job.model_dump()),
    LoggedAlert: (ALERT, rows.logged_alert_row),
    Firing: (FIRING, rows.firing_row),
    StoredEnvelope: (ENVELOPE, rows.stored_envelope_row),
    Quarantined: (QUARANTINE, rows.quarantine_row),
    Audited: (AUDIT, lambda audited: audited.model_dump()),
    Override: (OVERRIDE, lambda override: rows.override_row(override.copy_with(version=override.version - 1))),
    ScheduleState: (
        SCHEDULE_STATE,
        lambda state: rows.schedule_state_row(state.copy_with(version=state.version - 1)),
    ),
    FeedLink: (FEED_LINK, rows.feed_link_row),
    Change: (SERVICE_CHANGE, rows.change_row),
    Run: (RUN, lambda run: runbooks.run_row(run.copy_with(version=run.version - 1))),
    StoredStep: (RUN_STEP, runbooks.step_row),
}
"""How values become rows."""


class SqlDump(Connected):
    """`storage.records.Dump`."""

    async def dump(self) -> AsyncGenerator[Record, None]:
        """See `storage.records.Dump.dump`."""
        self._refuse_if_closed()
        with translated(self._address):
            async with self._snapshot() as conn:
                for table, read in READERS:
                    query = sa.select(table).order_by(*table.primary_key)
                    found = await conn.stream(query, execution_options={"yield_per": AT_ONCE})
                    async for row in found.mappings():
                        yield _value(table, row, read)

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees everything as it is now, whatever others write meanwhile; it hinders nobody."""
        engine = self._engine
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        async with engine.connect() as conn:
            if engine.dialect.name == "sqlite":
                await conn.exec_driver_sql("BEGIN")
            yield conn

    async def load(self, records: Iterable[tuple[int, Record]]) -> int:
        """See `storage.records.Dump.load`."""
        async with self._writing() as conn:
            await _require_empty(conn)
            count = 0
            for kind, of_one_kind in groupby(records, key=lambda numbered: type(numbered[1])):
                for part in _parts(of_one_kind):
                    await _insert(conn, kind, part)
                    count += len(part)
            return count


def _value(table: sa.Table, row: sa.RowMapping, read: Callable[[sa.RowMapping], Record]) -> Record:
    try:
        return read(row)
    except (Unreadable, DatabaseFromTheFuture) as error:
        where = ", ".join(str(row[column.name]) for column in table.primary_key)
        raise type(error)(f"Table {table.name}, row {where}: {error}") from error


async def _require_empty(conn: AsyncConnection) -> None:
    for table in TABLES:
        if (await conn.execute(sa.select(sa.literal(1)).select_from(table).limit(1))).first():
            raise NotEmpty(
                f"The database is not empty: there is something in its table {table.name}. "
                "Point DATABASE_URL at a new database; importing never mixes two."
            )


def _parts(numbered: Iterable[tuple[int, Record]]) -> Iterator[list[tuple[int, Record]]]:
    waiting = iter(numbered)
    while part := list(islice(waiting, AT_ONCE)):
        yield part


async def _insert(conn: AsyncConnection, kind: type[Record], part: list[tuple[int, Record]]) -> None:
    """Raises BadExport for the first that cannot stand beside what is there already."""
    try:
        async with conn.begin_nested():
            await _insert_all(conn, kind, [record for _, record in part])
    except IntegrityError as error:
        if len(part) == 1:
            raise BadExport(f"Line {part[0][0]}: {_refusal(error)} Nothing was imported.") from None
        for one in part:
            await _insert(conn, kind, [one])
        raise


async def _insert_all(conn: AsyncConnection, kind: type[Record], records: list[Record]) -> None:
    table, row_of = WRITERS[kind]
    await conn.execute(sa.insert(table), [row_of(record) for record in records])
    keys = [row for record in records if isinstance(record, Firing) for row in rows.firing_key_rows(record)]
    if keys:
        await conn.execute(sa.insert(FIRING_KEY), keys)
    targets = [row for record in records if isinstance(record, Run) for row in runbooks.target_rows(record)]
    if targets:
        await conn.execute(sa.insert(RUN_TARGET), targets)


def _refusal(error: IntegrityError) -> str:
    """What a database says about a value that is taken, as a sentence."""
    said = str(error.orig)
    detail = str(getattr(error.orig.__cause__, "detail", "")) if error.orig is not None else ""
    unique = re.search(r"UNIQUE constraint failed: (.+)", said) or re.search(r"Key \((.+?)\)=", detail)
    if unique is None:
        return f"the database refuses it: {said.strip().splitlines()[0]}."
    names = [name.rpartition(".")[2] for name in unique[1].split(", ")]
    return f"a line before it has the same {' and '.join(names)}, which only one may have."
