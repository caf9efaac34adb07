"""The whole record as lines of JSON, from any kind of database into any other.

The first line says what this is: {"warroom_export": 1, "schema": "0002", "written_at": "…"}. Each following line is a row,
["incident", {…}], with times in ISO 8601 and bytes in base64. The last line is {"rows": 1234}: a file without it is cut off.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage import codec
from storage.columns import Key, TZDateTime, Words
from storage.errors import BadExport
from storage.memory import MemoryStore
from storage.row import Row
from storage.schema import revisions
from storage.sql.store import SqlStore
from storage.tables import WHOLE
from warroom.errors import Conflict

FORMAT = 1
LARGE, LARGEST = 2**31 - 1, 2**63 - 1
"""What PostgreSQL's INTEGER and BIGINT hold (https://www.postgresql.org/docs/current/datatype-numeric.html)."""

# How each type of column stands in JSON.
_KINDS = ((sa.Boolean, bool), (sa.Integer, int), (sa.JSON, dict), ((TZDateTime, sa.LargeBinary, Key, Words), str))

_TABLES = {table.name: table for table in WHOLE}
_PLACES = {table.name: place for place, table in enumerate(WHOLE)}


async def export_lines(store: SqlStore | MemoryStore, now: datetime) -> AsyncGenerator[str, None]:
    """Everything in the record as it is at one moment, private incidents too. A writer at work is not disturbed.

    Raises StoreUnavailable.
    """
    yield _line({"warroom_export": FORMAT, "schema": revisions()[0], "written_at": now.isoformat()})
    count = 0
    async with aclosing(store.rows()) as rows:
        async for table, columns in rows:
            yield _line([table, {name: _written(value) for name, value in columns.items()}])
            count += 1
    yield _line({"rows": count})


async def import_lines(store: SqlStore | MemoryStore, lines: Iterable[str]) -> int:
    """Everything in the lines is in the record, which was empty; or nothing is. Returns how many rows.

    Raises BadExport, NotEmpty, StoreUnavailable.
    """
    try:
        return await store.fill(_rows(lines))
    except Conflict:
        raise BadExport(
            "A row stands in the file twice, or somebody else writes into this database. Export again, and import into a "
            "database that nobody uses yet."
        ) from None


def _line(said: object) -> str:
    return codec.to_text(said) + "\n"


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    numbered = enumerate(lines, 1)
    _require_ours(next(numbered, (1, ""))[1])
    count, place = 0, 0
    for number, line in numbered:
        said = _read(line, number)
        if isinstance(said, dict):
            if said.get("rows") != count:
                raise BadExport(f"The file should hold {said.get('rows')} rows and holds {count}. Export again.")
            _require_end(numbered)
            return
        row = _row(said, number)
        if _PLACES[row[0]] < place:
            raise BadExport(f"Line {number}: a row of {row[0]} is out of its place. Export again.")
        count, place = count + 1, _PLACES[row[0]]
        yield row
    raise BadExport(f"The file is cut off after {count} rows: its last line is missing. Export again.")


def _require_end(numbered: Iterator[tuple[int, str]]) -> None:
    for number, line in numbered:
        if line.strip():
            raise BadExport(
                f"The file goes on after its end, at line {number}: two exports in one? Import one of them."
            )


def _require_ours(line: str) -> None:
    said = _read(line, 1)
    if not isinstance(said, dict) or "warroom_export" not in said:
        raise BadExport("The file is no export of Warroom. Make one with: python -m bot export FILE")
    if said["warroom_export"] != FORMAT:
        raise BadExport(
            f"The file is an export of format {said['warroom_export']}, and this version of Warroom reads format {FORMAT}. "
            "Import it with the version that wrote it."
        )
    if said.get("schema") != revisions()[0]:
        raise BadExport(
            f"The file was written with schema {said.get('schema')} and this version of Warroom has {revisions()[0]}. "
            "Bring the older side up to date with python -m bot migrate, then export and import with the same version."
        )


def _read(line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise BadExport(f"Line {number} is not JSON. Export again, and copy the file as it is.") from None


def _row(said: Any, number: int) -> Row:
    match said:
        case [str(name), dict(columns)] if name in _TABLES:
            table = _TABLES[name]
        case _:
            raise BadExport(f"Line {number} is no row of a table. Export again, and copy the file as it is.")
    if set(columns) != set(table.c.keys()):
        raise BadExport(f"Line {number}: the columns are not those of the table {name}. Export again.")
    try:
        return name, {column.name: _value(column, columns) for column in table.c}
    except (ValueError, TypeError, OverflowError) as error:
        raise BadExport(f"Line {number}: a value of {name} cannot be read: {error}") from None


def _value(column: sa.Column[Any], columns: Mapping[str, Any]) -> Any:
    said = columns[column.name]
    if said is None and column.nullable:
        return None
    wanted = next(kind for stored, kind in _KINDS if isinstance(column.type, stored))
    if type(said) is not wanted:
        raise ValueError(f"{column.name} should be of type {wanted.__name__}")
    if isinstance(said, int) and abs(said) > (LARGEST if isinstance(column.type, sa.BigInteger) else LARGE):
        raise ValueError(f"{column.name} is too large")
    if not isinstance(said, str):
        return said
    if isinstance(column.type, TZDateTime):
        return codec.utc(datetime.fromisoformat(said))
    return base64.b64decode(said, validate=True) if isinstance(column.type, sa.LargeBinary) else said
