"""Two people, and a directory that holds whoever is in the record."""

from __future__ import annotations

from collections.abc import Sequence

from warroom.people.model import Group, Person
from warroom.ports import Store

ADA = Person(id="UADA", name="ada", real_name="Ada Lovelace", display_name="Ada", email="ada@example.com")
GRACE = Person(id="UGRACE", name="grace", real_name="Grace Hopper", display_name="Grace", email="grace@example.com")


class StoredPeople:
    """The directory straight from the record, without anything fuzzy."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def person(self, user_id: str) -> Person | None:
        return await self._store.person(user_id)

    async def group(self, id_or_handle: str) -> Group | None:
        return await self._store.group(id_or_handle)

    async def by_email(self, email: str) -> Sequence[Person]:
        return await self._store.people_by_email(email)

    async def by_name(self, normal: str) -> Sequence[Person]:
        return await self._store.people_by_name(normal)

    async def candidates(self, normal: str, limit: int) -> Sequence[tuple[Person, str, float]]:
        return ()
