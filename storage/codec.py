"""Values to stored JSON and back.

A body is the value's JSON with its format's version in "v". A format that changed in a way that pydantic cannot read
gets one more step in `storage.upgrades`; the version is the number of steps plus one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from storage import keys
from storage.errors import DatabaseFromTheFuture, Unreadable
from storage.upgrades import Body, newest, upgraded
from warroom.outbox.effects import EFFECT, Effect

V = TypeVar("V", bound=BaseModel)


def to_text(body: Any) -> str:
    """JSON text that every database keeps; given to the engines as their serializer."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    if "\\u0000" not in text and not keys.UNSTORABLE.search(text):
        return text
    return json.dumps(_cleaned(body), ensure_ascii=False, separators=(",", ":"))


def _cleaned(part: Any) -> Any:
    if isinstance(part, str):
        return keys.clean(part)
    if isinstance(part, Mapping):
        return {keys.clean(name): _cleaned(value) for name, value in part.items()}
    if isinstance(part, Sequence):
        return [_cleaned(value) for value in part]
    return part


def to_body(value: BaseModel, *, format_name: str | None = None) -> Body:
    """The value as a body of the current version."""
    return {"v": newest(format_name or type(value).__name__), **value.model_dump(mode="json")}


def from_body(model: type[V], body: Mapping[str, Any]) -> V:
    """The value of a body of any version so far. Raises DatabaseFromTheFuture or Unreadable."""
    return validated(model, _upgraded(model.__name__, body))


def validated(model: type[V], fields: Mapping[str, Any]) -> V:
    """The value of these fields. Raises Unreadable, with a sentence that repeats nothing of what was stored."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise _unreadable(model.__name__, error) from error


def effect_body(effect: Effect) -> Body:
    """The effect as a body of the current version."""
    return to_body(effect, format_name="Effect")


def effect_from(body: Mapping[str, Any]) -> Effect:
    """The effect of a body of any version so far. Raises DatabaseFromTheFuture or Unreadable."""
    fields = _upgraded("Effect", body)
    try:
        return EFFECT.validate_python(fields)
    except ValidationError as error:
        raise _unreadable("Effect", error) from error


def _upgraded(format_name: str, body: Mapping[str, Any]) -> Body:
    if not isinstance(body, Mapping):
        raise Unreadable(
            f"A stored {format_name} is no object. It was changed by hand or damaged; restore it from a backup."
        )
    fields = dict(body)
    version = fields.pop("v", None)
    if not isinstance(version, int) or version < 1:
        raise Unreadable(f"A stored {format_name} has no format version. Restore the database from a backup.")
    if version > newest(format_name):
        raise DatabaseFromTheFuture(
            f"A stored {format_name} is of format {version}, and this version of Warroom reads up to {newest(format_name)}. "
            "Start the newer version of Warroom again."
        )
    try:
        return upgraded(format_name, fields, version)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(
            f"A stored {format_name} of format {version} does not read: {error!r}. "
            "It was changed by hand or damaged; restore it from a backup."
        ) from error


def _unreadable(format_name: str, error: ValidationError) -> Unreadable | DatabaseFromTheFuture:
    first = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "union_tag_invalid":
        return DatabaseFromTheFuture(
            f"A stored {format_name} is of kind {first['ctx']['tag']!r}, which this version of Warroom does not know. "
            "Start the newer version of Warroom again."
        )
    where = ".".join(str(part) for part in first["loc"]) or "its top level"
    return Unreadable(
        f"A stored {format_name} does not read: {first['msg']} at {where}. "
        "It was changed by hand or damaged; restore it from a backup."
    )
