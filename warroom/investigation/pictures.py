"""The series that matter for an answer, small enough to be kept until they are drawn. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import quantiles

from warroom.investigation.model import Answer, Findings, ObservedSeries
from warroom.value import Stored

MOST = 3
"""Series in the picture."""
MOST_POINTS = 180


class Picture(Stored):
    """One series in the window, and what is normal for it."""

    service: str
    signal: str
    points: tuple[tuple[datetime, float], ...]
    normal: tuple[float, float] | None = None
    """Between these nine of ten values lay in the baseline."""
    onset: datetime | None = None
    change_at: datetime | None = None


def pictures_of(answer: Answer, findings: Findings) -> tuple[Picture, ...]:
    """The series that speak for the most likely cause, and that of the service where it was noticed."""
    if answer.verdict != "cause" or not answer.causes:
        return ()
    cause = answer.causes[0]
    queries = [each.query for each in cause.evidence if each.kind == "series"]
    own = [each for each in findings.series if each.service == cause.service]
    shown = [each for each in own if each.signal == cause.signal]
    shown += [each for query in queries for each in own if each.query == query and each not in shown]
    if cause.service != findings.service:
        noticed = [each for each in findings.series if each.service == findings.service]
        noticed.sort(key=lambda each: (each.signal != cause.signal, each.signal))
        shown = [*shown[: MOST - 1], *noticed[:1]]
    change_at = cause.change.at if cause.change else None
    drawn = (_picture(each, findings, cause.onset, change_at) for each in shown[:MOST])
    return tuple(each for each in drawn if each is not None)


def _picture(
    series: ObservedSeries, findings: Findings, onset: datetime | None, change_at: datetime | None
) -> Picture | None:
    begins = findings.at - findings.window
    before = [value for at, value in series.points if at < begins]
    window = [(at, value) for at, value in series.points if at >= begins]
    if len(window) < 2:
        return None
    return Picture(
        service=series.service,
        signal=series.signal,
        points=tuple(window[:: -(-len(window) // MOST_POINTS)]),
        normal=_normal(before),
        onset=onset,
        change_at=change_at if change_at and change_at >= begins else None,
    )


def _normal(values: Sequence[float]) -> tuple[float, float] | None:
    if len(values) < 20:
        return None
    parts = quantiles(values, n=20)
    return parts[0], parts[-1]
