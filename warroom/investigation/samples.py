"""The samples of series on steps of the same length, so that series can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from warroom.investigation.model import Findings, ObservedSeries

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SampleClock:
    """The steps on which everything is laid."""

    start: datetime
    step: float
    count: int
    margin: int
    """The first step of the margin before the window: what is compared begins here."""
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


def laid(series: ObservedSeries, clock: SampleClock) -> Floats:
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
