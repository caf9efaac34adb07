"""Database URLs: what they say, and how they are shown without a password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from storage.errors import BadAddress

FORMS = "Write sqlite:///warroom.db, sqlite:////var/lib/warroom.db or postgresql://user@host/name."
"""No password stands in it: what looks like one is hidden wherever it is said."""

# libpq's names (https://www.postgresql.org/docs/current/libpq-connect.html) that hosters put into URLs, and asyncpg's.
_RENAMED = {"sslmode": "ssl", "ssl": "ssl", "host": "host", "port": "port"}
_IGNORED = {"channel_binding", "gssencmode", "sslnegotiation"}
_SETTINGS = {"application_name", "options", "search_path"}
_NUMBERS = {"prepared_statement_cache_size"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the database is. `shown` is safe to print; `url` and `secret` are not."""

    kind: str
    """sqlite or postgresql."""
    shown: str
    url: URL
    secret: str = ""

    def hide(self, text: str) -> str:
        """The text without the password."""
        return text.replace(self.secret, "***") if self.secret else text


def parse(text: str) -> Address:
    """Raises BadAddress for anything but the forms in `FORMS`; the text never repeats the URL, which may hold a password."""
    if text.count("@") > 1:
        # It would be cut in the wrong place, and the rest of the password be taken for the server's name, and be said.
        raise BadAddress(
            "The database URL has more than one @. In a user's name or a password write %40 for @, %2F for /."
        )
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError) as error:
        raise BadAddress(f"The database URL cannot be read. {FORMS}") from error
    driver = url.drivername.partition("+")[0]
    if driver == "sqlite":
        return _sqlite(url)
    return _postgresql(url)


def _sqlite(url: URL) -> Address:
    if url.host or url.query:
        raise BadAddress(
            f"A SQLite URL is only a path: three slashes for a relative one, four for an absolute one. {FORMS}"
        )
    path = "" if url.database in (None, ":memory:") else url.database
    return Address("sqlite", f"SQLite file {path}" if path else "temporary SQLite file", _at(path))


def _at(path: str | None) -> URL:
    return URL.create("sqlite+aiosqlite", database=path or "")


def _postgresql(url: URL) -> Address:
    query: dict[str, Any] = {}
    for name, value in url.query.items():
        if name in _RENAMED:
            query[_RENAMED[name]] = value
        elif name in _SETTINGS or name in _NUMBERS or name == "connect_timeout":
            query[name] = value
        elif name not in _IGNORED:
            raise BadAddress(f"The PostgreSQL URL has an option that is not understood: {name!r}. Leave it out.")
    if not url.database:
        raise BadAddress(f"The PostgreSQL URL names no database. {FORMS}")
    host = url.host or query.get("host") or "localhost"
    port = f":{url.port}" if url.port else ""
    secret = str(url.password) if url.password else ""
    shown = f"PostgreSQL database {url.database} at {host}{port}"
    return Address("postgresql", shown, url.set(drivername="postgresql+asyncpg", query=query), secret)


def sqlite_at(path: str) -> Address:
    """The address of a SQLite file."""
    return Address("sqlite", f"SQLite file {path}", _at(path))
