"""A body's fields by name, however the sender spelled the name: alert_id, alertId, ALERT-ID, {"alert": {"id": …}}."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice

from warroom.alerts.parsing.body import unpacked
from warroom.alerts.parsing.values import TEXT_LIMIT, WORD_LIMIT, clean, clean_text

MAX_ITEMS = 200
MOST_FACTS = 10
_MOST_PIECES = 1000
_NESTING = 3
_LONGEST_NAME = 80
_SHORTEST_REPEATED = 4
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]")
_SEPARATOR = re.compile(r"[,\n]")
_FACT_LIMIT = 200
_LABEL_LIMIT = 60

_TEXTS = frozenset({"body", "message", "text", "textonlymsg", "eventmsg", "description", "logssample"})
"""What people and programs wrote; an object in it is a quotation."""
_DULL = frozenset(
    {
        *("kind", "template", "eventtype", "eventpriority", "metricnamespace", "orgid", "orgname", "org", "user"),
        *("username", "email", "lastupdated", "dateposix", "lastupdatedposix", "aggregkey", "version", "receiver"),
        *("startsat", "endsat", "updatedat", "alertstatus", "status", "test", "logssample"),
    }
)
"""Known names that tell a reader nothing, or nothing that the alert does not show already."""
# Some senders put a shared secret into the body; it must reach neither a card nor the database.
_SECRET = re.compile(r"token|secret|passw|passphrase|credential|api_?key|auth", re.IGNORECASE)


def plain_name(name: str) -> str:
    """`name` without case and punctuation: the spelling that names are compared in."""
    # The same names come with every body; long ones are nobody's fields.
    return _plain_again(name) if len(name) <= _LONGEST_NAME else _plain(name)


def _plain(name: str) -> str:
    return _NOT_IN_A_NAME.sub("", name.lower())


_plain_again = lru_cache(maxsize=4096)(_plain)


@lru_cache(maxsize=512)
def _wanted(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(plain_name(name) for name in names)


@lru_cache(maxsize=16)
def _of_several_words(variables: frozenset[str]) -> frozenset[str]:
    return frozenset(plain_name(name) for name in variables if "_" in name)


class Fields:
    """Reads cleaned values by any of several names; the first name that says something wins.

    A field of a nested object has the joined name: the id in {"alert": {"id": 7}} is also alert_id, and so is that in
    {"alert": {"alert_id": 7}}. A field at the top goes before a nested one of the same name. `variables` are the names
    of a sender's template variables (as the sender writes them): a field that is called like one is found wherever it
    stands, in any spelling where the name has several words, else in that very spelling.
    """

    def __init__(self, body: Mapping[str, object], variables: frozenset[str] = frozenset()) -> None:
        self.body = body
        self._values: dict[str, object] = {}
        self._asked: set[str] = set()
        anywhere = _of_several_words(variables)
        inside = []
        for joined, own, value in _flat(body):
            self._add(joined, value)
            if own in variables or plain_name(own) in anywhere:
                inside.append((plain_name(own), value))
        for name, value in inside:
            self._add(name, value)

    def word(self, *names: str, limit: int = WORD_LIMIT) -> str | None:
        """One line; of a list, its first item that says something."""
        # Most of the names a sender may use are not in a body: that is found out without a generator.
        present = self._present(names)
        return next(_lines(present, limit), None) if present else None

    def words(self, *names: str, limit: int = WORD_LIMIT) -> Iterator[str]:
        """One line for each of `names` that says something, and for each item of a list."""
        return _lines(self._present(names), limit)

    def text(self, *names: str, limit: int | None = TEXT_LIMIT) -> str | None:
        """Several lines."""
        texts = (clean_text(value, limit) for value in self._present(names))
        return next((text for text in texts if text is not None), None)

    def items(self, *names: str) -> tuple[str, ...]:
        """The parts of every one of `names`, each once, in the sender's order: see `items_of`."""
        found = (item for value in self._present(names) for item in items_of(value))
        return tuple(dict.fromkeys(found))[:MAX_ITEMS]

    def names(self, *names: str) -> tuple[str, ...]:
        """The parts of the first of `names` that says something, each once; an object says nothing here."""
        values = (unpacked(value) for value in self._present(names))
        found = (items_of(value) for value in values if not isinstance(value, dict))
        return next((tuple(dict.fromkeys(items)) for items in found if items), ())

    def facts(self) -> tuple[tuple[str, str], ...]:
        """("error rate", "15.2%"): what stands at the top and was not asked for by now, in the sender's order."""
        facts = []
        for name, value in self.body.items():
            plain, label = plain_name(name), clean(name.replace("_", " "), _LABEL_LIMIT)
            if label is None or plain in self._asked or plain in _DULL or _SECRET.search(name):
                continue
            if (text := clean(value, _FACT_LIMIT)) is not None and not isinstance(unpacked(value), dict | list):
                facts.append((label, text))
            if len(facts) == MOST_FACTS:
                break
        return tuple(facts)

    def _add(self, name: str, value: object) -> None:
        if self._values.get(name) in (None, ""):
            self._values[name] = value

    def _present(self, names: tuple[str, ...]) -> list[object]:
        wanted = _wanted(names)
        self._asked.update(wanted)
        return [value for name in wanted if (value := self._values.get(name)) is not None]


def _lines(values: list[object], limit: int) -> Iterator[str]:
    for value in values:
        for candidate in value if isinstance(value, list) else (value,):
            if (text := clean(candidate, limit)) is not None:
                yield text


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


def _flat(body: Mapping[str, object], prefix: str = "", nesting: int = _NESTING) -> Iterator[tuple[str, str, object]]:
    """(joined plain name, own name as it is spelled, value) of every field, those at the top first."""
    # Longer names are nobody's fields, and joined to those of many children they would fill the memory.
    named = [(_joined(prefix, name), name, value) for name, value in body.items() if len(name) <= _LONGEST_NAME]
    yield from named
    if nesting:
        for joined, _, value in named:
            # A variable in quotes may have been filled with an object: then it is one in a text.
            inside = value if isinstance(value, dict) or prefix or joined in _TEXTS else unpacked(value)
            if isinstance(inside, dict):
                yield from _flat(inside, joined, nesting - 1)


def _joined(prefix: str, name: str) -> str:
    plain = plain_name(name)
    return plain if len(prefix) >= _SHORTEST_REPEATED and plain.startswith(prefix) else prefix + plain
