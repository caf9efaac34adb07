"""The base of every value: frozen, strict about unknown names, and its own codec."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value. Two with the same content are equal; a change makes a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="float")

    def but(self, **changes: Any) -> Self:
        """A copy with `changes`, validated again, so that a wrong type fails here and not in the database."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(fields | changes)


class Stored(Value):
    """A value that outlives a release: a field that a newer version added is ignored, not an error."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_timedelta="float")
