"""Reading people and groups."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import codec
from storage.names import COMPLETE, NAME_COLUMNS, VERSION, best_group, email_key
from storage.tables import GROUP, META, PERSON
from warroom.people.model import Group, Person, normal


async def people(conn: AsyncConnection, where: sa.ColumnElement[bool], limit: int | None = None) -> list[Person]:
    """Those that match, by id."""
    found = await conn.execute(sa.select(PERSON.c.body).where(where).order_by(PERSON.c.id).limit(limit))
    return [codec.from_body(Person, body) for body in found.scalars()]


def by_email(email: str) -> sa.ColumnElement[bool]:
    """Nobody for an empty email."""
    key = email_key(email)
    return PERSON.c.email_lower == key if key else sa.false()


def by_name(key: str) -> sa.ColumnElement[bool]:
    """By any kind of name; nobody for an empty one."""
    return sa.or_(*(PERSON.c[column] == key for column in NAME_COLUMNS)) if key else sa.false()


async def group(conn: AsyncConnection, id_or_handle: str) -> Group | None:
    """By id before handle, enabled before disabled."""
    handle = normal(id_or_handle)
    by_handle = sa.and_(GROUP.c.handle_key == handle, GROUP.c.handle_key != "")
    found = await conn.execute(sa.select(GROUP.c.body).where(sa.or_(GROUP.c.id == id_or_handle, by_handle)))
    return best_group([codec.from_body(Group, body) for body in found.scalars()], id_or_handle)


async def version(conn: AsyncConnection) -> tuple[int, bool]:
    """(the counter of changes, whether a whole read ever ended)."""
    found = await conn.execute(sa.select(META.c.name, META.c.number))
    numbers = {row.name: row.number for row in found}
    return numbers.get(VERSION, 0), COMPLETE in numbers
