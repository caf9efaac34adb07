"""The people behind the names of schedules, each name looked up once."""

from __future__ import annotations

from collections.abc import Iterable

from warroom.people.model import Directory, Person
from warroom.people.resolution import resolve
from warroom.policy import Policy


class NamesLookedUp:
    """For one answer: who is behind which name at this moment."""

    def __init__(self, directory: Directory, policy: Policy) -> None:
        self._directory, self._policy = directory, policy
        self._known: dict[str, tuple[Person, ...]] = {}

    async def behind(self, name: str) -> tuple[Person, ...]:
        """Nobody where it is not clear who is meant. Raises what the directory raises."""
        if name not in self._known:
            found = await resolve((name,), self._directory, self._policy)
            self._known[name] = tuple(match.person for match in found.found)
        return self._known[name]

    async def called(self, names: Iterable[str]) -> tuple[str, ...]:
        """How people call them; a name behind which nobody is found stays as it is."""
        said: list[str] = []
        for name in names:
            said += [called(person) for person in await self.behind(name)] or [name]
        return tuple(dict.fromkeys(said))

    async def include(self, names: Iterable[str], person: str) -> bool:
        """Whether the person with that id is behind one of the names."""
        for name in names:
            if any(each.id == person for each in await self.behind(name)):
                return True
        return False


def called(person: Person) -> str:
    """How people call somebody."""
    return person.display_name or person.real_name or person.name or person.id
