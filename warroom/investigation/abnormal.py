"""What is abnormal: each series against its own past, robustly. Pure; times are aware UTC.

A sample's deviation is its distance from the baseline's median (or from the daily course, where there is one) in spreads, the
spread being the widest of what the median deviation and the outer quantiles say, so that heavy tails do not look like incidents.
A window's deviation is the best run of samples in it (a cumulative sum with a drift). How unusual such a run is, is read off the
baseline itself: the same sum is taken in every stretch of it that is as long as the window, and the tail of those sums is
continued exponentially. So a series that often jumps needs a larger jump than one that never did, whatever its unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from warroom.investigation.model import Findings, ObservedSeries
from warroom.investigation.runs import DeviatingRuns, squeezed
from warroom.investigation.samples import Floats, SampleClock, clock_of, laid
from warroom.investigation.signals import Kind, kind_of

LEAST_BASELINE = 8
"""Samples without which nothing is called unusual."""
SURPRISE_CAP = 30.0
ABNORMAL = 4.0
"""Surprise from which a series counts as abnormal: about one healthy window in fifty gets there."""
HARMONICS = 3
BIN = 1800.0
"""Seconds over which a daily course is averaged before it is fitted."""
CHUNK = 4_000_000
"""Cells worked on at a time, so that memory stays bounded."""


@dataclass(frozen=True)
class Observed:
    """One series, compared with its own past. The arrays run over the window and the margin before it, one value a step; nan where nothing
    was measured.
    """

    series: ObservedSeries
    kind: Kind
    surprise: float
    """-ln of how likely such a window is in normal operation: 4.6 is one in a hundred."""
    deviation: float
    """Of the run, in spreads; negative when it went down."""
    onset: datetime | None
    ended: datetime | None
    usual: float
    """The baseline's median at this time of the day."""
    usual_low: float
    usual_high: float
    spread: float
    level: float
    """The median while it was abnormal."""
    excess: Floats
    """Distance from the usual in the bad direction, in the signal's unit; never below 0."""
    profile: Floats
    """The same in spreads, compressed; never below 0."""
    values: Floats
    total: float = 0.0
    """The run's sum of deviations beyond the drift, in spreads: what is left to compare where nothing is unusual."""
    shape: str = "run"
    """run, spike (a single sample among many), silent (nothing is reported any more)."""
    clear: datetime | None = None
    """When it first deviated half as much as the run does: noise just before it lengthens a run, so it began between `onset` and this."""

    @property
    def abnormal(self) -> bool:
        """Whether it is unusual enough to be spoken of."""
        return self.surprise >= ABNORMAL


