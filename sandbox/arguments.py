"""The arguments of a Web API call, from query string, form, multipart or JSON body, all merged.

https://docs.slack.dev/apis/web-api. Nested values are JSON strings when form-encoded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.errors import SlackError, invalid
from sandbox.model import Json

_TRUE, _FALSE = {"1", "true", "True"}, {"0", "false", "False", ""}


async def read_arguments(request: web.Request) -> tuple[Json, str]:
    """(the merged arguments of the call, the error code for a body that cannot be read, or "")."""
    found: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            return found, "invalid_json"
        if not isinstance(body, dict):
            return found, "json_not_object"
        return found | body, ""
    if not request.can_read_body:
        return found, ""
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return found, "invalid_post_type" if "Content-Type" in request.headers else "missing_post_type"
    return found | dict(await request.post()), ""


def charset_warning(request: web.Request) -> Json:
    """What Slack adds to the answer when a JSON body does not name its character set; {} otherwise."""
    if request.content_type != "application/json" or request.charset:
        return {}
    return {"warning": "missing_charset", "response_metadata": {"warnings": ["missing_charset"]}}


class Arguments:
    """The arguments of one call. A value of the wrong type raises invalid_arguments, as Slack answers."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = {key: value for key, value in given.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def text(self, name: str, default: str = "") -> str:
        """The argument as text; a number is turned into text."""
        value = self.given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise _wrong(name, "must be a string")
        return str(value)

    def required(self, name: str) -> str:
        """As `text`; raises invalid_arguments when it is absent or empty."""
        value = self.text(name)
        if not value:
            raise _wrong(name, f"missing required field: {name}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean: true and false in JSON, 1 and 0 in forms."""
        value = self.given.get(name, default)
        if isinstance(value, bool):
            return value
        if str(value) in _TRUE | _FALSE:
            return str(value) in _TRUE
        raise _wrong(name, "must be a boolean")

    def number(self, name: str, default: int, code: str = "invalid_arguments") -> int:
        """A whole number; raises `code` for anything else."""
        value = self.given.get(name, default)
        try:
            return int(str(value))
        except ValueError:
            raise SlackError(code) from None

    def ids(self, name: str) -> list[str]:
        """A list of ids, given as a list or joined by commas; empty when absent."""
        value = self.given.get(name, "")
        pieces = value if isinstance(value, list) else str(value).split(",")
        return [str(piece).strip() for piece in pieces if str(piece).strip()]

    def nested(self, name: str, code: str = "invalid_arguments") -> Any:
        """A nested value, decoded from a JSON string where it came as one; None when absent. Raises `code` for broken JSON."""
        value = self.given.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(code) from None

    def object(self, name: str) -> Json:
        """A nested object; raises invalid_arguments when it is absent or something else."""
        value = self.nested(name)
        if not isinstance(value, dict):
            raise _wrong(name, f"missing required field: {name}" if value is None else "must be an object")
        return value


def _wrong(name: str, what: str) -> SlackError:
    return invalid("invalid_arguments", [f"[ERROR] {what} [json-pointer:/{name}]"])
