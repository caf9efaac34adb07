"""Stores over SQLite and PostgreSQL: one set of statements, and what differs in `dialect` and `connection`."""

from storage.sql.address import FORMS
from storage.sql.schema import migrate
from storage.sql.store import open_store

__all__ = ["FORMS", "migrate", "open_store"]