def compared(findings: Findings) -> list[Observed]:
    """Every series that can be compared, in a fixed order (by service, then signal)."""
    series = sorted(
        findings.series, key=lambda each: (each.service, each.signal, each.source, each.query, each.points[:1])
    )
    clock = clock_of(findings)
    rows = max(1, CHUNK // clock.count)
    values = [laid(each, clock) for each in series]
    floors = _floors(series, values, clock)
    alive = _reported(series, values, clock)
    found = []
    for begin in range(0, len(series), rows):
        part = range(begin, min(begin + rows, len(series)))
        found += _compared_part(
            [series[i] for i in part], [values[i] for i in part], [floors[i] for i in part], alive, clock
        )
    return found


def _floors(series: Sequence[ObservedSeries], values: Sequence[Floats], clock: SampleClock) -> list[float]:
    """By series the least spread: a small part of what its signal's series usually spread, for those that never moved."""
    pooled: dict[str, list[float]] = defaultdict(list)
    if not series:
        return []
    past = np.stack(values)[:, : clock.margin]
    low, _, high = _quantiles(past)
    for each, wide in zip(series, high - low, strict=True):
        if wide > 0:
            pooled[each.signal].append(wide / 2.56)
    return [0.1 * float(np.quantile(pooled[each.signal], 0.25)) if pooled[each.signal] else 0.0 for each in series]


def _reported(series: Sequence[ObservedSeries], values: Sequence[Floats], clock: SampleClock) -> dict[str, int]:
    """By signal, the last step at which most of its series were still reported: later nothing can be missed."""
    last: dict[str, list[int]] = defaultdict(list)
    for each, row in zip(series, values, strict=True):
        seen = np.flatnonzero(np.isfinite(row))
        if len(seen):
            last[each.signal].append(int(seen[-1]))
    return {signal: int(np.quantile(steps, 0.75)) for signal, steps in last.items() if len(steps) > 1}


def _top(series: ObservedSeries, values: Floats) -> float:
    """1 or 100 for a share that should be full, such as an availability; else 0."""
    if series.bad != "down" or kind_of(series.signal) != "errors":
        return 0.0
    most = float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
    return 1.0 if 0 < most <= 1.0 else 100.0 if 1.0 < most <= 100.0 else 0.0


def _courses(past: Floats, times: Floats, low: Floats, high: Floats) -> Floats:
    """By row the daily course at all `times`, 0 without one. There is one when a day or more is known and it explains most of what
    moves; a course that repeats itself must also foretell the last day from those before it.
    """
    course = np.zeros((len(past), len(times)))
    before = times[: past.shape[1]]
    if not len(before) or before[-1] - before[0] < 22 * 3600:
        return course
    bins = (before // BIN).astype(int)
    edges = np.flatnonzero(np.diff(bins, prepend=bins[0] - 1))
    moments = bins[edges] * BIN + BIN / 2
    seen = np.isfinite(past)
    clipped = np.clip(np.where(seen, past, 0.0), low[:, None], high[:, None])
    counts = np.add.reduceat(seen.astype(float), edges, axis=1)
    middle = np.add.reduceat(np.where(seen, clipped, 0.0), edges, axis=1) / np.maximum(counts, 1)
    design = _design(moments)
    last = (moments - moments[0]) // 86400 == (moments[-1] - moments[0]) // 86400
    for i, row in enumerate(middle):
        known = counts[i] > 0
        if known.sum() < 40 or np.ptp(row[known]) == 0:
            continue
        test, learn = known & last, known & ~last
        if learn.sum() < 40 or test.sum() < 8:
            test = learn = known
        fit = np.linalg.lstsq(design[learn], row[learn], rcond=None)[0]
        left = np.abs(row[test] - design[test] @ fit).mean()
        if left < 0.5 * np.abs(row[test] - row[learn].mean()).mean():
            course[i] = _design(times) @ np.linalg.lstsq(design[known], row[known], rcond=None)[0]
    return course


def _design(times: Floats) -> Floats:
    angle = times / 86400 * 2 * np.pi
    waves = [wave(angle * k) for k in range(1, HARMONICS + 1) for wave in (np.cos, np.sin)]
    return np.stack([np.ones_like(angle), *waves], axis=1)


def _compared_part(
    series: Sequence[ObservedSeries],
    rows: Sequence[Floats],
    floors: Sequence[float],
    alive: dict[str, int],
    clock: SampleClock,
) -> list[Observed]:
    times = clock.start.timestamp() + clock.step * np.arange(clock.count)
    value = np.stack(rows)
    for i, each in enumerate(series):
        if kind_of(each.signal) == "errors" and each.bad == "up" and not np.isfinite(value[i, : clock.margin]).any():
            # An error counter that exists only since the first error: before it there were none.
            value[i, : clock.margin] = 0.0
    past = value[:, : clock.margin]
    low, _, high = _quantiles(past)
    course = _courses(past, np.asarray(times, dtype=np.float64), low, high)
    with np.errstate(all="ignore"):
        return _deviations(series, value, course, np.array(floors), alive, clock)


def _quantiles(past: Any, shares: Sequence[float] = (0.1, 0.5, 0.9)) -> list[Floats]:
    """Of every row the shares' quantiles; nan for a row without samples."""
    ordered = np.sort(past, axis=1)
    count = np.isfinite(ordered).sum(axis=1)
    found = [np.full(len(past), np.nan) for _ in shares]
    rows = np.flatnonzero(count)
    for i, share in enumerate(shares):
        place = share * (count[rows] - 1)
        under = np.floor(place).astype(int)
        over = np.minimum(under + 1, count[rows] - 1)
        low, high = ordered[rows, under], ordered[rows, over]
        found[i][rows] = low + (high - low) * (place - under)
    return found


def _deviations(
    series: Sequence[ObservedSeries],
    value: Floats,
    course: Floats,
    floors: Floats,
    alive: dict[str, int],
    clock: SampleClock,
) -> list[Observed]:
    left = value - course
    past = left[:, : clock.margin]
    known = np.isfinite(past).sum(axis=1)
    q10, q50, q90 = _quantiles(past)
    apart = np.abs(past - q50[:, None])
    spread = _quantiles(apart)[1] * 1.4826 if past.shape[1] else np.full(len(past), np.nan)
    magnitude = np.abs(q50 + np.median(course, axis=1))
    tops = np.array([_top(each, row) for each, row in zip(series, value, strict=True)])
    # What is missing to 100 per cent is what counts of a share that should be full.
    part = np.where(tops > 0, 0.1 * np.abs(tops - magnitude) + 0.001 * tops, 0.02 * magnitude)
    least = np.maximum(np.where((tops > 0) | (q90 > q10), 0.0, floors), np.maximum(part, 1e-9))
    # A series that was nothing all the time has no scale of its own: the window's largest gives one.
    seen_now = np.nan_to_num(np.nanmax(np.abs(np.where(np.isfinite(left), left, 0.0)), axis=1))
    least = np.where(least <= 1e-9, np.maximum(seen_now / 12, 1e-9), least)
    # How far the rare samples reach is no part of the spread: the tail of the stretches' sums tells it (_surprise).
    up = np.fmax(np.fmax(spread, (q90 - q50) / 1.28), least)
    down = np.fmax(np.fmax(spread, (q50 - q10) / 1.28), least)
    high = (left - q50[:, None]) / up[:, None]
    low = (q50[:, None] - left) / down[:, None]
    rising = DeviatingRuns(high, clock)
    falling = DeviatingRuns(low, clock)
    found = []
    for i, each in enumerate(series):
        ways = {"up": (rising,), "down": (falling,), "both": (rising, falling)}[each.bad]
        runs = max(ways, key=lambda way: way.surprise[i])
        rises = runs is rising
        row = _Row(
            series=each,
            sign=1 if rises else -1,
            z=(high if rises else low)[i],
            value=value[i],
            course=course[i],
            usual=float(q50[i]),
            usual_low=float(q10[i]),
            usual_high=float(q90[i]),
            spread=float((up if rises else down)[i]),
            known=int(known[i]),
            alive=alive.get(each.signal),
        )
        run = _Run(int(runs.begin[i]), int(runs.end[i]), float(runs.surprise[i]), float(runs.total[i]))
        found.append(_observed(row, run, clock))
    return found


@dataclass(frozen=True)
class _Row:
    """One series, and what is usual of it."""

    series: ObservedSeries
    sign: int
    """1 when it rises, -1 when it falls."""
    z: Floats
    """By step, how far it is from the usual in that direction, in spreads."""
    value: Floats
    course: Floats
    usual: float
    usual_low: float
    usual_high: float
    spread: float
    known: int
    """Samples of the baseline."""
    alive: int | None
    """The last step at which most series of its signal were reported."""

    @property
    def comparable(self) -> bool:
        """Whether anything can be said of it."""
        new_errors = kind_of(self.series.signal) == "errors" and self.series.bad == "up"
        return self.known >= LEAST_BASELINE or (new_errors and bool(np.isfinite(self.value).any()))


class _Run(NamedTuple):
    """The run of a series that stands out most, in steps, and how unusual it is."""

    begin: int
    end: int
    surprise: float
    total: float


class _Shape(NamedTuple):
    """What a run is: `begin` is its first step."""

    name: str
    surprise: float
    begin: int
    ended: datetime


def _shape(row: _Row, run: _Run, here: Floats, clock: SampleClock) -> _Shape:
    """Whether it is a run, a single sample, or silence; `here` are the samples of the run."""
    seen = np.flatnonzero(np.isfinite(row.value))
    surprise = run.surprise
    if not row.comparable or not len(seen) or run.begin < 0:
        surprise = 0.0
    shape = _Shape("run", surprise, run.begin, clock.at(run.end))
    samples = int(np.isfinite(row.z[clock.margin :]).sum())
    if surprise > 0 and len(here) == 1 and samples >= 12 and run.end < (seen[-1] if len(seen) else 0) - 1:
        shape = shape._replace(name="spike", surprise=min(surprise, ABNORMAL - 0.5))
    if (
        row.alive is not None
        and row.known / max(1, clock.margin) > 0.9
        and len(seen)
        and row.known >= 20
        and row.alive - seen[-1] >= 3
        and seen[-1] >= clock.margin - 1
    ):
        # It was always there and is gone while the others of its signal go on: whoever reported it is not there any more.
        return _Shape("silent", max(shape.surprise, 8.0), int(seen[-1]) + 1, clock.at(row.alive))
    return shape


def _observed(row: _Row, run: _Run, clock: SampleClock) -> Observed:
    here = row.value[run.begin : run.end + 1]
    here = here[np.isfinite(here)]
    shape = _shape(row, run, here, clock)
    silent, told = shape.name == "silent", shape.surprise > 0
    onset = clock.at(shape.begin) if told else None
    offset = float(row.course[shape.begin]) if 0 <= shape.begin < len(row.course) else 0.0
    part = row.z[run.begin : run.end + 1]
    apart = part[np.isfinite(part)]
    clearly = np.flatnonzero(part >= 0.5 * np.median(apart)) if len(apart) else apart
    now = row.z[clock.margin :]
    profile = np.where(np.isfinite(now), squeezed(np.maximum(now - 1.0, 0.0)), np.nan)
    if silent:
        gone = np.arange(clock.margin, clock.count)
        profile = np.where((gone >= shape.begin) & (gone <= (row.alive or 0)), 5.0, np.nan_to_num(profile))
    return Observed(
        series=row.series,
        kind=kind_of(row.series.signal),
        surprise=min(shape.surprise, SURPRISE_CAP),
        deviation=row.sign * float(np.median(apart)) if told and len(apart) else 0.0,
        onset=onset,
        ended=shape.ended if told else None,
        usual=row.usual + offset,
        usual_low=row.usual_low + offset,
        usual_high=row.usual_high + offset,
        spread=row.spread,
        level=float(np.median(here)) if len(here) and not silent else float("nan"),
        excess=np.where(np.isfinite(now), np.maximum(now - 1.0, 0.0) * row.spread, np.nan),
        profile=profile,
        values=row.value[clock.margin :],
        total=run.total if row.comparable else 0.0,
        shape=shape.name,
        clear=clock.at(run.begin + int(clearly[0])) if told and len(clearly) and not silent else onset,
    )


def together(one: Floats, other: Floats) -> float:
    """How alike two profiles are, 0 to 1: the cosine over the steps at which both were measured."""
    both = np.isfinite(one) & np.isfinite(other)
    if not both.any():
        return 0.0
    a, b = one[both], other[both]
    size: Any = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else 0.0
