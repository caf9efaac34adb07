"""The part of LogQL that is understood: a stream selector and line filters.

https://grafana.com/docs/loki/latest/query/log_queries/ ("Log stream selector", "Line filter expression")
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.company.promql import Matcher, unquoted

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<filter>\|=|\|~|!=|!~)
    |(?P<sign>=~|=|[{},|()\[\]<>+*/-])
    |(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    |(?P<number>\d[\w.]*)""",
    re.VERBOSE,
)


class LogQueryError(Exception):
    """A query that is not understood; the text as Loki words it."""


@dataclass(frozen=True)
class Filter:
    """One condition on a line."""

    sign: str
    value: str

    def fits(self, line: str) -> bool:
        """Whether the line passes."""
        match self.sign:
            case "|=":
                return self.value in line
            case "!=":
                return self.value not in line
            case "|~":
                return re.search(self.value, line) is not None
            case _:
                return re.search(self.value, line) is None


@dataclass(frozen=True)
class LogQuery:
    """Lines of some streams."""

    matchers: tuple[Matcher, ...]
    filters: tuple[Filter, ...]


def parse(query: str) -> LogQuery:
    """What the query wants. Raises LogQueryError."""
    return _Parser(query).query()


class _Parser:
    def __init__(self, query: str) -> None:
        self.text = query
        self.tokens: list[tuple[str, str, int]] = []
        place = 0
        while place < len(query):
            match = _TOKEN.match(query, place)
            if match is None:
                raise self._wrong(
                    place, "syntax error: unexpected $undefined" if query[place] != '"' else "literal not terminated"
                )
            if match.lastgroup != "space":
                self.tokens.append((str(match.lastgroup), match[0], place))
            place = match.end()
        self.tokens.append(("end", "", len(query)))
        self.here = 0

    def query(self) -> LogQuery:
        if self.tokens[self.here][1] != "{":
            raise self._unexpected("{")
        self.here += 1
        matchers = []
        while self.tokens[self.here][1] != "}":
            matchers.append(self._matcher())
            if self.tokens[self.here][1] == ",":
                self.here += 1
            elif self.tokens[self.here][1] != "}":
                raise self._unexpected(", or }")
        self.here += 1
        if all(each.fits("") for each in matchers):
            raise LogQueryError(
                "parse error : queries require at least one regexp or equality matcher that does not have an "
                'empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will'
            )
        filters = []
        while self.tokens[self.here][0] == "filter":
            filters.append(self._filter())
        if self.tokens[self.here][0] != "end":
            raise self._unexpected("")
        return LogQuery(tuple(matchers), tuple(filters))

    def _matcher(self) -> Matcher:
        if self.tokens[self.here][0] != "name":
            raise self._unexpected("IDENTIFIER or }")
        name = self.tokens[self.here][1]
        self.here += 1
        sign = self.tokens[self.here][1]
        if sign not in ("=", "!=", "=~", "!~"):
            raise self._unexpected("= or != or =~ or !~")
        self.here += 1
        return Matcher(name, sign, self._string("~" in sign))

    def _filter(self) -> Filter:
        sign = self.tokens[self.here][1]
        self.here += 1
        return Filter(sign, self._string("~" in sign))

    def _string(self, pattern: bool) -> str:
        kind, text, place = self.tokens[self.here]
        if kind != "string":
            raise self._unexpected("STRING")
        self.here += 1
        value = unquoted(text)
        if pattern:
            try:
                re.compile(value)
            except re.error as error:
                raise self._wrong(place, f"error parsing regexp: {error}") from None
        return value

    def _unexpected(self, wanted: str) -> LogQueryError:
        kind, text, place = self.tokens[self.here]
        names = {"end": "$end", "name": "IDENTIFIER", "string": "STRING", "number": "NUMBER"}
        said = f"syntax error: unexpected {names.get(kind, text)}"
        return self._wrong(place, f"{said}, expecting {wanted}" if wanted else said)

    def _wrong(self, place: int, text: str) -> LogQueryError:
        line = self.text.count("\n", 0, place) + 1
        column = place - (self.text.rfind("\n", 0, place) + 1) + 1
        return LogQueryError(f"parse error at line {line}, col {column}: {text}")
