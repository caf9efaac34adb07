"""A replay asks for the same people and overrides thousands of times, and nobody else changes them: they are read once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from warroom.oncall.model import Override
from warroom.people.model import Directory, Group, Person


class ReadOnce:
    """A directory that asks another one for each name once."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._people: dict[str, Person | None] = {}
        self._groups: dict[str, Group | None] = {}
        self._emails: dict[str, Sequence[Person]] = {}
        self._names: dict[str, Sequence[Person]] = {}
        self._near: dict[tuple[str, int], Sequence[tuple[Person, str, float]]] = {}

    async def person(self, user_id: str) -> Person | None:
        """See Directory."""
        if user_id not in self._people:
            self._people[user_id] = await self._directory.person(user_id)
        return self._people[user_id]

    async def group(self, id_or_handle: str) -> Group | None:
        """See Directory."""
        if id_or_handle not in self._groups:
            self._groups[id_or_handle] = await self._directory.group(id_or_handle)
        return self._groups[id_or_handle]

    async def by_email(self, email: str) -> Sequence[Person]:
        """See Directory."""
        if email not in self._emails:
            self._emails[email] = await self._directory.by_email(email)
        return self._emails[email]

    async def by_name(self, normal: str) -> Sequence[Person]:
        """See Directory."""
        if normal not in self._names:
            self._names[normal] = await self._directory.by_name(normal)
        return self._names[normal]

    async def candidates(self, normal: str, limit: int) -> Sequence[tuple[Person, str, float]]:
        """See Directory."""
        if (normal, limit) not in self._near:
            self._near[normal, limit] = await self._directory.candidates(normal, limit)
        return self._near[normal, limit]


class KnownOverrides:
    """The overrides that were read before: `warroom.stores.OnCall`."""

    def __init__(self, overrides: Sequence[Override]) -> None:
        self._overrides = overrides

    async def override(self, override_id: str) -> Override | None:
        """By id."""
        return next((each for each in self._overrides if each.id == override_id), None)

    async def overrides(self, since: datetime, until: datetime) -> list[Override]:
        """Those that touch the time."""
        return [each for each in self._overrides if each.end > since and each.start < until]
