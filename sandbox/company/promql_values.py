"""What a query yields at each of many times, computed with arrays as Prometheus 2 computes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sandbox.company.company import Company
from sandbox.company.metrics import METRICS, Labels, Samples, samples
from sandbox.company.noise import Floats
from sandbox.company.promql import Aggregation, Binary, Call, Negated, Node, Number, QueryError, Selector, parse
from sandbox.company.services import SERVICES

LOOKBACK = 300.0
"""Seconds for which a sample counts as the present value."""
NAME = "__name__"


@dataclass(frozen=True)
class Row:
    """One series of a result. `there` says at which of the times it has a value."""

    labels: Labels
    values: Floats
    there: np.ndarray[tuple[int], np.dtype[np.bool_]]


Result = Floats | list[Row]
"""Numbers, or series, at each of the times."""


def evaluate(company: Company, query: str, times: Sequence[float] | Floats, *, ahead: bool = False) -> Result:
    """The query at each of the times, which ascend; `ahead` as with `samples`. Raises QueryError."""
    return evaluate_tree(company, parse(query), np.asarray(times, dtype=np.float64), ahead=ahead)


def evaluate_tree(company: Company, tree: Node, times: Floats, *, ahead: bool = False) -> Result:
    """As `evaluate`, of a query that was parsed. Raises QueryError."""
    return _Values(company, times, ahead).of(tree)


def by_service(
    company: Company, query: str, since: float, until: float, step: float = 60.0, *, ahead: bool = False
) -> dict[str, tuple[Floats, Floats]]:
    """By service, the query's (times, values) from `since` to `until`; what is missing or no number is left out.

    Raises QueryError.
    """
    times = np.arange(since, until + 1e-6, step)
    result = evaluate(company, query, times, ahead=ahead)
    if not isinstance(result, list):
        raise QueryError("the query yields numbers, not series")
    found = {}
    for row in result:
        some = row.there & ~np.isnan(row.values)
        found[dict(row.labels).get("service", "")] = (times[some], row.values[some])
    return found


def selected(company: Company, selector: Selector, since: float, until: float, *, ahead: bool = False) -> list[Samples]:
    """The samples of the series that fit."""
    found = []
    for metric in METRICS:
        for service in SERVICES:
            labels = {NAME: metric.name, **dict(metric.labels(service))}
            if all(each.fits(labels.get(each.name, "")) for each in selector.matchers):
                read = samples(company, metric, service, since, until, ahead=ahead)
                if len(read.times):
                    found.append(read)
    return found


class _Values:
    def __init__(self, company: Company, times: Floats, ahead: bool) -> None:
        self.company, self.times, self.ahead = company, times, ahead

    def of(self, node: Node) -> Result:
        match node:
            case Number(value=value):
                return np.full_like(self.times, value)
            case Selector():
                return self._instant(node)
            case Call():
                return self._call(node)
            case Aggregation():
                return _aggregated(node, self._rows(node.of))
            case Negated(of=of):
                inner = self.of(of)
                if isinstance(inner, list):
                    return [Row(_unnamed(row.labels), -row.values, row.there) for row in inner]
                return -inner
            case Binary():
                return self._binary(node)

    def _rows(self, node: Node) -> list[Row]:
        result = self.of(node)
        if not isinstance(result, list):
            raise QueryError("expected type instant vector, got scalar")
        return result

    def _selected(self, selector: Selector, before: float) -> list[Samples]:
        since, until = float(self.times[0]) - before, float(self.times[-1])
        return selected(self.company, selector, since, until, ahead=self.ahead)

    def _instant(self, selector: Selector) -> list[Row]:
        found = []
        for read in self._selected(selector, LOOKBACK):
            last = np.searchsorted(read.times, self.times, side="right") - 1
            there = (last >= 0) & (read.times[np.maximum(last, 0)] > self.times - LOOKBACK)
            if there.any():
                values = read.values[np.maximum(last, 0)]
                found.append(Row(tuple(sorted(((NAME, read.name), *read.labels))), values, there))
        return found

    def _call(self, node: Call) -> Result:
        if node.name == "time":
            return self.times.copy()
        first = node.arguments[0]
        if node.name == "vector":
            same = self.of(first)
            assert not isinstance(same, list)
            return [Row((), same, np.ones(len(self.times), dtype=np.bool_))]
        if isinstance(first, Selector) and first.range is not None:
            return self._over_range(node.name, first, first.range)
        limit = self.of(node.arguments[1]) if len(node.arguments) > 1 else np.zeros_like(self.times)
        if isinstance(limit, list):
            raise QueryError(f'expected type scalar in call to function "{node.name}", got instant vector')
        do: dict[str, Callable[[Floats], Floats]] = {
            "abs": np.abs, "ceil": np.ceil, "floor": np.floor,
            "clamp_min": lambda values: np.maximum(values, limit), "clamp_max": lambda values: np.minimum(values, limit),
        }  # fmt: skip
        return [Row(_unnamed(row.labels), do[node.name](row.values), row.there) for row in self._rows(first)]

    def _over_range(self, name: str, selector: Selector, length: float) -> list[Row]:
        found = []
        for read in self._selected(selector, length):
            first = np.searchsorted(read.times, self.times - length, side="left")
            last = np.searchsorted(read.times, self.times, side="right") - 1
            values, there = _RANGES[name](read, first, last, self.times, length)
            if there.any():
                labels = read.labels if name != "last_over_time" else ((NAME, read.name), *read.labels)
                found.append(Row(tuple(sorted(labels)), values, there))
        return found

    def _binary(self, node: Binary) -> Result:
        left, right = self.of(node.left), self.of(node.right)
        if not isinstance(left, list) and not isinstance(right, list):
            return _applied(node.sign, left, right)
        if isinstance(left, list) and isinstance(right, list):
            return _matched(node, left, right)
        found = []
        for row in left if isinstance(left, list) else right if isinstance(right, list) else []:
            one, other = (row.values, right) if isinstance(left, list) else (left, row.values)
            assert not isinstance(one, list)
            assert not isinstance(other, list)
            found.append(_outcome(node, row.labels, one, other, row.values, row.there))
        return [row for row in found if row.there.any()]


Window = Callable[
    [Samples, "np.ndarray[tuple[int], np.dtype[np.intp]]", "np.ndarray[tuple[int], np.dtype[np.intp]]", Floats, float],
    tuple[Floats, "np.ndarray[tuple[int], np.dtype[np.bool_]]"],
]


def _extrapolated(*, counter: bool, per_second: bool) -> Window:
    """`extrapolatedRate` of Prometheus 2 (promql/functions.go)."""

    def change(read: Samples, first, last, times: Floats, length: float):  # type: ignore[no-untyped-def]
        there = last > first
        begin, end = np.where(there, first, 0), np.where(there, last, 0)
        values, at = read.values, read.times
        grown = values[end] - values[begin]
        if counter:
            dropped = np.concatenate([[0.0], np.where(values[1:] < values[:-1], values[:-1], 0.0)])
            lost = np.cumsum(dropped)
            grown = grown + lost[end] - lost[begin]
        to_start, to_end = at[begin] - (times - length), times - at[end]
        sampled = np.where(there, at[end] - at[begin], 1.0)
        average = sampled / np.maximum(end - begin, 1)
        if counter:
            with np.errstate(divide="ignore", invalid="ignore"):
                to_zero = sampled * (values[begin] / grown)
            to_start = np.where((grown > 0) & (values[begin] >= 0) & (to_zero < to_start), to_zero, to_start)
        edge = average * 1.1
        whole = (
            sampled + np.where(to_start < edge, to_start, average / 2) + np.where(to_end < edge, to_end, average / 2)
        )
        result = grown * whole / sampled
        return (result / length if per_second else result), there

    return change


def _irate(read, first, last, times, length):  # type: ignore[no-untyped-def]
    there = last > first
    end = np.where(there, last, 1)
    before, value = read.values[end - 1], read.values[end] if len(read.values) > 1 else read.values
    grown = np.where(value < before, value, value - before)
    return grown / np.maximum(read.times[end] - read.times[end - 1], 1e-9), there


def _each_window(do: Callable[[Floats], float]) -> Window:
    def over(read: Samples, first, last, times: Floats, length: float):  # type: ignore[no-untyped-def]
        there = last >= first
        values = np.array(
            [do(read.values[b : e + 1]) if ok else np.nan for b, e, ok in zip(first, last, there, strict=True)]
        )
        return values, there

    return over


_RANGES: dict[str, Window] = {
    "rate": _extrapolated(counter=True, per_second=True),
    "increase": _extrapolated(counter=True, per_second=False),
    "delta": _extrapolated(counter=False, per_second=False),
    "irate": _irate,
    "avg_over_time": _each_window(lambda values: float(values.mean())),
    "min_over_time": _each_window(lambda values: float(values.min())),
    "max_over_time": _each_window(lambda values: float(values.max())),
    "sum_over_time": _each_window(lambda values: float(values.sum())),
    "count_over_time": _each_window(lambda values: float(len(values))),
    "last_over_time": _each_window(lambda values: float(values[-1])),
}


def _unnamed(labels: Labels) -> Labels:
    return tuple(each for each in labels if each[0] != NAME)


def _aggregated(node: Aggregation, rows: list[Row]) -> list[Row]:
    groups: dict[Labels, list[Row]] = {}
    for row in rows:
        if node.without:
            group = tuple(each for each in row.labels if each[0] not in (*node.labels, NAME))
        else:
            group = tuple(each for each in row.labels if each[0] in node.labels)
        groups.setdefault(group, []).append(row)
    found = []
    for group, members in groups.items():
        there = np.stack([row.there for row in members])
        values = np.where(there, np.stack([row.values for row in members]), np.nan)
        number = there.sum(axis=0)
        some = number > 0
        match node.name:
            case "sum":
                result = np.where(there, values, 0.0).sum(axis=0)
            case "avg":
                result = np.where(there, values, 0.0).sum(axis=0) / np.maximum(number, 1)
            case "count":
                result = number.astype(np.float64)
            case "min":
                result = np.where(there, values, np.inf).min(axis=0)
            case _:
                result = np.where(there, values, -np.inf).max(axis=0)
        found.append(Row(group, result, some))
    return found


def _matched(node: Binary, left: list[Row], right: list[Row]) -> list[Row]:
    def signature(labels: Labels) -> Labels:
        if node.on is not None:
            return tuple(each for each in labels if each[0] in node.on)
        return tuple(each for each in labels if each[0] not in (*node.ignoring, NAME))

    others: dict[Labels, Row] = {}
    for row in right:
        if signature(row.labels) in others:
            raise QueryError(
                "found duplicate series for the match group on the right hand-side of the operation; "
                "many-to-many matching not allowed: matching labels must be unique on one side"
            )
        others[signature(row.labels)] = row
    found, seen = [], set()
    for row in left:
        group = signature(row.labels)
        if group not in others:
            continue
        if group in seen:
            raise QueryError(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
            )
        seen.add(group)
        other = others[group]
        labels = row.labels
        if node.on is not None:
            labels = tuple(each for each in labels if each[0] in (*node.on, NAME))
        elif node.ignoring:
            labels = tuple(each for each in labels if each[0] not in node.ignoring)
        found.append(_outcome(node, labels, row.values, other.values, row.values, row.there & other.there))
    return [row for row in found if row.there.any()]


def _outcome(
    node: Binary, labels: Labels, left: Floats, right: Floats, kept: Floats,
    there: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Row:  # fmt: skip
    values = _applied(node.sign, left, right)
    if node.sign not in _COMPARED or node.as_bool:
        return Row(_unnamed(labels), values, there)
    return Row(labels, kept, there & (values > 0))


_COMPARED: dict[str, Callable[[Floats, Floats], Floats]] = {
    "==": lambda a, b: (a == b).astype(np.float64), "!=": lambda a, b: (a != b).astype(np.float64),
    ">": lambda a, b: (a > b).astype(np.float64), "<": lambda a, b: (a < b).astype(np.float64),
    ">=": lambda a, b: (a >= b).astype(np.float64), "<=": lambda a, b: (a <= b).astype(np.float64),
}  # fmt: skip
_COMPUTED: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.fmod, "^": np.power,
}  # fmt: skip


def _applied(sign: str, left: Floats, right: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray((_COMPARED.get(sign) or _COMPUTED[sign])(left, right))
