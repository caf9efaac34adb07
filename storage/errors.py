"""What can go wrong between us and the database, beyond what `warroom.errors` names.

StoreUnavailable (warroom.errors)
 ├─ BadAddress             the database URL is not one we understand, or its path cannot be used
 ├─ ForeignDatabase        the database holds tables of another program
 ├─ SchemaTooOld           the database was made by an older version: migrate it
 ├─ DatabaseFromTheFuture  the database was written by a newer version: start that one
 └─ Unreadable             a stored value does not read
WarroomError
 ├─ BadExport              a file is no export, is damaged, or contradicts itself
 └─ NotEmpty               there is something already where an export should go
"""

from __future__ import annotations

from warroom.errors import StoreUnavailable, WarroomError


class BadAddress(StoreUnavailable):
    """The database URL is not one we understand, or its path cannot be used. The text says which forms there are."""


class ForeignDatabase(StoreUnavailable):
    """The database holds tables of another program. Nothing was written into it."""


class SchemaTooOld(StoreUnavailable):
    """The database was made by an older version. The text says how to upgrade it."""


class DatabaseFromTheFuture(StoreUnavailable):
    """The database was written by a newer version than this one, which must not guess."""


class Unreadable(StoreUnavailable):
    """A stored value does not read: it was changed by hand, or damaged."""


class BadExport(WarroomError):
    """A file is no export, is damaged, or contradicts itself; the text names the line. Nothing was imported."""


class NotEmpty(WarroomError):
    """An export is imported only into an empty database, and this one is not. Nothing was imported."""
