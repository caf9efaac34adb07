"""People and user groups of the workspace, how names are compared, and how those that were typed were understood."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

from warroom.value import Stored, Value

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i", "ŧ": "t", "ŋ": "n"}
)


class Person(Stored):
    """A member of the workspace as the directory knows them."""

    id: str
    name: str = ""
    """The user name, without @."""
    real_name: str = ""
    display_name: str = ""
    title: str = ""
    """What the person does, in the words of the profile."""
    email: str | None = None
    deleted: bool = False
    is_bot: bool = False
    is_guest: bool = False
    tz: str | None = None


class Group(Stored):
    """A Slack user group. `members` are user ids."""

    id: str
    handle: str
    name: str = ""
    members: tuple[str, ...] = ()
    disabled: bool = False


class Following(Stored):
    """Who wants updates of every new incident of a team or of a severity (one of them is set), by the policy's key."""

    user: str
    team: str | None = None
    severity: str | None = None


def normal(text: str) -> str:
    """The form in which names are compared: no case, accents, spaces or punctuation; "" when nothing else was there.

    Only Latin-style accents go: vowel signs of other scripts distinguish names and stay.
    """
    spread = unicodedata.normalize("NFKD", text.casefold()).casefold().translate(_LETTERS)
    return "".join(char for char in spread if char.isalnum() or _is_vowel_sign(char))


def _is_vowel_sign(char: str) -> bool:
    return char > "\u036f" and unicodedata.category(char) in ("Mn", "Mc")


def names_of(person: Person) -> tuple[tuple[str, str], ...]:
    """(kind, comparison form) of each of the names, in this order: display, real, user, local (part of the email)."""
    local = (person.email or "").partition("@")[0]
    said = (("display", person.display_name), ("real", person.real_name), ("user", person.name), ("local", local))
    return tuple((kind, key) for kind, text in said if (key := normal(text)))


def best_group(groups: Sequence[Group], id_or_handle: str) -> Group | None:
    """The one that is meant when several match: by id before handle, enabled before disabled. None when there is none."""
    return min(groups, key=lambda each: (each.id != id_or_handle, each.disabled, each.id), default=None)


class MatchKind(StrEnum):
    """What a name was matched by, in the order of trying."""

    MENTION = "mention"
    EMAIL = "email"
    DISPLAY = "display name"
    REAL = "real name"
    USER = "user name"
    LOCAL = "email local part"
    FUZZY = "fuzzy"


class Why(StrEnum):
    """Why a name led to nobody."""

    NOT_FOUND = "not_found"
    NO_SUCH_EMAIL = "no_such_email"
    DEACTIVATED = "deactivated"
    BOT = "bot"
    GUEST = "guest"
    NO_SUCH_GROUP = "no_such_group"
    GROUP_DISABLED = "group_disabled"
    GROUP_EMPTY = "group_empty"
    NO_LEVELS = "no_levels"
    LOOP = "loop"
    SCHEDULE = "schedule"
    NO_SUCH_SCHEDULE = "no_such_schedule"
    NOBODY_ON_CALL = "nobody_on_call"
    ON_CALL_UNREACHABLE = "on_call_unreachable"
    EVERYBODY = "everybody"


class Match(Value):
    """A person who was found. `via` is the team or group that led there, outermost first."""

    person: Person
    said: str
    matched_by: MatchKind
    via: tuple[str, ...] = ()


class Ambiguity(Stored):
    """Who could be meant, likeliest first, at most five; to be asked."""

    said: str
    candidates: tuple[Person, ...]
    via: tuple[str, ...] = ()
    teams: tuple[tuple[str, str], ...] = ()
    """(id of a candidate, a team of the policy whose escalation policy names them)."""


class Unknown(Stored):
    """A name that led to nobody."""

    said: str
    why: Why
    via: tuple[str, ...] = ()


class Resolution(Value):
    """How names were understood: people once each, in the order named."""

    found: tuple[Match, ...] = ()
    ambiguous: tuple[Ambiguity, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    @property
    def missed(self) -> tuple[str, ...]:
        """The names behind which nobody was found, or who could be several people."""
        return (*(each.said for each in self.ambiguous), *(each.said for each in self.unknown))


class Directory(Protocol):
    """The people and groups of the workspace. Names are given in their comparison form (`warroom.people.normal`)."""

    async def person(self, user_id: str) -> Person | None: ...
    async def group(self, id_or_handle: str) -> Group | None:
        """By id, or by the comparison form of its handle."""
        ...

    async def by_email(self, email: str) -> Sequence[Person]:
        """Compared without case."""
        ...

    async def by_name(self, normal: str) -> Sequence[Person]:
        """Everybody who has it as display, real or user name, or before the @ of the email."""
        ...

    async def candidates(self, normal: str, limit: int) -> Sequence[tuple[Person, str, float]]:
        """(person, kind, score up to 100) of the nearest names from score 70 on, best first."""
        ...


class OnCallNames(Value):
    """Who is on call, as names that are yet to be resolved."""

    via: str
    """What led there: "schedule platform"."""
    people: tuple[str, ...] = ()
    """Whoever is meant; empty where nobody is on call."""
    why: Why | None = None
    """What is wrong with the name itself, told besides."""


@runtime_checkable
class OnCallNaming(Protocol):
    """A directory that knows schedules too."""

    async def on_call(self, said: str) -> OnCallNames | None:
        """Who is meant by a name such as "schedule:platform"; None for names of other kinds."""
        ...

    async def in_their_place(self, said: str) -> Sequence[tuple[str, ...]]:
        """Who is told, one group after another, when nobody of those on call can be found."""
        ...
