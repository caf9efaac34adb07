"""A name put into a query written by somebody else: escaped for the place where it stands, so that it stays a name. Pure.

A policy writes `{service="{service}"}`; the name of the service may come from an alert, and whoever sends alerts must not be
able to ask for something else with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from warroom.errors import Rejected
from warroom.text import cut

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What means nothing but itself outside of quotes, in every language that there is here."""
MATCHES = re.compile(r"(?:=~|!~|\|~)\s*$")
"""After these a string is a regular expression."""
LONGEST_NAME = 250


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands."""

    quote: str
    """The quotation mark of the string that it is in; "" outside of strings."""
    before: str
    """The query before that string, else before the value."""


Escape = Callable[[str, Spot], str]
"""The value as it is written there. Raises Rejected where it cannot be."""


def filled(query: str, values: Mapping[str, str], escape: Escape, quotes: str = "\"'`") -> str:
    """The query in which each `{name}` of `values` is replaced. Other braces stay as they are: languages use them too.

    Raises Rejected for a value that cannot be written where the query wants it.
    """
    written: list[str] = []
    quote, opened, place = "", 0, 0
    names = {f"{{{name}}}": value for name, value in values.items()}
    while place < len(query):
        wanted = next((each for each in names if query.startswith(each, place)), None)
        if wanted is not None:
            spot = Spot(quote, query[: opened if quote else place])
            written.append(escape(_checked(names[wanted]), spot))
            place += len(wanted)
            continue
        char = query[place]
        if char == "\\" and quote != "`" and place + 1 < len(query):
            written.append(query[place : place + 2])
            place += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in quotes:
            quote, opened = char, place
        written.append(char)
        place += 1
    return "".join(written)


def _checked(value: str) -> str:
    if not value or len(value) > LONGEST_NAME or CONTROL.search(value):
        raise _unfit(value)
    return value


def in_selector(value: str, spot: Spot) -> str:
    """For languages that select by labels, `{label="value"}`: strings with backslashes, raw strings, regular expressions."""
    meant = re.escape(value) if spot.quote and MATCHES.search(spot.before) else value
    if spot.quote == "`":
        if "`" in meant:
            raise _unfit(value)
        return meant
    if spot.quote:
        return meant.replace("\\", "\\\\").replace(spot.quote, f"\\{spot.quote}")
    if not BARE.fullmatch(value):
        raise _unfit(value, "put {…} into quotes")
    return value


def in_search(value: str, spot: Spot) -> str:
    """For languages of words, `service:{service} AND level:error`: outside of quotes it becomes a quoted phrase."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    if spot.quote:
        return escaped
    if re.sub(r"\\.", "", spot.before).count("/") % 2:
        raise _unfit(value, "do not write it into a regular expression")
    return f'"{escaped}"'


TAG = re.compile(r"[A-Za-z0-9_.:/-]+")


def in_tags(value: str, spot: Spot) -> str:
    """For languages without quotes, `avg:metric{service:name}`: only what a tag may hold."""
    if not TAG.fullmatch(value):
        raise _unfit(value)
    return value


def _unfit(value: str, advice: str = "") -> Rejected:
    shown = cut(CONTROL.sub("?", value), 60) or "nothing"
    return Rejected(f"“{shown}” cannot be written into the query", code="unfit_name", advice=advice)
