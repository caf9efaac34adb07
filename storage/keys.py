"""Text and keys as every store keeps them: what is cleaned, shortened and compared, computed in one place."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, datetime

from warroom.incident.model import Incident
from warroom.people.model import Person, normal
from warroom.text import cut

LONGEST_KEY = 200
"""In characters. PostgreSQL refuses index rows above 2,704 bytes (https://www.postgresql.org/docs/current/btree.html)."""

LONGEST_SEARCHED = 4_000
"""Characters of a post-mortem that searches see."""

# PostgreSQL stores neither U+0000 nor half a surrogate pair (https://www.postgresql.org/docs/current/datatype-json.html).
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

DIRECTORY_VERSION = "directory version"
DIRECTORY_COMPLETE = "directory complete"
"""Names of numbers that are kept about the directory."""

NAME_COLUMNS = ("display_key", "real_key", "user_key", "local_key")
"""Names of a person's comparison keys, see `keys_of`."""


def clean(text: str) -> str:
    """The text with U+FFFD in place of what no database keeps: NUL and lone surrogates."""
    return UNSTORABLE.sub("\ufffd", text)


def key(text: str) -> str:
    """The text as a key: cleaned, and when too long for an index its beginning with a digest of the full text."""
    text = clean(text)
    if len(text) <= LONGEST_KEY:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[: LONGEST_KEY - len(digest) - 1]}~{digest}"


def timer_key(incident_id: str, kind: str) -> str:
    """The job key of an incident's timer."""
    return key(f"{incident_id}:timer:{kind}")


def utc(time: datetime) -> datetime:
    """The time in UTC. Raises ValueError when it has no time zone."""
    if time.tzinfo is None:
        raise ValueError(f"{time.isoformat()} has no time zone; stored times are aware.")
    return time.astimezone(UTC)


def fold(text: str) -> str:
    """The text as it is compared in searches: without case, compatible forms made equal."""
    return unicodedata.normalize("NFKC", clean(text).casefold()).strip()


def searchable(incident: Incident) -> str:
    """Title, description, summary, and what people wrote into the post-mortem, as searches see them."""
    written = cut("\n".join(incident.postmortem.by_people), LONGEST_SEARCHED) if incident.postmortem else ""
    return fold("\n".join(filter(None, (incident.title, incident.description, incident.summary, written))))


def email_key(email: str) -> str:
    """An email as it is compared: without case and surrounding space."""
    return email.strip().casefold()


def keys_of(person: Person) -> dict[str, str | None]:
    """The comparison keys of a person by name; None where there is no such name, so that empty names never match."""
    email = email_key(person.email or "")
    return {
        "email_lower": email or None,
        "display_key": normal(person.display_name) or None,
        "real_key": normal(person.real_name) or None,
        "user_key": normal(person.name) or None,
        "local_key": normal(email.partition("@")[0]) or None,
    }
