"""The arguments of a Web API call, wherever they travelled: query string, form, multipart or JSON.

https://docs.slack.dev/apis/web-api: all are merged; nested values are JSON strings when form-encoded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.errors import SlackError, invalid
from sandbox.model import Json

_TRUE, _FALSE = {"1", "true", "True"}, {"0", "false", "False", ""}


class Arguments:
    """What a method was called with. Wrong types answer invalid_arguments, as Slack does."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = {key: value for key, value in given.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def text(self, name: str, default: str = "") -> str:
        """The argument as text; numbers are taken as they are written."""
        value = self.given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise _wrong(name, "must be a string")
        return str(value)

    def required(self, name: str) -> str:
        """As `text`, but it must be there and not empty."""
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
        """A whole number; `code` is the error for anything else."""
        value = self.given.get(name, default)
        try:
            return int(str(value))
        except ValueError:
            raise SlackError(code) from None

    def ids(self, name: str) -> list[str]:
        """Ids as a list or joined by commas."""
        value = self.given.get(name, "")
        pieces = value if isinstance(value, list) else str(value).split(",")
        return [str(piece).strip() for piece in pieces if str(piece).strip()]

    def nested(self, name: str, code: str = "invalid_arguments") -> Any:
        """A nested value, decoded where it travelled as a JSON string; None when absent. `code` is for broken JSON."""
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
        """A nested object that must be there."""
        value = self.nested(name)
        if not isinstance(value, dict):
            raise _wrong(name, f"missing required field: {name}" if value is None else "must be an object")
        return value


def _wrong(name: str, what: str) -> SlackError:
    return invalid("invalid_arguments", [f"[ERROR] {what} [json-pointer:/{name}]"])
