"""Where incidents are kept. The only room that knows SQL."""

from storage.codec import upgrade_with
from storage.errors import BadAddress, BadExport, DatabaseFromTheFuture, NotEmpty, SchemaTooOld, Unreadable
from storage.export import export_lines, import_lines
from storage.open import open_store
from storage.schema import migrate

__all__ = [
    "BadAddress",
    "BadExport",
    "DatabaseFromTheFuture",
    "NotEmpty",
    "SchemaTooOld",
    "Unreadable",
    "export_lines",
    "import_lines",
    "migrate",
    "open_store",
    "upgrade_with",
]
