"""Times in the words people use: when something is due, when it happened, when the next update comes. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from warroom.errors import Refused
from warroom.refusals import OnCallProblem, OnCallRefused

END_OF_WORK = time(17, 0)
"""The time of day that a date without one means, where the people are."""
LAST_MINUTE = time(23, 59)
YEARS = 100
"""A year further away than this is a slip of the finger."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

NUMBERS = {
    word: str(number)
    for number, words in enumerate(
        ("a an one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
        start=1,
    )
    for word in words.split()
}
"""Numbers as people write them: "in two weeks", "in an hour"."""

_CLOCK = re.compile(r"^(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>am|pm)?$")
_SPAN = re.compile(r"^(?P<count>\d{1,4})\s*(?P<unit>s|secs?|seconds?|m|min|mins|minutes?|h|hours?|d|days?|w|weeks?)$")


def due_at(said: str, now: datetime, timezone: str) -> datetime | None:
    """The moment that `said` means (aware, in `timezone`), or None when it is not a date.

    Understands 2026-12-01, today, tomorrow, friday, next friday, next week, end of the month, 30s, 15m, 4h, 3d, 2w, "in 3 days" and
    "in two weeks", each day with an
    optional time ("friday 9:30", "tomorrow at 9am"). Without one a day means 17:00. Seconds, minutes and hours are real time,
    days and weeks are dates; both hold where the clocks are changed in between.
    """
    words = said.casefold().strip().rstrip(".!").split()
    if words and words[0] in ("on", "by", "in"):
        words = words[1:]
    if len(words) > 1:
        words = [NUMBERS.get(words[0], words[0]), *words[1:]]
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
    if words[:2] == ["end", "of"]:
        ended = _end_of(words[2:], today)
        return (ended, []) if ended else (None, words)
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


def _end_of(words: list[str], today: date) -> date | None:
    """The Friday of this week, the last day of this month; None for other words."""
    match [word for word in words if word not in ("the", "this")]:
        case ["week"]:
            return today + timedelta(days=(4 - today.weekday()) % 7)
        case ["month"]:
            return (today.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return None


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


def known_zone(name: str) -> bool:
    """Whether that time zone is one we know."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return False
    return True


def period(said: str, now: datetime, timezone: str) -> tuple[datetime, datetime]:
    """(from, until), in UTC, of "tomorrow 18:00 to 22:00", "friday to sunday", "now to 6am", "2026-12-24 9:00 for 8h".

    A day without a time is the whole day, as an end included. A time alone is the next such time. Raises Refused.
    """
    zone = ZoneInfo(timezone)
    halves = re.split(r"\s+(to|until|till|for)\s+|\s+-\s+|\s*[–—]\s*", said.strip(), maxsplit=1)
    if len(halves) != 3:
        raise Refused(OnCallRefused(problem=OnCallProblem.PERIOD_UNCLEAR))
    first, word, second = halves
    start = _edge(first, now.astimezone(zone), ends=False)
    if start is None:
        raise Refused(OnCallRefused(problem=OnCallProblem.PERIOD_UNCLEAR))
    span = _SPAN.match(second.casefold().strip())
    if word == "for" and span:
        end: datetime | None = start.astimezone(UTC) + timedelta(**{UNITS[span["unit"][0]]: int(span["count"])})
    else:
        end = None if word == "for" else _edge(second, start, ends=True)
    if end is None:
        raise Refused(OnCallRefused(problem=OnCallProblem.PERIOD_UNCLEAR))
    return start.astimezone(UTC), end.astimezone(UTC)


def _edge(said: str, after: datetime, *, ends: bool) -> datetime | None:
    """The moment that begins or ends a period, on the clock of `after`; a time alone is the first one after it."""
    words = said.casefold().strip().split()
    if words and words[0] in ("on", "from", "at"):
        words = words[1:]
    if words == ["now"]:
        return None if ends else after
    alone = _clock(" ".join(words))
    if alone is not None:
        at = datetime.combine(after.date(), alone, tzinfo=after.tzinfo)
        return at if at > after else datetime.combine(after.date() + timedelta(days=1), alone, tzinfo=after.tzinfo)
    # The end of work, which a due date means, is no matter here: a weekday is the next one, today included.
    day, rest = _day(words, datetime.combine(after.date(), time(), tzinfo=after.tzinfo))
    if day is None:
        return None
    rest = rest[1:] if rest[:1] == ["at"] else rest
    clock = _clock(" ".join(rest)) if rest else time()
    if clock is None:
        return None
    return datetime.combine(day + timedelta(days=ends and not rest), clock, tzinfo=after.tzinfo)


_CLOCK_FIRST = re.compile(
    r"^(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?:\s*(?P<half>am|pm))?(?=$|[\s,:–-])[\s,:–-]*", re.I
)
_HOUR_FIRST = re.compile(r"^(?:at\s+)?(?P<hour>\d{1,2})\s*(?P<half>am|pm)(?=$|[\s,:–-])[\s,:–-]*", re.I)
_AGO = re.compile(
    r"^(?P<count>\d{1,4})\s*(?P<unit>m|min|mins|minutes?|h|hours?|d|days?)\s+ago(?=$|[\s,:–-])[\s,:–-]*", re.I
)
_DAY_FIRST = re.compile(r"^(?P<day>today|yesterday|\d{4}-\d{2}-\d{2}|[a-z]{3,9})(?:\s+|t(?=\d)|$)", re.I)
_AGO_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def happened_at(said: str, now: datetime, timezone: str) -> tuple[datetime | None, str]:
    """(the time at the beginning of the text, the text after it); (None, the text) where it begins with none.

    Understands 17:20, 5:20pm, "yesterday 23:10", "monday 9:00", "2026-11-20 23:10" and "20 min ago". A time of day that is
    still to come today was yesterday's. The result is aware, in `timezone`.
    """
    said = said.strip()
    local = now.astimezone(ZoneInfo(timezone))
    if ago := _AGO.match(said):
        span = timedelta(**{_AGO_UNITS[ago["unit"][0].lower()]: int(ago["count"])})
        return local - span, said[ago.end() :]
    named = _DAY_FIRST.match(said)
    day = _day_past(named["day"].casefold(), local) if named else None
    rest = said[named.end() :] if named and day else said
    found = _CLOCK_FIRST.match(rest) or _HOUR_FIRST.match(rest)
    clock = _clock_of(found) if found else None
    if found is None or clock is None:
        return None, said
    moment = datetime.combine(day or local.date(), clock, tzinfo=local.tzinfo)
    if day is None and moment > local:
        moment = datetime.combine(local.date() - timedelta(days=1), clock, tzinfo=local.tzinfo)
    return moment, rest[found.end() :]


def _day_past(said: str, local: datetime) -> date | None:
    """The day that is meant, none of them to come."""
    today = local.date()
    if said in ("today", "yesterday"):
        return today - timedelta(days=said == "yesterday")
    for number, name in enumerate(DAYS):
        if len(said) >= 3 and name.startswith(said):
            return today - timedelta(days=(today.weekday() - number) % 7 or 7)
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return None
    return day if abs(day.year - today.year) <= YEARS else None


def _clock_of(found: re.Match[str]) -> time | None:
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
