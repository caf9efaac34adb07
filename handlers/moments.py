"""Times in the words people use: when something happened, and when the next update comes. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.dates import DAYS, due_at

_CLOCK = re.compile(
    r"^(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?:\s*(?P<half>am|pm))?(?=$|[\s,:–-])[\s,:–-]*", re.I
)
_HOUR = re.compile(r"^(?:at\s+)?(?P<hour>\d{1,2})\s*(?P<half>am|pm)(?=$|[\s,:–-])[\s,:–-]*", re.I)
_AGO = re.compile(
    r"^(?P<count>\d{1,4})\s*(?P<unit>m|min|mins|minutes?|h|hours?|d|days?)\s+ago(?=$|[\s,:–-])[\s,:–-]*", re.I
)
_DAY = re.compile(r"^(?P<day>today|yesterday|\d{4}-\d{2}-\d{2}|[a-z]{3,9})(?:\s+|t(?=\d)|$)", re.I)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def happened_at(said: str, now: datetime, timezone: str) -> tuple[datetime | None, str]:
    """(the time at the beginning of the text, the text after it); (None, the text) where it begins with none.

    Understands 17:20, 5:20pm, "yesterday 23:10", "monday 9:00", "2026-11-20 23:10" and "20 min ago". A time of day that is
    still to come today was yesterday's. The result is aware, in `timezone`.
    """
    said = said.strip()
    local = now.astimezone(ZoneInfo(timezone))
    if ago := _AGO.match(said):
        span = timedelta(**{_UNITS[ago["unit"][0].lower()]: int(ago["count"])})
        return local - span, said[ago.end() :]
    named = _DAY.match(said)
    day = _day(named["day"].casefold(), local) if named else None
    rest = said[named.end() :] if named and day else said
    found = _CLOCK.match(rest) or _HOUR.match(rest)
    clock = _clock(found) if found else None
    if found is None or clock is None:
        return None, said
    moment = datetime.combine(day or local.date(), clock, tzinfo=local.tzinfo)
    if day is None and moment > local:
        moment = datetime.combine(local.date() - timedelta(days=1), clock, tzinfo=local.tzinfo)
    return moment, rest[found.end() :]


def _day(said: str, local: datetime) -> date | None:
    """The day that is meant, none of them to come."""
    today = local.date()
    if said in ("today", "yesterday"):
        return today - timedelta(days=said == "yesterday")
    for number, name in enumerate(DAYS):
        if len(said) >= 3 and name.startswith(said):
            return today - timedelta(days=(today.weekday() - number) % 7 or 7)
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def _clock(found: re.Match[str]) -> time | None:
    parts = found.groupdict()
    hour, minute, half = int(parts["hour"]), int(parts.get("minute") or 0), (parts.get("half") or "").casefold()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def moment_in(said: str, now: datetime, timezone: str) -> datetime | None:
    """The past time that the whole text means, or None."""
    moment, rest = happened_at(said, now, timezone)
    return moment if moment is not None and not rest.strip() and moment <= now else None


def moment_ahead(said: str, now: datetime, timezone: str) -> datetime | None:
    """The time to come that the text means, or None: "in 30 min", "17:40" (tomorrow's where it is over), "friday 9:00"."""
    words = said.strip().removeprefix("at ").strip()
    for wanted in (words, f"today {words}", f"tomorrow {words}"):
        found = due_at(wanted, now, timezone)
        if found is not None and found > now:
            return found
    return None
