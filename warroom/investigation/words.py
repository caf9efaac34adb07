"""What evidence says, for somebody who reads it at night: short, literal, with figures and times."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from warroom.changes.model import Change
from warroom.investigation.abnormal import Observed
from warroom.investigation.logs import LogTemplate
from warroom.investigation.model import time_of_day

CUT = 160
"""Characters of somebody else's words."""


def number(value: float) -> str:
    """Three significant digits: "0.0125", "1,230", "12.3"."""
    if not math.isfinite(value):
        return "nothing"
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    if digits > 8:
        return f"{value:.2g}"
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def minutes(apart: timedelta) -> str:
    """A duration in words."""
    count = round(abs(apart).total_seconds() / 60)
    return "at the same minute" if count == 0 else "1 minute" if count == 1 else f"{count} minutes"


def short(text: str, limit: int = CUT) -> str:
    """One line of somebody's words, cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def of_series(each: Observed) -> str:
    """ "latency of payments: up at 1.2 since 12:03 UTC, usually 0.05 to 0.07" """
    name = f"{each.series.signal} of {each.series.service}"
    since = f" since {time_of_day(each.onset)}" if each.onset else ""
    if each.shape == "silent":
        return f"{name}: not reported any more{since}"
    low, high = map(number, _usual(each))
    if low == "nothing":
        usual = "no past to compare with"
    else:
        usual = f"usually {low}" if low == high else f"usually {low} to {high}"
    way = "up" if each.deviation >= 0 else "down"
    return f"{name}: {way} at {number(each.level)}{since}, {usual}"


def _usual(each: Observed) -> tuple[float, float]:
    """From where to where it usually is. What is nothing beside the level is 0, and what never was negative does not begin below."""
    low, high = sorted((each.usual_low, each.usual_high))
    nothing = max(abs(each.level), abs(high)) / 1000
    if low < 0 and min(value for _, value in each.series.points) >= 0:
        low = 0.0
    return (0.0 if abs(low) < nothing else low, 0.0 if abs(high) < nothing else high)


def of_change(change: Change, onset: datetime | None, early_by: timedelta) -> str:
    """ "deployment of payments 2.4.1 at 12:01 UTC, 2 minutes before it began: Pool of 5". `early_by`: how much too early the onset may
    have been found.
    """
    what = " ".join(part for part in (change.kind, "of", change.service, change.version) if part)
    when = f" at {time_of_day(change.at)}"
    if onset is not None:
        apart = onset - change.at
        if -early_by <= apart < timedelta(seconds=30):
            when += ", about when it began"
        else:
            when += f", {minutes(apart)} {'before' if apart > timedelta(0) else 'after'} it began"
    by = f" by {short(change.author, 60)}" if change.author else ""
    return f"{what}{by}{when}" + (f": {short(change.text)}" if change.text else "")


def of_template(template: LogTemplate, service: str) -> str:
    """ "New in the log of payments since 12:03 UTC, 41 lines: connection refused …" """
    lines = "1 line" if template.count == 1 else f"{template.count} lines"
    if template.new:
        said = f"New in the log of {service} since {time_of_day(template.first)}, {lines}"
    else:
        said = f"More in the log of {service} since {time_of_day(template.first)}, {lines}, usually {number(template.usual)}"
    return f"{said}: {short(template.sample)}"
