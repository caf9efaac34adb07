"""Runs of samples that deviate, and how unusual one like it is in normal operation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from warroom.investigation.samples import Floats, SampleClock

DRIFT = 1.5
"""In spreads: what a sample must deviate to lengthen a run."""


def squeezed(z: Floats) -> Floats:
    """Large deviations compressed: from 6 spreads on, each further factor e adds 3."""
    return np.where(z <= 6, z, 6 + 3 * np.log(np.maximum(z, 6) / 6))


class DeviatingRuns:
    """By row: the run of deviating samples that stands out most since the margin, and how unusual one like it is."""

    def __init__(self, z: Floats, clock: SampleClock) -> None:
        gain = np.clip(np.where(np.isfinite(z), squeezed(np.nan_to_num(z)) - DRIFT, 0.0), -4.0, None)
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
