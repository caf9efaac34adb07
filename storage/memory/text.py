"""Bodies as JSON text, so that what a database would refuse or change shows in memory as well."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from storage import codec

V = TypeVar("V", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Text:
    """A body as it would be in a database."""

    json: str

    def body(self) -> codec.Body:
        """The parsed body, a new one every time."""
        parsed: dict[str, Any] = json.loads(self.json)
        return parsed

    def value(self, model: type[V]) -> V:
        """The value of the body."""
        return codec.from_body(model, self.body())


def keep(body: codec.Body) -> Text:
    """The body as text."""
    return Text(codec.to_text(body))
