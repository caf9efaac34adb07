"""What is searched and compared by, computed the same way for every store."""

from __future__ import annotations

from collections.abc import Sequence

from storage import codec
from warroom.incident.model import Incident
from warroom.people.model import Group, Person, normal

VERSION = "directory version"
COMPLETE = "directory complete"
"""Names of numbers about the record as a whole."""

NAME_COLUMNS = ("display_key", "real_key", "user_key", "local_key")
"""Where a person's names are kept in their comparison form."""


def searchable(incident: Incident) -> str:
    """Title, description and summary as searches see them."""
    return codec.fold("\n".join((incident.title, incident.description, incident.summary)))


def email_key(email: str) -> str:
    """An email as it is compared: without case and surrounding space."""
    return email.strip().casefold()


def keys_of(person: Person) -> dict[str, str | None]:
    """The comparison keys of a person by column; None where there is no such name, so that empty names never match."""
    email = email_key(person.email or "")
    return {
        "email_lower": email or None,
        "display_key": normal(person.display_name) or None,
        "real_key": normal(person.real_name) or None,
        "user_key": normal(person.name) or None,
        "local_key": normal(email.partition("@")[0]) or None,
    }


def best_group(groups: Sequence[Group], id_or_handle: str) -> Group | None:
    """The one that is meant when several match."""
    return min(groups, key=lambda each: (each.id != id_or_handle, each.disabled, each.id), default=None)
