"""Who is on call by counting: every date and every minute is looked at, and nothing is computed. Slow, and simple enough to trust.

It shares with the product only the values of the policy; how a clock is read comes from zoneinfo, in one direction only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from warroom.oncall.model import Override
from warroom.policy.hours import Day
from warroom.policy.schedule import Layer, Schedule, Unit

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
MARGIN = 3 * DAY


class Clock:
    """What a clock on the wall shows in every minute from `start` to `end`, some days before and after included."""

    def __init__(self, zone: str, start: datetime, end: datetime) -> None:
        self.first_seen: dict[datetime, datetime] = {}
        """When the clock shows a time for the first time."""
        self.seen: list[tuple[datetime, datetime]] = []
        at, place = start - MARGIN, ZoneInfo(zone)
        while at < end + MARGIN:
            shown = at.astimezone(place).replace(tzinfo=None)
            self.first_seen.setdefault(shown, at)
            self.seen.append((shown, at))
            at += MINUTE

    def moment(self, shown: datetime) -> datetime:
        """When it shows that, for the first time; where it jumps over that, so long after the jump as it would have been. What
        lies outside of the days that were looked at is very early or very late.
        """
        if shown in self.first_seen:
            return self.first_seen[shown]
        if shown < self.seen[0][0]:
            return datetime.min.replace(tzinfo=UTC)
        if shown > self.seen[-1][0]:
            return datetime.max.replace(tzinfo=UTC)
        before, at = next(
            pair for pair, after in zip(self.seen, self.seen[1:], strict=False) if pair[0] < shown < after[0]
        )
        return at + (shown - before)


def minutes(
    schedule: Schedule, overrides: Sequence[Override], start: datetime, end: datetime
) -> list[tuple[datetime, tuple[str, ...]]]:
    """(minute, who is on call in it) from `start` up to `end`, which are whole minutes."""
    clock = Clock(schedule.timezone or "UTC", start, end)
    layers = [(layer, _handovers(layer, clock, end), _windows(layer, clock)) for layer in schedule.layers]
    found, at = [], start
    while at < end:
        people: tuple[str, ...] = ()
        for layer, handovers, windows in layers:
            if any(begin <= at < over for begin, over in windows) and _between(layer, clock, at):
                people = layer.people[(bisect_right(handovers, at) - 1) % len(layer.people)]
        for override in sorted(overrides, key=lambda each: each.made_at):
            if override.start <= at < override.end:
                people = (f"<@{override.person}>",)
        found.append((at, people))
        at += MINUTE
    return found


def _time_of(layer: Layer) -> time:
    if layer.handoff:
        return layer.handoff.at
    return layer.hours[0].start if layer.hours else time(0)


def _between(layer: Layer, clock: Clock, at: datetime) -> bool:
    assert layer.from_ is not None
    begins = clock.moment(datetime.combine(layer.from_, _time_of(layer)))
    ends = clock.moment(datetime.combine(layer.until, _time_of(layer))) if layer.until else None
    return begins <= at and (ends is None or at < ends)


def _handovers(layer: Layer, clock: Clock, end: datetime) -> list[datetime]:
    """When a turn began, the first one included, in order: date by date or hour by hour from the first one on."""
    assert layer.from_ is not None
    at, every = _time_of(layer), layer.every
    first = datetime.combine(layer.from_, at)
    limit = end.replace(tzinfo=None) + MARGIN
    walls: list[datetime] = []
    if every.unit is Unit.HOURS:
        wall, passed = first, 0
        while wall < limit:
            if passed % every.count == 0:
                walls.append(wall)
            wall, passed = wall + timedelta(hours=1), passed + 1
    else:
        day = layer.from_
        # The turn in which the layer begins may have begun earlier.
        while not _on_handover_day(layer, day):
            day -= DAY
        passed = 0
        while datetime.combine(day, at) < limit:
            if _on_handover_day(layer, day):
                if passed % every.count == 0:
                    walls.append(datetime.combine(day, at))
                passed += 1
            day += DAY
    return sorted(clock.moment(wall) for wall in walls)


def _on_handover_day(layer: Layer, day: date) -> bool:
    if layer.every.unit is Unit.DAYS:
        return True
    if layer.every.unit is Unit.WEEKS:
        wanted = (layer.handoff and layer.handoff.weekday) or Day.MON
        return day.strftime("%a").lower() == wanted
    wanted_day = (layer.handoff and layer.handoff.monthday) or 1
    last = (day + DAY).month != day.month
    return day.day == wanted_day or (last and day.day < wanted_day)


def _windows(layer: Layer, clock: Clock) -> list[tuple[datetime, datetime]]:
    found = []
    day, last = clock.seen[0][0].date(), clock.seen[-1][0].date()
    while day <= last:
        if not layer.days or day.strftime("%a").lower() in layer.days:
            spans = [(span.start, span.end) for span in layer.hours] or [(time(0), time(0))]
            for start, end in spans:
                over = day if start < end else day + DAY
                found.append((clock.moment(datetime.combine(day, start)), clock.moment(datetime.combine(over, end))))
        day += DAY
    return found
