"""Where incidents are kept. The only package that knows SQL and DynamoDB."""

from storage.errors import (
    BadAddress,
    BadExport,
    DatabaseFromTheFuture,
    ForeignDatabase,
    NotEmpty,
    SchemaTooOld,
    Unreadable,
)
from storage.export import export_lines, import_lines
from storage.open import forms, migrate, open_store
from storage.records import Database
from storage.upgrades import upgrade_with

__all__ = [
    "BadAddress",
    "BadExport",
    "Database",
    "DatabaseFromTheFuture",
    "ForeignDatabase",
    "NotEmpty",
    "SchemaTooOld",
    "Unreadable",
    "export_lines",
    "forms",
    "import_lines",
    "migrate",
    "open_store",
    "upgrade_with",
]
