"""Opening and upgrading a database by its URL. Each kind of database is a package with these two functions, and a line here."""

from __future__ import annotations

import importlib
from datetime import timedelta
from types import MappingProxyType
from typing import Protocol, cast

from storage.errors import BadAddress
from storage.records import Database

PATIENCE = timedelta(seconds=5)
"""How long a locked or unreachable database is waited for."""


class Backend(Protocol):
    """A kind of database."""

    FORMS: str
    """A sentence with the URLs that it takes."""

    async def open_store(self, url: str, patience: timedelta) -> Database:
        """The store at the URL; a new, empty database gets its tables. Raises StoreUnavailable."""
        ...

    async def migrate(self, url: str, patience: timedelta) -> tuple[str | None, str]:
        """Upgrade it; (schema before or None, schema after). Raises StoreUnavailable."""
        ...


BACKENDS: MappingProxyType[str, str] = MappingProxyType(
    {"sqlite": "storage.sql", "postgresql": "storage.sql", "postgres": "storage.sql", "dynamodb": "storage.dynamo"}
)
"""The package by the scheme of the URL, without a driver ("+asyncpg"). It is imported when such a URL is opened."""


def forms() -> str:
    """Sentences with the URLs that are understood."""
    return " ".join(_package(name).FORMS for name in dict.fromkeys(BACKENDS.values()))


async def open_store(url: str, *, patience: timedelta = PATIENCE) -> Database:
    """The store at the URL; a new, empty database gets its tables.

    `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://` (a file that is deleted on close), `postgresql://…`,
    `postgres://…`, `dynamodb://REGION/TABLE`. Raises BadAddress, ForeignDatabase, SchemaTooOld, DatabaseFromTheFuture, or
    StoreUnavailable when the database is away.
    """
    return await _backend(url).open_store(url, patience)


async def migrate(url: str, *, patience: timedelta = PATIENCE) -> tuple[str | None, str]:
    """Upgrade the database at the URL; (schema before or None, schema after).

    Raises BadAddress, ForeignDatabase, DatabaseFromTheFuture or StoreUnavailable.
    """
    return await _backend(url).migrate(url, patience)


def _backend(url: str) -> Backend:
    """Raises BadAddress; the text never repeats the URL, which may hold a password."""
    scheme, separator, _ = url.partition("://")
    kind = scheme.strip().partition("+")[0].lower()
    if kind in BACKENDS:
        return _package(BACKENDS[kind])
    if kind == "memory":
        raise BadAddress(
            "There is no memory:// store. Write sqlite:// for a temporary database that is deleted when Warroom stops."
        )
    if not separator or not kind.isalpha():
        raise BadAddress(f"The database URL cannot be read. {forms()}")
    raise BadAddress(f"Warroom keeps its data in SQLite, PostgreSQL or DynamoDB, not in {kind!r}. {forms()}")


def _package(name: str) -> Backend:
    return cast(Backend, importlib.import_module(name))
