"""When something is due, in the words people use. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

END_OF_WORK = time(17, 0)
"""The time of day that a date without one means, where the people are."""
LAST_MINUTE = time(23, 59)
YEARS = 100
"""A year further away than this is a slip of the finger."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

_CLOCK = re.compile(r"^(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>am|pm)?$")
_SPAN = re.compile(r"^(?P<count>\d{1,4})\s*(?P<unit>s|secs?|seconds?|m|min|mins|minutes?|h|hours?|d|days?|w|weeks?)$")


def due_at(said: str, now: datetime, timezone: str) -> datetime | None:
    """The moment that `said` means (aware, in `timezone`), or None when it is not a date.

    Understands 2026-12-01, today, tomorrow, friday, next friday, 30s, 15m, 4h, 3d, 2w and "in 3 days", each day with an
    optional time ("friday 9:30", "tomorrow at 9am"). Without one a day means 17:00. Seconds, minutes and hours are real time,
    days and weeks are dates; both hold where the clocks are changed in between.
    """
    words = said.casefold().strip().rstrip(".!").split()
    if words and words[0] in ("on", "by", "in"):
        words = words[1:]
    span = _SPAN.match(" ".join(words))
    local = now.astimezone(ZoneInfo(timezone))
    if span and span["unit"][0] in "smh":
        # Real time: added to the wall clock, it would be an hour off where that is changed in between.
        return (now.astimezone(UTC) + timedelta(**{UNITS[span["unit"][0]]: int(span["count"])})).astimezone(
            local.tzinfo
        )
    if span:
        return _at(local.date() + timedelta(**{UNITS[span["unit"][0]]: int(span["count"])}), None, local)
    day, rest = _day(words, local)
    if day is None:
        return None
    rest = rest[1:] if rest[:1] == ["at"] else rest
    if not rest:
        return _at(day, None, local)
    clock = _clock(" ".join(rest))
    return _at(day, clock, local) if clock else None


def _day(words: list[str], local: datetime) -> tuple[date | None, list[str]]:
    """The day that the first words name, and the words after it."""
    if not words:
        return None, []
    first, rest = words[0], words[1:]
    today = local.date()
    if first in ("today", "tonight"):
        return today, rest
    if first == "tomorrow":
        return today + timedelta(days=1), rest
    strictly_later = first == "next"
    if strictly_later and rest:
        first, rest = rest[0], rest[1:]
    if strictly_later and first == "week":
        return today + timedelta(days=7), rest
    if len(first) >= 3 and (named := [n for n, day in enumerate(DAYS) if day.startswith(first)]):
        ahead = (named[0] - today.weekday()) % 7
        if ahead == 0 and (strictly_later or local.time() >= END_OF_WORK):
            ahead = 7
        return today + timedelta(days=ahead), rest
    if strictly_later:
        return None, words
    written, _, clock = first.partition("t")
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None, words
    if abs(day.year - today.year) > YEARS:
        return None, words
    return day, [clock, *rest] if clock else rest


def _clock(said: str) -> time | None:
    found = _CLOCK.match(said)
    if found is None or (found["minute"] is None and found["half"] is None):
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _at(day: date, clock: time | None, local: datetime) -> datetime | None:
    """That day at that time. Today without a time is the end of work, or of the day when work has ended."""
    if clock is None:
        clock = LAST_MINUTE if day == local.date() and local.time() >= END_OF_WORK else END_OF_WORK
    # By way of UTC, so that a time that the clocks skip becomes the one they show instead.
    return datetime.combine(day, clock, tzinfo=local.tzinfo).astimezone(UTC).astimezone(local.tzinfo)
