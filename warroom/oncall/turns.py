"""When turns change and when hours begin, on the clock and calendar of a time zone.

Every moment that a schedule names is a time of day of a date, and its instant is found as RFC 5545 (3.3.5) says: a time that
the clock shows twice means the first, one that it skips is counted with the offset before the gap. So a turn from Monday 09:00
to Monday 09:00 has 167 or 169 hours in a week in which the clock is changed, and a hand-over happens once.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo

from warroom.policy.hours import Day
from warroom.policy.schedule import Layer, Unit

START = date(2024, 1, 1)
"""A Monday, from which turns are counted in layers that have no `from`."""

_DAY = timedelta(days=1)
_STEP = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: _DAY, Unit.WEEKS: 7 * _DAY}
_LONGEST_GAP = timedelta(hours=26)
"""No clock was ever put forward by more: Samoa left a day out in 2011."""


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment (aware UTC) at which clocks of the zone show that time."""
    return wall.replace(tzinfo=zone).astimezone(UTC)


def wall_time(at: datetime, zone: ZoneInfo) -> datetime:
    """What clocks of the zone show then, without a zone."""
    return at.astimezone(zone).replace(tzinfo=None)


@dataclass(frozen=True)
class Turns:
    """The turns of a layer. Turn k lasts from hand-over k up to hand-over k + 1; k may be negative."""

    layer: Layer
    zone: ZoneInfo
    anchor: datetime
    """Hand-over 0, as a time without a zone."""
    begins: datetime | None
    ends: datetime | None
    """Aware UTC; None: no beginning, no end."""
    windows: tuple[tuple[timedelta, timedelta], ...]
    """The hours: from and to, counted from midnight of the day on which they begin."""
    weekdays: frozenset[int]

    def handover(self, turn: int) -> datetime:
        """When that turn begins, aware UTC."""
        return instant(self._wall(turn), self.zone)

    def turn_at(self, at: datetime) -> int:
        """The turn whose hand-over was the last before `at`, or is now."""
        every, wall = self.layer.every, wall_time(at, self.zone)
        if every.unit is Unit.MONTHS:
            months = (wall.year - self.anchor.year) * 12 + wall.month - self.anchor.month
            turn = months // every.count + 1
        else:
            step = _STEP[every.unit] * every.count
            turn = (wall - self.anchor) // step + _LONGEST_GAP // step + 1
        while self.handover(turn) > at:
            turn -= 1
        return turn

    def people(self, turn: int) -> tuple[str, ...]:
        """Whose turn it is."""
        return self.layer.people[turn % len(self.layer.people)]

    def applies(self, at: datetime) -> bool:
        """Whether the layer says who is on call then."""
        if (self.begins and at < self.begins) or (self.ends and at >= self.ends):
            return False
        if not self.windows:
            return True
        today = wall_time(at, self.zone).date()
        return any(start <= at < end for day in (today - _DAY, today) for start, end in self._windows_of(day))

    def edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Every moment after `start` and before `end` at which the layer may say something else than before."""
        for edge in (self.begins, self.ends):
            if edge and start < edge < end:
                yield edge
        if len(self.layer.people) > 1:
            for turn in count(self.turn_at(start) + 1):
                if (edge := self.handover(turn)) >= end:
                    break
                yield edge
        if self.windows:
            day, last = wall_time(start, self.zone).date() - _DAY, wall_time(end, self.zone).date()
            while day <= last:
                yield from (edge for window in self._windows_of(day) for edge in window if start < edge < end)
                day += _DAY

    def _wall(self, turn: int) -> datetime:
        every = self.layer.every
        if every.unit is not Unit.MONTHS:
            return self.anchor + turn * every.count * _STEP[every.unit]
        return _in_month(self.anchor, turn * every.count, self.layer.handed_over.monthday or 1)

    def _windows_of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The hours that begin on that day."""
        if day.weekday() in self.weekdays:
            midnight = datetime.combine(day, time())
            for start, end in self.windows:
                yield instant(midnight + start, self.zone), instant(midnight + end, self.zone)


@lru_cache(maxsize=4096)
def turns_of(layer: Layer, zone: str) -> Turns:
    """The turns of a layer in that time zone."""
    handoff, clock = layer.handed_over, ZoneInfo(zone)
    first = datetime.combine(layer.from_ or START, handoff.at)
    anchor = first
    if handoff.weekday:
        anchor -= ((first.weekday() - handoff.weekday.number + 1) % 7) * _DAY
    elif handoff.monthday:
        anchor = _in_month(first, 0, handoff.monthday)
        if anchor > first:
            anchor = _in_month(first, -1, handoff.monthday)
    spans = [(_since_midnight(span.start), _since_midnight(span.end)) for span in layer.hours]
    windows = tuple((start, end if start < end else end + _DAY) for start, end in spans)
    return Turns(
        layer=layer,
        zone=clock,
        anchor=anchor,
        begins=instant(first, clock) if layer.from_ else None,
        ends=instant(datetime.combine(layer.until, handoff.at), clock) if layer.until else None,
        windows=windows or (((timedelta(0), _DAY),) if layer.days else ()),
        weekdays=frozenset(day.number - 1 for day in (layer.days or Day)),
    )


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute)


def _in_month(start: datetime, months: int, day: int) -> datetime:
    """The same time of day on that day of the month so many months later, on its last day where it is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(day, monthrange(year, month + 1)[1]))
