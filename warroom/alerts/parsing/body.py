"""From the bytes of a request to plain data, or to a reason why not. Nothing here raises for any bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

MAX_DEPTH = 60
MAX_FORM_FIELDS = 1000
_LONGEST_INTEGER = 30


class Unusable(Exception):
    """Carries the reason why a body, or one alert of it, cannot be used; caught where a body is read, never seen outside."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def opened(body: bytes, content_type: str) -> object:
    """What the body says: JSON, or the fields of a form.

    A form's `payload` field is the body when it holds JSON, as relays send it. A body that starts like JSON is read as
    JSON whatever its type says, because `curl -d` calls everything a form. Where a name is given twice, the last one
    wins. NaN and Infinity are read as absent; integers too long for any id are kept as text. Raises Unusable.
    """
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise Unusable(_not_utf8(f"byte {error.start + 1}")) from error
    if not text.strip("\x00"):
        raise Unusable("The body is empty. Paste the README's template as the webhook's payload.")
    if "form-urlencoded" in content_type.lower() and text[0] not in "{[":
        form = _form(text)
        payload = unpacked(form.get("payload"))
        return payload if isinstance(payload, dict | list) else form
    # Some senders encode twice: a JSON text that holds the object.
    return unpacked(_json(text))


def unpacked(value: object) -> object:
    """`value`, and where it is a text that holds a JSON object or list, what that text says."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return _json(value)
    except Unusable:
        # A text that merely begins with a bracket is a text.
        return value


def _json(text: str) -> object:
    try:
        data: object = json.loads(text, parse_int=_integer, parse_constant=_nothing)
    except json.JSONDecodeError as error:
        raise Unusable(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}. "
            "Look there for a missing quote or comma, or paste the README's template as the webhook's payload.",
        ) from error
    except RecursionError as error:
        raise _too_deep() from error
    if _deeper_than(data, MAX_DEPTH):
        raise _too_deep()
    return data


def _form(text: str) -> Mapping[str, object]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FORM_FIELDS))
    except UnicodeDecodeError as error:
        raise Unusable(_not_utf8("one of the form's fields")) from error
    except ValueError as error:
        raise Unusable(
            f"The form has more than {MAX_FORM_FIELDS} fields. Send the fields of the README's template.",
        ) from error


def _not_utf8(where: str) -> str:
    return f"The body is not UTF-8 text (see {where}). Send JSON encoded as UTF-8."


def _too_deep() -> Unusable:
    return Unusable(
        f"The body is nested more than {MAX_DEPTH} levels deep. Send a flat object, as in the README's template.",
    )


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else digits


def _nothing(_: str) -> None:
    return None


def _deeper_than(data: object, limit: int) -> bool:
    # Level by level instead of by recursion, so that depth itself cannot hurt.
    level = [data]
    for _ in range(limit + 1):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: object) -> list[object]:
    inside = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    return [child for child in inside if isinstance(child, dict | list)]
