"""Where incidents are kept. The only room that knows SQL."""

from storage.errors import BadAddress, DatabaseFromTheFuture, SchemaTooOld, Unreadable
from storage.opening import open_store
from storage.schema import migrate

__all__ = ["BadAddress", "DatabaseFromTheFuture", "SchemaTooOld", "Unreadable", "migrate", "open_store"]
