"""The people behind the names of schedules, each name looked up once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from warroom.oncall import rules
from warroom.oncall.model import Override, Shift
from warroom.people.model import Directory, Person
from warroom.people.resolution import resolve
from warroom.policy import Policy
from warroom.policy.schedule import Schedule


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

    async def until(self, schedule: Schedule, overrides: Sequence[Override], shift: Shift) -> datetime:
        """When the people of the shift are no longer on call: who covers for a part of their own shift, or is named in several ways,
        is on call without a break. At most a week behind the end of the shift is looked at.
        """
        end, people = shift.end, await self._ids(shift.people)
        for following in rules.covered(schedule, overrides, shift.end, shift.end + rules.HORIZONS[0]):
            if not people or await self._ids(following.people) != people:
                break
            end = following.end
        return end

    async def first_others(self, shifts: Iterable[Shift], than: Shift) -> Shift | None:
        """The first of the shifts that others have."""
        people = await self._ids(than.people)
        for each in shifts:
            ids = await self._ids(each.people)
            if not ids or ids != people:
                return each
        return None

    async def _ids(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset([person.id for name in names for person in await self.behind(name)])

    async def include(self, names: Iterable[str], person: str) -> bool:
        """Whether the person with that id is behind one of the names."""
        for name in names:
            if any(each.id == person for each in await self.behind(name)):
                return True
        return False


def called(person: Person) -> str:
    """How people call somebody."""
    return person.display_name or person.real_name or person.name or person.id
