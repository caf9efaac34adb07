"""The part of PromQL that is understood: a parser that says where it stops understanding, as Prometheus does.

Selectors with = != =~ !~, ranges, the functions of `FUNCTIONS`, sum/avg/min/max/count with by and without, arithmetic and
comparisons with `on` and `ignoring` one to one. https://prometheus.io/docs/prometheus/latest/querying/basics/
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FUNCTIONS = {
    "rate": "matrix", "increase": "matrix", "delta": "matrix", "irate": "matrix", "avg_over_time": "matrix",
    "min_over_time": "matrix", "max_over_time": "matrix", "sum_over_time": "matrix", "count_over_time": "matrix",
    "last_over_time": "matrix", "abs": "vector", "ceil": "vector", "floor": "vector", "clamp_min": "vector",
    "clamp_max": "vector", "vector": "scalar", "time": "",
}  # fmt: skip
"""By name, what its first argument is."""
AGGREGATIONS = ("sum", "avg", "min", "max", "count")
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
_PRIORITY = {"^": 6, "*": 5, "/": 5, "%": 5, "+": 4, "-": 4} | dict.fromkeys(COMPARISONS, 3)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<duration>(?:\d+(?:ms|[smhdwy]))+(?![\w.]))
    |(?P<number>(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)(?![\w.])|(?:[iI]nf|[nN]a[nN])(?![\w:]))
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
    |(?P<sign>=~|!~|==|!=|>=|<=|[-+*/%^(){}\[\],=<>])""",
    re.VERBOSE,
)


class QueryError(Exception):
    """A query that is not understood; the text as Prometheus words it."""


@dataclass(frozen=True)
class Matcher:
    """One condition on a label."""

    name: str
    sign: str
    value: str

    def fits(self, value: str) -> bool:
        """Whether that value of the label, "" where it has none, is wanted."""
        match self.sign:
            case "=":
                return value == self.value
            case "!=":
                return value != self.value
            case "=~":
                return re.fullmatch(self.value, value) is not None
            case _:
                return re.fullmatch(self.value, value) is None


@dataclass(frozen=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True)
class Selector:
    """Series; with `range` their samples of that many seconds."""

    matchers: tuple[Matcher, ...]
    range: float | None = None


@dataclass(frozen=True)
class Call:
    """A function."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Aggregation:
    """Many series into fewer."""

    name: str
    of: Node
    labels: tuple[str, ...] = ()
    without: bool = False


@dataclass(frozen=True)
class Binary:
    """Two operands. `on` says which labels have to be equal, None for all but those of `ignoring`."""

    sign: str
    left: Node
    right: Node
    on: tuple[str, ...] | None = None
    ignoring: tuple[str, ...] = ()
    as_bool: bool = False


@dataclass(frozen=True)
class Negated:
    """-x."""

    of: Node


Node = Number | Selector | Call | Aggregation | Binary | Negated


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


def parse(query: str) -> Node:
    """The query's tree. Raises QueryError."""
    if not query.strip():
        raise QueryError("1:1: parse error: no expression found in input")
    parser = _Parser(query)
    tree = parser.expression(0)
    parser.end()
    return tree


def is_matrix(node: Node) -> bool:
    """Whether it is a range of samples, which only a function can take."""
    return isinstance(node, Selector) and node.range is not None


def is_scalar(node: Node) -> bool:
    """Whether it is one number at each time."""
    match node:
        case Number():
            return True
        case Call(name="time"):
            return True
        case Binary(left=left, right=right):
            return is_scalar(left) and is_scalar(right)
        case Negated(of=of):
            return is_scalar(of)
        case _:
            return False


