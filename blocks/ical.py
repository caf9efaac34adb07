"""A calendar of shifts as iCalendar text (RFC 5545), as the calendars of Google, Apple and Microsoft read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from warroom.oncall.feeds import Feed, FeedShift
from warroom.text import clean, cut

READ_EVERY = "PT1H"
"""How often a calendar is asked to read it again; some do so less often."""
LINE = 75
"""Octets of a line; what is longer is folded (RFC 5545, 3.1)."""


def calendar_text(feed: Feed, now: datetime) -> str:
    """The whole file. Times are UTC, so that no reader has to know when clocks are changed."""
    title = f"On call: {feed.schedule}" if feed.schedule is not None else f"On call: {feed.person}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Warroom//On call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(title)}",
        f"X-WR-CALNAME:{_text(title)}",
        f"X-WR-TIMEZONE:{_text(feed.timezone)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{READ_EVERY}",
        f"X-PUBLISHED-TTL:{READ_EVERY}",
    ]
    for shift in feed.shifts:
        lines += _event(shift, now, mine=feed.schedule is None)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(shift: FeedShift, now: datetime, *, mine: bool) -> Iterator[str]:
    who = f"On call: {shift.schedule}" if mine else f"{', '.join(shift.people)}: on call in {shift.schedule}"
    if shift.covers:
        who += f" (cover for {', '.join(shift.covers)})"
    yield "BEGIN:VEVENT"
    yield f"UID:{shift.uid}"
    yield f"DTSTAMP:{_moment(now)}"
    yield f"DTSTART:{_moment(shift.start)}"
    yield f"DTEND:{_moment(shift.end)}"
    yield f"SUMMARY:{_text(who)}"
    others = list(shift.people) if mine and len(shift.people) > 1 else []
    if others:
        yield f"DESCRIPTION:{_text('Together: ' + ', '.join(others))}"
    # Whoever is on call is not busy: meetings can be made.
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _moment(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _text(said: str) -> str:
    """A value of type TEXT (RFC 5545, 3.3.11)."""
    said = cut(clean(said), 500)
    return said.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most LINE octets, none of which ends within a character."""
    if len(line.encode()) <= LINE:
        yield line  # nearly every one: a year of shifts is some thousand lines
        return
    piece, long = "", 0
    for char in line:
        size = len(char.encode())
        if long + size > LINE:
            yield piece
            piece, long = " ", 1
        piece, long = piece + char, long + size
    yield piece
