"""The cached directory of people and user groups."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage import codec
from storage.keys import DIRECTORY_COMPLETE, DIRECTORY_VERSION, NAME_COLUMNS, email_key, key
from storage.queues import Batch
from storage.sql import rows
from storage.sql.address import Address
from storage.sql.connection import Connected
from storage.sql.dialect import insert, upsert
from storage.sql.tables import GROUP, META, PERSON
from warroom.outbox.changes import Changeset
from warroom.people.model import Group, Person, best_group, normal


class SqlPeople(Connected):
    """`warroom.stores.People`."""

    def __init__(self, address: Address, engine: AsyncEngine) -> None:
        super().__init__(address, engine)
        self._by_user: Batch[str, Person | None] = Batch(self._read_people, "people by id")

    async def _people(self, where: sa.ColumnElement[bool], limit: int | None = None) -> list[Person]:
        query = sa.select(PERSON.c.body).where(where).order_by(PERSON.c.id).limit(limit)
        async with self._reading() as conn:
            return [codec.from_body(Person, body) for body in (await conn.execute(query)).scalars()]

    async def person(self, user_id: str) -> Person | None:
        """By Slack id. Everybody in a crowd is looked up at the same moment: they are read together."""
        return await self._by_user.join(user_id)

    async def _read_people(self, ids: Sequence[str]) -> list[Person | None]:
        known = {key(each.id): each for each in await self.people_by_id(sorted(set(ids)))}
        return [known.get(key(each)) for each in ids]

    async def people_by_email(self, email: str) -> list[Person]:
        """Compared without case; nobody for an empty one."""
        wanted = email_key(email)
        return await self._people(PERSON.c.email_lower == wanted) if wanted else []

    async def people_by_id(self, user_ids: Sequence[str]) -> list[Person]:
        """Those that are known, by id."""
        return await self._people(PERSON.c.id.in_(list(user_ids)))

    async def people_by_name(self, normal: str) -> list[Person]:
        """By any kind of name; nobody for an empty one."""
        return await self._people(sa.or_(*(PERSON.c[name] == normal for name in NAME_COLUMNS))) if normal else []

    async def people_after(self, user_id: str, limit: int) -> list[Person]:
        """The next page, by id."""
        return await self._people(PERSON.c.id > user_id, limit)

    async def group(self, id_or_handle: str) -> Group | None:
        """By id, or by normalised handle."""
        handle = normal(id_or_handle)
        by_handle = sa.and_(GROUP.c.handle_key == handle, GROUP.c.handle_key != "")
        query = sa.select(GROUP.c.body).where(sa.or_(GROUP.c.id == id_or_handle, by_handle))
        async with self._reading() as conn:
            found = [codec.from_body(Group, body) for body in (await conn.execute(query)).scalars()]
        return best_group(found, id_or_handle)

    async def directory_version(self) -> tuple[int, bool]:
        """(a number that grows with every change, whether a complete read ever ended)."""
        async with self._reading() as conn:
            found = await conn.execute(sa.select(META.c.name, META.c.number))
            numbers = {row.name: row.number for row in found}
        return numbers.get(DIRECTORY_VERSION, 0), DIRECTORY_COMPLETE in numbers


async def keep_directory(conn: AsyncConnection, change: Changeset) -> None:
    """The people and groups of a change."""
    dialect = conn.dialect.name
    if change.people:
        await upsert(conn, PERSON, ["id"], [rows.person_row(each) for each in change.people])
    if change.groups:
        await upsert(conn, GROUP, ["id"], [rows.group_row(each) for each in change.groups])
    if change.people or change.groups:
        counter = insert(dialect, META).values(name=DIRECTORY_VERSION, number=1)
        await conn.execute(counter.on_conflict_do_update(index_elements=["name"], set_={"number": META.c.number + 1}))
    if change.directory_complete:
        flag = insert(dialect, META).values(name=DIRECTORY_COMPLETE, number=1)
        await conn.execute(flag.on_conflict_do_nothing(index_elements=["name"]))
