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
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warroom.investigation.model import Findings, ObservedSeries
from warroom.investigation.signals import Kind, kind_of

Floats = NDArray[np.float64]

DRIFT = 1.5
"""In spreads: what a sample must deviate to lengthen a run."""
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
    """One series, judged. The arrays run over the window and the margin before it, one value a step; nan where nothing was measured."""

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


@dataclass(frozen=True)
class SampleClock:
    """The steps on which everything is laid."""

    start: datetime
    step: float
    count: int
    margin: int
    """The first step of the margin before the window: what is judged begins here."""
    window: int
    """The first step of the window."""

    def at(self, index: int) -> datetime:
        """The time of a step."""
        return self.start + timedelta(seconds=self.step * index)


def clock_of(findings: Findings) -> SampleClock:
    """Steps from the baseline's beginning to the end, each of the length asked for or, if the samples are rarer, of theirs."""
    step = max(1.0, findings.step.total_seconds())
    gaps = [
        (later[0] - earlier[0]).total_seconds()
        for series in findings.series[:200]
        for earlier, later in zip(series.points[-40:], series.points[-39:], strict=False)
    ]
    if gaps := [gap for gap in gaps if gap > 0]:
        step = max(step, float(np.median(gaps)))
    begins = findings.at - findings.window
    start = begins - findings.baseline
    points = [series.points[0][0] for series in findings.series if series.points]
    if points and min(points) > start:
        start = min(points)
    start = _on_samples(findings, start, step)
    count = max(2, int((findings.until - start).total_seconds() // step) + 2)
    window = min(count - 1, max(0, int((begins - start).total_seconds() // step)))
    margin = max(0, window - int(findings.window.total_seconds() / 2 // step))
    return SampleClock(start, step, count, margin, window)


def _on_samples(findings: Findings, start: datetime, step: float) -> datetime:
    """`start`, or less than a step later: then a step is the moment at which most samples are taken."""
    moments = [at for each in findings.series[:200] for at, _ in each.points[-5:]]
    if not moments:
        return start
    after = [round((at - start).total_seconds() % step, 3) % step for at in moments]
    usual = max(sorted(set(after)), key=after.count)
    sample = moments[after.index(usual)]
    return sample - timedelta(seconds=step * ((sample - start) // timedelta(seconds=step)))


def judged(findings: Findings) -> list[Observed]:
    """Every series that can be judged, in a fixed order (by service, then signal)."""
    series = sorted(
        findings.series, key=lambda each: (each.service, each.signal, each.source, each.query, each.points[:1])
    )
    clock = clock_of(findings)
    rows = max(1, CHUNK // clock.count)
    values = [_laid(each, clock) for each in series]
    floors = _floors(series, values, clock)
    alive = _reported(series, values, clock)
    found = []
    for begin in range(0, len(series), rows):
        part = range(begin, min(begin + rows, len(series)))
        found += _judged_part(
            [series[i] for i in part], [values[i] for i in part], [floors[i] for i in part], alive, clock
        )
    return found


def _laid(series: ObservedSeries, clock: SampleClock) -> Floats:
    """The samples on the steps, nan where there is none; a counter becomes what it grew by per second."""
    laid = np.full(clock.count, np.nan)
    if not series.points:
        return laid
    times = np.array([at.timestamp() for at, _ in series.points])
    values = np.array([value for _, value in series.points], dtype=float)
    order = np.lexsort((values, times))
    times, values = times[order], values[order]
    keep = np.isfinite(values)
    times, values = times[keep], values[keep]
    if is_counter(values):
        grown = np.diff(values)
        grown = np.where(grown < 0, values[1:], grown)
        times, values = times[1:], grown / np.maximum(np.diff(times), 1e-9)
    index = np.rint((times - clock.start.timestamp()) / clock.step).astype(int)
    inside = (index >= 0) & (index < clock.count)
    laid[index[inside]] = values[inside]
    return laid


def is_counter(values: Floats) -> bool:
    """Whether a series only ever grows, but for resets to nearly nothing."""
    if len(values) < 20 or values.min() < 0:
        return False
    steps = np.diff(values)
    drops = steps < 0
    if drops.sum() > max(2, len(steps) * 0.02) or (steps > 0).sum() < len(steps) * 0.5:
        return False
    resets = bool(np.all(values[1:][drops] <= 0.2 * values[:-1][drops]))
    return (
        resets and float(values.max()) > 10 * float(np.median(np.abs(steps))) and bool(drops.any() or steps.min() >= 0)
    )


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


def _judged_part(
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
    rising = _Runs(high, clock)
    falling = _Runs(low, clock)
    found = []
    for i, each in enumerate(series):
        ways = {"up": (rising,), "down": (falling,), "both": (rising, falling)}[each.bad]
        runs = max(ways, key=lambda way: way.surprise[i])
        found.append(
            _observed(
                each,
                i,
                runs,
                1 if runs is rising else -1,
                (high if runs is rising else low)[i],
                value[i],
                (float(q50[i]), float((up if runs is rising else down)[i]), float(q10[i]), float(q90[i])),
                course[i],
                int(known[i]),
                alive.get(each.signal),
                clock,
            )
        )
    return found


def _observed(
    series: ObservedSeries,
    i: int,
    runs: _Runs,
    sign: int,
    z: Floats,
    value: Floats,
    usual: tuple[float, float, float, float],
    course: Floats,
    known: int,
    alive: int | None,
    clock: SampleClock,
) -> Observed:
    middle, spread, low, high = usual
    now = z[clock.margin :]
    begin, end = int(runs.begin[i]), int(runs.end[i])
    surprise = float(runs.surprise[i])
    kind = kind_of(series.signal)
    shape = "run"
    seen = np.flatnonzero(np.isfinite(value))
    judgeable = known >= LEAST_BASELINE or (kind == "errors" and series.bad == "up" and len(seen) > 0)
    if not judgeable or not len(seen) or begin < 0:
        surprise = 0.0
    samples = int(np.isfinite(now).sum())
    here = value[begin : end + 1]
    here = here[np.isfinite(here)]
    if surprise > 0 and len(here) == 1 and samples >= 12 and end < (seen[-1] if len(seen) else 0) - 1:
        shape, surprise = "spike", min(surprise, ABNORMAL - 0.5)
    filled = known / max(1, clock.margin)
    ended = clock.at(end)
    if (
        alive is not None
        and filled > 0.9
        and len(seen)
        and known >= 20
        and alive - seen[-1] >= 3
        and seen[-1] >= clock.margin - 1
    ):
        # It was always there and is gone while the others of its signal go on: whoever reported it is not there any more.
        shape, begin, surprise = "silent", int(seen[-1]) + 1, max(surprise, 8.0)
        ended = clock.at(alive)
    at = clock.at(begin) if surprise > 0 else None
    level = float(np.median(here)) if len(here) and shape != "silent" else float("nan")
    offset = float(course[begin]) if 0 <= begin < len(course) else 0.0
    run = z[int(runs.begin[i]) : end + 1]
    apart = run[np.isfinite(run)]
    clearly = np.flatnonzero(run >= 0.5 * np.median(apart)) if len(apart) else apart
    clear = (
        clock.at(int(runs.begin[i]) + int(clearly[0])) if surprise > 0 and len(clearly) and shape != "silent" else at
    )
    excess = np.where(np.isfinite(now), np.maximum(now - 1.0, 0.0) * spread, np.nan)
    profile = np.where(np.isfinite(now), _squeezed(np.maximum(now - 1.0, 0.0)), np.nan)
    if shape == "silent":
        gone = np.arange(clock.margin, clock.count)
        profile = np.where((gone >= begin) & (gone <= (alive or 0)), 5.0, np.nan_to_num(profile))
    return Observed(
        series=series,
        kind=kind,
        surprise=min(surprise, SURPRISE_CAP),
        deviation=sign * float(np.median(apart)) if surprise > 0 and len(apart) else 0.0,
        onset=at,
        ended=ended if surprise > 0 else None,
        usual=middle + offset,
        usual_low=low + offset,
        usual_high=high + offset,
        spread=spread,
        level=level,
        excess=excess,
        profile=profile,
        values=value[clock.margin :],
        total=float(runs.total[i]) if judgeable else 0.0,
        shape=shape,
        clear=clear,
    )


def _squeezed(z: Floats) -> Floats:
    """Large deviations compressed: from 6 spreads on, each further factor e adds 3."""
    return np.where(z <= 6, z, 6 + 3 * np.log(np.maximum(z, 6) / 6))


class _Runs:
    """By row: the run of deviating samples that stands out most since the margin, and how unusual one like it is."""

    def __init__(self, z: Floats, clock: SampleClock) -> None:
        gain = np.clip(np.where(np.isfinite(z), _squeezed(np.nan_to_num(z)) - DRIFT, 0.0), -4.0, None)
        rows, count = z.shape
        self.begin = np.full(rows, -1)
        self.end = np.full(rows, -1)
        best = np.zeros(rows)
        total = np.zeros(rows)
        since = np.zeros(rows, dtype=int)
        length = max(2, count - clock.margin)
        peaks: list[Floats] = []
        peak = np.zeros(rows)
        left = clock.margin % length
        for step in range(count):
            if step == clock.margin:
                total[:] = 0.0
            fresh = total <= 0
            total = np.where(fresh, 0.0, total) + gain[:, step]
            since = np.where(fresh, step, since)
            if step < clock.margin:
                peak = np.maximum(peak, total)
                if step >= left and (step - left) % length == length - 1:
                    peaks.append(peak)
                    peak = np.zeros(rows)
                    total[:] = 0.0
            else:
                better = total > best
                best = np.where(better, total, best)
                self.begin = np.where(better, since, self.begin)
                self.end = np.where(better, step, self.end)
        self.total = best
        self.surprise = _surprise(best, peaks)


def _surprise(best: Floats, peaks: Sequence[Floats]) -> Floats:
    """-ln of the chance of such a sum. From the stretches' own sums, their tail continued exponentially; with few of them a
    usual tail is assumed.
    """
    if not peaks:
        return np.where(best > 0, best / 3.0, 0.0)
    all_of = np.stack(peaks)
    share = 0.75 if len(all_of) >= 8 else 0.5
    edge = np.quantile(all_of, share, axis=0)
    over = np.where(all_of > edge, all_of - edge, np.nan)
    # Half a dozen stretches know little of their tail: a tail of 2 spreads is mixed in, as if two more had been seen.
    counted = np.isfinite(over).sum(axis=0)
    beyond = np.nansum(over, axis=0) / np.maximum(counted, 1)
    scale = (beyond * counted + 2.0 * 2) / (counted + 2)
    return np.where(best > edge, -np.log(1 - share) + (best - edge) / scale, 0.0)


def moment(seconds: float) -> datetime:
    """Aware UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def together(one: Floats, other: Floats) -> float:
    """How alike two profiles are, 0 to 1: the cosine over the steps at which both were measured."""
    both = np.isfinite(one) & np.isfinite(other)
    if not both.any():
        return 0.0
    a, b = one[both], other[both]
    size: Any = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else 0.0
