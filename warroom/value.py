"""The base of every value: frozen, strict about unknown names, and its own codec."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict


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