def seconds(duration: str) -> float:
    """The seconds of a duration such as 1h30m. Raises QueryError."""
    parts = re.findall(r"(\d+)(ms|[smhdwy])", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise QueryError(f'not a valid duration string: "{duration}"')
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


class _Parser:
    def __init__(self, query: str) -> None:
        self.query = query
        self.tokens = list(self._tokens())
        self.here = 0

    def _tokens(self) -> list[_Token]:
        found: list[_Token] = []
        place = 0
        while place < len(self.query):
            match = _TOKEN.match(self.query, place)
            if match is None:
                char = self.query[place]
                if char in "\"'`":
                    raise self._wrong(place, "unterminated quoted string" if char != "`" else "unterminated raw string")
                if char.isdigit() or char == ".":
                    bad = re.match(r"[\w.]+", self.query[place:])
                    said = bad[0] if bad else char
                    if found and found[-1].text == "[":
                        raise self._wrong(place, f'bad duration syntax: "{re.match(r"[0-9.]*", said)[0]}"')  # type: ignore[index]
                    raise self._wrong(place, f'bad number or duration syntax: "{said[:20]}"')
                raise self._wrong(place, f"unexpected character: {char!r}")
            if match.lastgroup != "space":
                found.append(_Token(str(match.lastgroup), match[0], place))
            place = match.end()
        found.append(_Token("end", "", len(self.query)))
        return found

    def _wrong(self, place: int, text: str) -> QueryError:
        line = self.query.count("\n", 0, place) + 1
        column = place - (self.query.rfind("\n", 0, place) + 1) + 1
        return QueryError(f"{line}:{column}: parse error: {text}")

    @property
    def token(self) -> _Token:
        return self.tokens[self.here]

    def _next(self) -> _Token:
        found = self.token
        self.here += 1
        return found

    def _takes(self, *texts: str) -> bool:
        if self.token.kind != "string" and self.token.text in texts:
            self.here += 1
            return True
        return False

    def _unexpected(self, where: str, wanted: str = "") -> QueryError:
        token = self.token
        shown = {
            "end": "end of input", "name": f'identifier "{token.text}"', "number": f'number "{token.text}"',
            "string": f"string {token.text}", "duration": f'duration "{token.text}"', "sign": f'"{token.text}"',
        }[token.kind]  # fmt: skip
        if where == "label matching" and token.kind == "end":
            return self._wrong(token.place, f"unexpected {shown} inside braces")
        expected = f", expected {wanted}" if wanted else ""
        return self._wrong(token.place, f"unexpected {shown}{f' in {where}' if where else ''}{expected}")

    def _need(self, text: str, where: str) -> None:
        if not self._takes(text):
            if text == ")" and self.token.kind == "end":
                raise self._wrong(self.token.place, "unclosed left parenthesis")
            raise self._unexpected(where, f'"{text}"')

    def end(self) -> None:
        if self.token.kind != "end":
            raise self._unexpected("")

    def expression(self, least: int) -> Node:
        begins = self.token.place
        left = self._unary()
        while self.token.kind == "sign" and (priority := _PRIORITY.get(self.token.text, 0)) > least:
            place, sign = self.token.place, self._next().text
            as_bool = self.token.kind == "name" and sign in COMPARISONS and self._takes("bool")
            on, ignoring = self._matching()
            right = self.expression(priority - 1 if sign == "^" else priority)
            for side in (left, right):
                if is_matrix(side):
                    raise self._wrong(begins, "binary expression must contain only scalar and instant vector types")
            if sign in COMPARISONS and is_scalar(left) and is_scalar(right) and not as_bool:
                raise self._wrong(place, "comparisons between scalars must use BOOL modifier")
            left = Binary(sign, left, right, on, ignoring, as_bool)
        return left

    def _matching(self) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        if self.token.kind != "name":
            return None, ()
        if self._takes("on"):
            return self._labels(), ()
        if self._takes("ignoring"):
            return None, self._labels()
        return None, ()

    def _unary(self) -> Node:
        if self._takes("-"):
            return Negated(self.expression(5))
        if self._takes("+"):
            return self.expression(5)
        return self._ranged(self._primary())

    def _ranged(self, node: Node) -> Node:
        if self.token.text != "[" or self.token.kind != "sign":
            return node
        place = self._next().place
        if not isinstance(node, Selector):
            raise self._wrong(place, "ranges only allowed for vector selectors")
        if self.token.kind != "duration":
            raise self._unexpected("subquery selector" if self.token.kind != "end" else "range", "duration")
        length = seconds(self._next().text)
        if not self._takes("]"):
            raise self._unexpected("matrix selector", '"]"')
        return Selector(node.matchers, length)

    def _primary(self) -> Node:
        token = self.token
        if token.kind == "number":
            self._next()
            return Number(float(token.text))
        if self._takes("("):
            inner = self.expression(0)
            self._need(")", "paren expression")
            return inner
        if token.text == "{" and token.kind == "sign":
            return self._selector("")
        if token.kind == "string":
            self._next()
            self.end()
            raise QueryError('invalid expression type "string" for range query, must be Scalar or instant Vector')
        if token.kind != "name":
            raise self._unexpected("")
        self._next()
        if token.text in AGGREGATIONS and self.token.text in ("(", "by", "without"):
            return self._aggregation(token.text)
        if self.token.text == "(" and self.token.kind == "sign":
            return self._call(token)
        return self._selector(token.text)

    def _aggregation(self, name: str) -> Node:
        grouping = self._grouping()
        self._need("(", "aggregation")
        begins = self.token.place
        of = self.expression(0)
        self._need(")", "aggregation")
        if is_matrix(of) or is_scalar(of):
            kind = "range vector" if is_matrix(of) else "scalar"
            raise self._wrong(begins, f"expected type instant vector in aggregation expression, got {kind}")
        labels, without = grouping or self._grouping() or ((), False)
        return Aggregation(name, of, labels, without)

    def _grouping(self) -> tuple[tuple[str, ...], bool] | None:
        if self._takes("by"):
            return self._labels(), False
        if self._takes("without"):
            return self._labels(), True
        return None

    def _labels(self) -> tuple[str, ...]:
        self._need("(", "grouping opts")
        found = []
        while not self._takes(")"):
            if self.token.kind != "name":
                raise self._unexpected("grouping opts", "label")
            found.append(self._next().text)
            if not self._takes(",") and self.token.text != ")":
                raise self._unexpected("grouping opts", '"," or ")"')
        return tuple(found)

    def _call(self, name: _Token) -> Node:
        if name.text not in FUNCTIONS:
            raise self._wrong(name.place, f'unknown function with name "{name.text}"')
        self._next()
        arguments: list[Node] = []
        begins: list[int] = []
        while not self._takes(")"):
            begins.append(self.token.place)
            arguments.append(self.expression(0))
            if not self._takes(",") and self.token.text != ")":
                raise self._unexpected("function call", '"," or ")"')
        wanted = FUNCTIONS[name.text]
        number = 0 if not wanted else 2 if name.text.startswith("clamp") else 1
        if len(arguments) != number:
            raise self._wrong(
                name.place, f'expected {number} argument(s) in call to "{name.text}", got {len(arguments)}'
            )
        for number_of, (argument, place) in enumerate(zip(arguments, begins, strict=True)):
            self._need_kind(name.text, "scalar" if number_of else wanted, argument, place)
        return Call(name.text, tuple(arguments))

    def _need_kind(self, name: str, wanted: str, argument: Node, place: int) -> None:
        kinds = {"matrix": "range vector", "vector": "instant vector", "scalar": "scalar"}
        got = "matrix" if is_matrix(argument) else "scalar" if is_scalar(argument) else "vector"
        if got != wanted:
            said = f'expected type {kinds[wanted]} in call to function "{name}", got {kinds[got]}'
            raise self._wrong(place, said)

    def _selector(self, name: str) -> Selector:
        place = self.token.place
        found = [Matcher("__name__", "=", name)] if name else []
        if self._takes("{"):
            while not self._takes("}"):
                found.append(self._matcher())
                if not self._takes(",") and self.token.text != "}":
                    raise self._unexpected("label matching", '"," or "}"')
        if all(each.fits("") for each in found):
            raise self._wrong(place, "vector selector must contain at least one non-empty matcher")
        return Selector(tuple(found))

    def _matcher(self) -> Matcher:
        if self.token.kind != "name":
            raise self._unexpected("label matching", 'identifier or "}"')
        place, label = self.token.place, self._next().text
        sign = self.token.text
        if self.token.kind != "sign" or sign not in ("=", "!=", "=~", "!~"):
            raise self._unexpected("label matching", "label matching operator")
        self._next()
        if self.token.kind != "string":
            raise self._unexpected("label matching", "string")
        token = self._next()
        value = unquoted(token.text)
        if "~" in sign:
            try:
                re.compile(value)
            except re.error as error:
                raise self._wrong(place, f"error parsing regexp: {error}") from None
        return Matcher(label, sign, value)


def unquoted(text: str) -> str:
    """What a quoted string means."""
    if text[0] == "`":
        return text[1:-1]
    escapes = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: escapes.get(found[1], found[1]), text[1:-1])
