"""From the bytes of a request to plain data, or to a reason why not. Nothing here raises for any bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import parse_qsl

from warroom.normalise.clean import clean
from warroom.value import Value

MAX_DEPTH = 60
MAX_FORM_FIELDS = 1000
_LONGEST_INTEGER = 30
_EXCERPT_LIMIT = 200


class RefusalKind(StrEnum):
    """Why a body, or one alert of it, cannot be used."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_A_FORM = "not_a_form"
    TOO_DEEP = "too_deep"
    TOO_MANY = "too_many"
    NOT_AN_OBJECT = "not_an_object"
    EMPTY = "empty"
    NAMELESS = "nameless"


class Refusal(Value):
    """Something that is no alert: what happened, where, and what to do next; with the start of what was sent."""

    reason: str
    kind: RefusalKind
    excerpt: str = ""
    """The first 200 characters, cleaned."""


class Unusable(Exception):
    """Carries a refusal out of the depth of reading; caught in `parse`, never seen outside this package."""

    def __init__(self, kind: RefusalKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


def opened(body: bytes, content_type: str) -> object:
    """What the body says: JSON, or the fields of a form (Datadog's *Encode as form*).

    A body that starts like JSON is read as JSON whatever its type says, because `curl -d` calls everything a form.
    Where a name is given twice, the last one wins. NaN and Infinity are read as absent; integers too long for any id
    are kept as text. Raises Unusable.
    """
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise Unusable(RefusalKind.NOT_UTF8, _not_utf8(f"byte {error.start + 1}")) from error
    if not text.strip("\x00"):
        raise Unusable(RefusalKind.EMPTY, "The body is empty. Paste the README's template as the webhook's payload.")
    if "form-urlencoded" in content_type.lower() and text[0] not in "{[":
        return _form(text)
    return _json(text)


def unpacked(value: object) -> object:
    """`value`, and where it is a text that holds a JSON object or list, what that text says."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return _json(value)
    except Unusable:
        # A text that merely begins with a bracket is a text.
        return value


def excerpt_of(raw: object) -> str:
    """The start of what was sent, safe to log and to show."""
    if isinstance(raw, bytes):
        return clean(raw[: 4 * _EXCERPT_LIMIT].decode("utf-8", "replace"), _EXCERPT_LIMIT) or ""
    return clean(json.dumps(raw, ensure_ascii=False)[: 4 * _EXCERPT_LIMIT], _EXCERPT_LIMIT) or ""


def _json(text: str) -> object:
    try:
        data: object = json.loads(text, parse_int=_integer, parse_constant=_nothing)
    except json.JSONDecodeError as error:
        raise Unusable(
            RefusalKind.NOT_JSON,
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
        raise Unusable(RefusalKind.NOT_UTF8, _not_utf8("one of the form's fields")) from error
    except ValueError as error:
        raise Unusable(
            RefusalKind.NOT_A_FORM,
            f"The form has more than {MAX_FORM_FIELDS} fields. Send the fields of the README's template.",
        ) from error


def _not_utf8(where: str) -> str:
    return f"The body is not UTF-8 text (see {where}). Send JSON encoded as UTF-8, as Datadog does."


def _too_deep() -> Unusable:
    return Unusable(
        RefusalKind.TOO_DEEP,
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
