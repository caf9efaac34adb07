"""The directory as name resolution needs it: exact names from the database, misspelt ones from an index in memory.

While the first read of the workspace has not ended, ids, emails and groups that are missing are asked of Slack directly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from warroom.people.fuzzy import CLEAR, FuzzyIndex
from warroom.people.model import Group, Person, best_group, normal
from warroom.stores import People

PAGE = 500
"""People taken into the index at a time; nobody else has the loop meanwhile."""
SMALL = 5_000
"""Up to so many names a changed directory is read again before anybody is looked for."""
UNSURE = CLEAR - 1
"""The best score of a guess while the one who is meant may not have been read yet."""


class Lookup(Protocol):
    """Asks the workspace itself. None for somebody unknown; all raise Retryable or Rejected."""

    async def lookup_person(self, user_id: str) -> Person | None: ...
    async def lookup_email(self, email: str) -> Person | None: ...
    async def lookup_groups(self) -> Sequence[Group]: ...


class CachedDirectory:
    """Implements `warroom.responders.Directory` over the stored directory."""

    def __init__(self, store: People, lookup: Lookup) -> None:
        self._store, self._lookup = store, lookup
        self._index = FuzzyIndex()
        self._indexed = -1
        self._known_complete = False
        self._building: asyncio.Task[None] | None = None
        self._groups: Sequence[Group] | None = None
        """All groups, asked once while the first read has not ended."""

    async def person(self, user_id: str) -> Person | None:
        """By id."""
        return await self._store.person(user_id) or await self._lookup.lookup_person(user_id)

    async def group(self, id_or_handle: str) -> Group | None:
        """A user group by id or by normalised handle."""
        found = await self._store.group(id_or_handle)
        if found or await self._complete():
            return found
        if self._groups is None:
            self._groups = await self._lookup.lookup_groups()
        wanted = normal(id_or_handle)
        same = [each for each in self._groups if each.id == id_or_handle or (wanted and normal(each.handle) == wanted)]
        return best_group(same, id_or_handle)

    async def by_email(self, email: str) -> Sequence[Person]:
        """By email, without case."""
        found = await self._store.people_by_email(email)
        if found or await self._complete():
            return found
        person = await self._lookup.lookup_email(email)
        return [person] if person else []

    async def by_name(self, normal: str) -> Sequence[Person]:
        """By any kind of name, in its comparison form."""
        return await self._store.people_by_name(normal)

    async def candidates(self, normal: str, limit: int) -> Sequence[tuple[Person, str, float]]:
        """The most similar names; while people are still being read none is clearly the best, so it is asked, not guessed."""
        await self._refresh()
        near = self._index.candidates(normal, limit)
        people = {person.id: person for person in await self._store.people_by_id([each for each, _, _ in near])}
        best = 100.0 if await self._complete() else UNSURE
        return [(people[each], kind, min(score, best)) for each, kind, score in near if each in people]

    async def _complete(self) -> bool:
        if not self._known_complete:
            _, self._known_complete = await self._store.directory_version()
        return self._known_complete

    async def _refresh(self) -> None:
        """The first index is waited for; after a change the old one answers while another is built."""
        version, _ = await self._store.directory_version()
        if version == self._indexed:
            return
        if self._building is None or self._building.done():
            self._building = asyncio.create_task(self._build(version), name="index of names")
        if self._indexed < 0 or len(self._index) <= SMALL:
            await asyncio.shield(self._building)

    async def _build(self, version: int) -> None:
        index, after = FuzzyIndex(), ""
        while page := await self._store.people_after(after, PAGE):
            for person in page:
                index.add(person)
            after = page[-1].id
        self._index, self._indexed = index.seal(), version
