"""Driver errors to ours: the database is away, or another writer was faster, or it is a bug."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.sql.address import Address
from warroom.errors import Conflict, StoreUnavailable

_ADVICE: Final = (
    # Part of SQLite's message, and what to do about it (https://www.sqlite.org/rescode.html).
    ("locked", "Another process holds it; make sure that only Warroom opens the file."),
    ("full", "Make room on the disk."),
    ("readonly", "Make the file and its folder writable for Warroom's user."),
    ("unable to open", "Create the folder, and make it readable and writable for Warroom's user."),
    ("not a database", "Point DATABASE_URL at another file, or restore this one from a backup."),
    ("malformed", "Restore it from a backup."),
    ("no such", "Its tables are not ours or were changed by hand; restore it from a backup."),
)
_STATES: Final = (
    # Beginning of PostgreSQL's error code (https://www.postgresql.org/docs/current/errcodes-appendix.html).
    ("08", "Check that the server runs and can be reached."),
    ("28", "Check user and password in DATABASE_URL."),
    ("3D", "Create the database, or correct its name in DATABASE_URL."),
    ("42501", "Give Warroom's user the right to use it."),
    ("42P01", "Its tables are not ours or were changed by hand; restore it from a backup."),
    ("42703", "Its tables are not ours or were changed by hand; restore it from a backup."),
    ("25006", "It is read-only: point DATABASE_URL at the primary server."),
    ("53", "The server is out of a resource (disk, memory or connections); make room."),
    ("55", "Somebody else holds a lock on it; look for long transactions."),
    ("57", "The server is starting, stopping or was told to cancel; wait for it."),
    ("58", "The server's own disk or system failed; look into its log."),
    ("XX", "The server reports damage; look into its log."),
)


class Again(Exception):
    """The database chose this transaction as the victim of a deadlock: the same may succeed now."""


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Turns what drivers raise into StoreUnavailable, Conflict (a unique value was taken) or Again; bugs pass through."""
    try:
        yield
    except IntegrityError as error:
        # Conflicts that we expect are handled by the statements; what is left is a unique value of the incident.
        raise Conflict(
            "Another writer took the same number, origin or channel first. Load and decide again."
        ) from error
    except DBAPIError as error:
        state = str(getattr(error.orig, "sqlstate", "") or "")
        if state.startswith("40"):
            raise Again from error
        advice = _advice(error, state)
        if advice is None:
            raise
        raise _unavailable(address, str(error.orig), advice) from error
    except StatementError as error:
        # A value that a column type refused; the statement around it helps nobody.
        if isinstance(error.orig, ValueError):
            raise error.orig from error
        raise
    except PoolTimeout as error:
        raise _unavailable(address, "every connection is busy", "Look for long transactions.") from error
    except (OSError, TimeoutError) as error:
        reason = str(error) or "no answer in time"
        raise _unavailable(address, reason, "Check that the server runs and can be reached.") from error


def _advice(error: DBAPIError, state: str) -> str | None:
    """What to do about it, or None for a mistake of ours."""
    for beginning, advice in _STATES:
        if state.startswith(beginning):
            return advice
    reason = str(error.orig)
    for part, advice in _ADVICE:
        if not state and part in reason:
            return advice
    cause = error.orig.__cause__ if error.orig is not None else None
    if error.connection_invalidated or isinstance(cause, OSError | TimeoutError):
        return "Check that the server runs and can be reached."
    return "Look into the log." if type(error).__name__ in ("OperationalError", "InterfaceError") else None


def _unavailable(address: Address, reason: str, advice: str) -> StoreUnavailable:
    first_line = (
        reason.strip().splitlines()[0].rpartition(">: ")[2].rstrip(".") if reason.strip() else "no reason given"
    )
    return StoreUnavailable(address.hide(f"{address.shown} did not answer: {first_line}. {advice} Nothing was stored."))
