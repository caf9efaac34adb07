"""The base of every value: frozen, strict about unknown names, and its own codec."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Between them lie all times that anything here can be about. Arithmetic and time zones work on all of them."""


def believable(at: datetime) -> datetime:
    """`at`, where it is aware and between EARLIEST and LATEST. Raises ValueError."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    if not EARLIEST <= at <= LATEST:
        raise ValueError(f"{at.isoformat()} is not between {EARLIEST.year} and {LATEST.year}")
    return at


Moment = Annotated[datetime, AfterValidator(believable)]
"""A time with which is reckoned when it is used: one that cannot be is refused where it is read."""


class Value(BaseModel):
    """An immutable value. Two with the same content are equal; a change makes a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="float")

    def copy_with(self, **changes: Any) -> Self:
        """A copy with `changes`, validated again, so that a wrong type fails here and not in the database.

        Raises TypeError for a name that it does not have.
        """
        if unknown := changes.keys() - type(self).model_fields.keys():
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}.")
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate((self.model_extra or {}) | fields | changes)


class Stored(Value):
    """A value that outlives a release. A field that a newer version added is no error and is not lost: while processes of two
    versions share a record, the older one writes back what it does not know.
    """

    model_config = ConfigDict(frozen=True, extra="allow", ser_json_timedelta="float")
