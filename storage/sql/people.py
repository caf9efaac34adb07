"""The cached directory over a database."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from storage.sql import directory
from storage.sql.connected import Connected
from storage.tables import PERSON
from warroom.people.model import Group, Person


class SqlPeople(Connected):
    """`warroom.ports.PeopleStore` over SQLite or PostgreSQL."""

    async def _people(self, where: sa.ColumnElement[bool], limit: int | None = None) -> list[Person]:
        async with self._reading() as conn:
            return await directory.people(conn, where, limit)

    async def person(self, user_id: str) -> Person | None:
        """By Slack id."""
        found = await self._people(PERSON.c.id == user_id)
        return found[0] if found else None

    async def people_by_email(self, email: str) -> list[Person]:
        """Compared without case; nobody for an empty one."""
        return await self._people(directory.by_email(email))

    async def people_by_id(self, user_ids: Sequence[str]) -> list[Person]:
        """See `warroom.ports.PeopleStore.people_by_id`."""
        return await self._people(PERSON.c.id.in_(list(user_ids)))

    async def people_by_name(self, normal: str) -> list[Person]:
        """See `warroom.ports.PeopleStore.people_by_name`."""
        return await self._people(directory.by_name(normal))

    async def people_after(self, user_id: str, limit: int) -> list[Person]:
        """The next page, by id."""
        return await self._people(PERSON.c.id > user_id, limit)

    async def group(self, id_or_handle: str) -> Group | None:
        """By id, or by normalised handle."""
        async with self._reading() as conn:
            return await directory.group(conn, id_or_handle)

    async def directory_version(self) -> tuple[int, bool]:
        """(a number that grows with every change, whether a whole read ever ended)."""
        async with self._reading() as conn:
            return await directory.version(conn)
