"""What of a step's answer is kept: cut, as plain JSON, without secrets. Pure."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

from warroom.capabilities import Finished, Pending
from warroom.text import clean

MOST_ITEMS = 50
DEEPEST = 6
LINE = 300
"""Characters of the line that people read."""
HIDDEN = "[hidden]"
SHORTEST_SECRET = 4


def kept(outcome: Finished | Pending, most: int, secrets: Sequence[str]) -> Finished | Pending:
    """The outcome as it is stored; texts among its outputs have at most `most` characters."""
    masked = Mask(secrets)
    said = cut_middle(masked(" ".join(outcome.said.split())), LINE)
    if isinstance(outcome, Pending):
        return outcome.copy_with(said=said, memory=plain(outcome.memory, most, masked))
    return Finished(outputs=plain(outcome.outputs, most, masked), said=said, undo=plain(outcome.undo, most, masked))


class Mask:
    """Takes secrets out of texts, also as JSON, an address and Basic authentication write them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        found = {word for secret in secrets for word in (secret, secret.strip()) if len(word) >= SHORTEST_SECRET}
        written = {spelled for word in found for spelled in _spellings(word)}
        self._secrets = sorted(found | written, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def _spellings(secret: str) -> tuple[str, ...]:
    return (
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
        quote(secret),
        b64encode(secret.encode("utf-8", "replace")).decode().rstrip("="),
    )


def plain(part: Any, most: int, masked: Mask, depth: int = 0) -> Any:
    """The part as JSON with everything cut. What is nested too deeply is left out."""
    if part is None or isinstance(part, bool | int):
        return part
    if isinstance(part, float):
        return part if math.isfinite(part) else str(part)
    if isinstance(part, str):
        return cut_middle(masked(clean(part)), most)
    if depth >= DEEPEST:
        return "…"
    if isinstance(part, Mapping):
        return {
            masked(clean(str(key)))[:100]: plain(value, most, masked, depth + 1)
            for key, value in list(part.items())[:MOST_ITEMS]
        }
    if isinstance(part, Sequence):
        return [plain(value, most, masked, depth + 1) for value in part[:MOST_ITEMS]]
    return cut_middle(masked(str(part)), most)


def cut_middle(text: str, most: int) -> str:
    """The text in at most so many characters: its beginning and its end."""
    if len(text) <= most:
        return text
    left = f"\n… {len(text) - most} characters left out …\n" if most > 200 else "…"
    half = max(1, (most - len(left)) // 2)
    return text[:half] + left + text[-half:]
