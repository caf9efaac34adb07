"""People and user groups of the workspace, and how names are compared."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from warroom.value import Stored

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
