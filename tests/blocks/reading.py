"""Reading a picture: its texts, whom it calls, where it leads, what can be pressed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(r"<([^<>]*)>")
_LOUD = re.compile(r"(?<![\w.+-])@(?:here|channel|everyone|group)\b", re.IGNORECASE)


def objects(part: Any) -> Iterator[dict[str, Any]]:
    """Every object within, outermost first."""
    if isinstance(part, dict):
        yield part
        for inner in part.values():
            yield from objects(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from objects(inner)


def texts(blocks: Any, kind: str = "mrkdwn") -> list[str]:
    """The texts of one kind (mrkdwn or plain_text)."""
    return [each["text"] for each in objects(blocks) if each.get("type") == kind]


def called(mrkdwn: str) -> set[str]:
    """Whom the text calls or names: ids, and "channel" and the like when it is a broadcast."""
    named = {token.lstrip("@#").split("|")[0] for token in _TOKEN.findall(mrkdwn) if token.startswith(("@", "#"))}
    special = {token.split("|")[0] for token in _TOKEN.findall(mrkdwn) if token.startswith("!")}
    loud = {said[0] for said in _LOUD.finditer(mrkdwn)}
    return named | {token for token in special if not token.startswith("!date^")} | loud


def links(mrkdwn: str) -> list[tuple[str, str]]:
    """(address, label) of every link; without a label, the address twice."""
    found = [token.partition("|") for token in _TOKEN.findall(mrkdwn) if not token.startswith(("@", "#", "!"))]
    return [(address, label or address) for address, _, label in found]


def pressable(blocks: Any) -> list[str]:
    """The labels of all buttons in order, then of the menu's entries."""
    buttons = [each["text"]["text"] for each in objects(blocks) if each.get("type") == "button"]
    menus = [each for each in objects(blocks) if "options" in each]
    return buttons + [option["text"]["text"] for menu in menus for option in menu["options"]]
