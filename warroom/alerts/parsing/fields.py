"""A body's fields by name, however the sender spelled the name: alert_id, alertId, ALERT-ID, {"alert": {"id": …}}."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice

from warroom.alerts.parsing.body import unpacked
from warroom.alerts.parsing.clean import TEXT_LIMIT, WORD_LIMIT, clean, clean_text

MAX_ITEMS = 200
_MOST_PIECES = 1000
_NESTING = 2
_LONGEST_NAME = 80
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]")
_SEPARATOR = re.compile(r"[,\n]")


def plain_name(name: str) -> str:
    """`name` without case and punctuation: the spelling that names are compared in."""
    return _NOT_IN_A_NAME.sub("", name.lower())


_TEXTS = frozenset({"body", "message", "text", "textonlymsg", "eventmsg", "description", "logssample"})
"""What people and programs wrote; an object in it is a quotation."""

_wanted = lru_cache(maxsize=512)(plain_name)


class Fields:
    """Reads cleaned values by any of several names; the first name that says something wins.

    A field of a nested object has the joined name: the id in {"alert": {"id": 7}} is also alert_id. A field at the top
    goes before a nested one of the same name.
    """

    def __init__(self, body: Mapping[str, object]) -> None:
        self.body = body
        self._values: dict[str, object] = {}
        self._asked: set[str] = set()
        for name, value in _flat(body):
            if self._values.get(name) in (None, ""):
                self._values[name] = value

    def word(self, *names: str, limit: int = WORD_LIMIT) -> str | None:
        """One line; of a list, its first item that says something."""
        for value in self._present(names):
            candidates = value if isinstance(value, list) else [value]
            for candidate in candidates:
                if (text := clean(candidate, limit)) is not None:
                    return text
        return None

    def text(self, *names: str, limit: int | None = TEXT_LIMIT) -> str | None:
        """Several lines."""
        texts = (clean_text(value, limit) for value in self._present(names))
        return next((text for text in texts if text is not None), None)

    def items(self, *names: str) -> tuple[str, ...]:
        """The parts of every one of `names`, each once, in the sender's order: see `items_of`."""
        found = (item for value in self._present(names) for item in items_of(value))
        return tuple(dict.fromkeys(found))[:MAX_ITEMS]

    def unread(self) -> Iterator[tuple[str, object]]:
        """(name, value) of what stands at the top and was not asked for so far, in the sender's order."""
        return ((name, value) for name, value in self.body.items() if plain_name(name) not in self._asked)

    def _present(self, names: tuple[str, ...]) -> Iterator[object]:
        self._asked.update(_wanted(name) for name in names)
        for name in names:
            value = self._values.get(_wanted(name))
            if value is not None:
                yield value


def items_of(value: object) -> tuple[str, ...]:
    """A list, an object or a text with commas as cleaned parts; an object's parts are written `name:value`.

    Parts that say nothing are left out, among them `name:$VARIABLE`.
    """
    value = unpacked(value)
    if isinstance(value, dict):
        pairs = ((clean(name), clean(content)) for name, content in islice(value.items(), _MOST_PIECES))
        return tuple(f"{name}:{content}" for name, content in pairs if name and content)
    parts: list[object] = value if isinstance(value, list) else [value]
    pieces = (piece for part in parts for piece in (_SEPARATOR.split(part) if isinstance(part, str) else [part]))
    cleaned = (clean(piece) for piece in islice(pieces, _MOST_PIECES))
    return tuple(item for item in cleaned if item is not None and not _hollow(item))


def _hollow(item: str) -> bool:
    _, colon, content = item.partition(":")
    return bool(colon) and content.strip().startswith("$") and clean(content) is None


def _flat(body: Mapping[str, object], prefix: str = "", nesting: int = _NESTING) -> Iterator[tuple[str, object]]:
    # Longer names are nobody's fields, and joined to those of many children they would fill the memory.
    named = [(prefix + plain_name(name), value) for name, value in body.items() if len(name) <= _LONGEST_NAME]
    yield from named
    if nesting:
        for name, value in named:
            # A variable in quotes may have been filled with an object: then it is one in a text.
            inside = value if isinstance(value, dict) or prefix or name in _TEXTS else unpacked(value)
            if isinstance(inside, dict):
                yield from _flat(inside, name, nesting - 1)
