"""People and groups in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from storage import codec
from storage.memory.text import Text, keep
from storage.names import NAME_COLUMNS, best_group, email_key, keys_of
from warroom.people.model import Group, Person, normal


@dataclass(slots=True)
class Directory:
    """The cached directory."""

    people: dict[str, Text] = field(default_factory=dict)
    keys: dict[str, dict[str, str | None]] = field(default_factory=dict)
    groups: dict[str, Text] = field(default_factory=dict)
    version: int = 0
    complete: bool = False

    def keep(self, people: Sequence[Person], groups: Sequence[Group], complete: bool) -> None:
        """Insert or replace them."""
        for person in people:
            self.people[codec.key(person.id)] = keep(codec.to_body(person))
            self.keys[codec.key(person.id)] = keys_of(person)
        for group in groups:
            self.groups[codec.key(group.id)] = keep(codec.to_body(group))
        self.version += bool(people or groups)
        self.complete = self.complete or complete

    def person(self, user_id: str) -> Person | None:
        """By id."""
        text = self.people.get(codec.key(user_id))
        return text.value(Person) if text else None

    def _matching(self, columns: Sequence[str], key: str) -> list[Person]:
        found = sorted(
            user_id for user_id, keys in self.keys.items() if key and any(keys[column] == key for column in columns)
        )
        return [self.people[user_id].value(Person) for user_id in found]

    def by_email(self, email: str) -> list[Person]:
        """Nobody for an empty email."""
        return self._matching(["email_lower"], email_key(email))

    def by_name(self, key: str) -> list[Person]:
        """By any kind of name; nobody for an empty one."""
        return self._matching(NAME_COLUMNS, codec.key(key))

    def after(self, user_id: str, limit: int) -> list[Person]:
        """The next page, by id."""
        return [self.people[each].value(Person) for each in sorted(self.people) if each > user_id][:limit]

    def group(self, id_or_handle: str) -> Group | None:
        """By id before handle, enabled before disabled."""
        handle = normal(id_or_handle)
        groups = [text.value(Group) for text in self.groups.values()]
        same = [each for each in groups if each.id == id_or_handle or (handle and normal(each.handle) == handle)]
        return best_group(same, id_or_handle)
