"""Calendars that keep a schedule: fetched every few minutes with limits of time and size, read beside the event loop, kept in the
database. What could be read last is used for as long as a calendar is away.

The address is a secret and comes from the environment only; it is in no log line and no answer, and no redirect is followed.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import structlog

from bot import clock
from bot.settings import named_secret
from warroom.errors import Rejected, StoreUnavailable, WarroomError
from warroom.oncall import shift_change
from warroom.oncall.model import Calendar, CalendarShift
from warroom.outbox.changes import Changeset
from warroom.ports import World

log = structlog.get_logger(__name__)

EVERY = 300.0
"""Seconds between two reads."""
WITHIN = 20.0
"""Seconds for one answer, from connecting to its last byte."""
SIZE = 5 * 1024 * 1024
"""Bytes of a calendar that are read."""
BEHIND, AHEAD = timedelta(days=92), timedelta(days=400)
"""How much of a calendar is kept."""
MOST = 5000
"""Shifts of one calendar."""
MOST_AT_ONCE, MOST_PEOPLE = 50, 50
"""Shifts that overlap, and people of one shift: every look at the schedule goes through them."""
READ_WITHIN = 30.0
"""Seconds for reading one calendar, once it is here."""

_MAIL = re.compile(r"[^\s<>(),;:\"']+@[^\s<>(),;:\"']+\.[^\s<>(),;:\"']+")
_FOLDED = re.compile(rb"\r?\n[ \t]")
"""How a long line goes on in the next one (RFC 5545, 3.1)."""
_TOO_OFTEN = re.compile(rb"FREQ=(SECONDLY|MINUTELY|HOURLY)|BY(HOUR|MINUTE|SECOND)=[^;:\r\n]*,", re.IGNORECASE)
_NEVER_ENDS = re.compile(rb"INTERVAL=[+-]?0+(?![0-9])", re.IGNORECASE)
"""The library that repeats events looks for the next one for ever."""
_READER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="calendar")
"""A thread cannot be ended: a calendar that takes for ever holds this one, and none that others need."""

Named = Callable[[str], str | None]


async def keep_calendars(world: World, named: Named = named_secret) -> None:
    """Read every calendar every so often, for ever."""
    while True:
        with contextlib.suppress(StoreUnavailable):
            await read_calendars(world, named)
        await clock.sleep(EVERY)


async def read_calendars(world: World, named: Named = named_secret) -> None:
    """Read every calendar of the policy once. Raises StoreUnavailable."""
    for name, schedule in world.policy.schedules.items():
        if schedule.ical is None:
            continue
        now, before = world.clock.now(), await world.store.calendar(name)
        try:
            body = await fetch(schedule.ical, named)
            timezone = schedule.timezone or world.policy.workspace.timezone
            shifts = await read(body, timezone, now)
            after = Calendar(schedule=name, shifts=shifts, read_at=now)
        except Rejected as error:
            log.warning("a calendar could not be read; what is known of it is used", schedule=name, error=str(error))
            after = (before or Calendar(schedule=name)).copy_with(problem=str(error))
        changed = before is None or after.shifts != before.shifts
        timers = (shift_change.timer(name, now),) if changed else ()
        await world.commit(Changeset(now=now, calendars=(after,), timers=timers))


async def fetch(secret: str, named: Named = named_secret) -> bytes:
    """What the calendar says that the environment variable names, as an address or as the path of a file. Raises Rejected, whose
    words never hold the address.
    """
    where = (named(secret) or "").strip()
    if not where:
        raise Rejected(f"the environment variable {secret.removeprefix('env:')} is not set")
    where = re.sub(r"^webcals?://", "https://", where, flags=re.IGNORECASE)
    if re.match(r"https?://", where, re.IGNORECASE):
        return await _over_http(where)
    if re.match(r"[a-z][a-z0-9+.-]+://", where, re.IGNORECASE):
        raise Rejected("its address begins neither with https:// nor with webcal://")
    return await asyncio.to_thread(_from_file, Path(where))


async def _over_http(address: str) -> bytes:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITHIN), trust_env=True) as session,
            session.get(address, allow_redirects=False) as answer,
        ):
            if 300 <= answer.status < 400:
                raise Rejected("its address redirects to another one; use that one")
            if answer.status != 200:
                raise Rejected(f"its server answered with HTTP {answer.status}")
            body = bytearray()
            async for chunk in answer.content.iter_chunked(65536):
                body += chunk
                if len(body) > SIZE:
                    raise Rejected(f"it is larger than {SIZE} bytes")
            return bytes(body)
    except TimeoutError:
        raise Rejected(f"its server did not answer within {WITHIN:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # The words of the error may hold the address.
        raise Rejected(f"its server could not be reached ({type(error).__name__})") from None


def _from_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(SIZE + 1)
    except OSError as error:
        raise Rejected(f"its file could not be read ({error.strerror})") from None
    if len(body) > SIZE:
        raise Rejected(f"it is larger than {SIZE} bytes")
    return body


async def read(body: bytes, timezone: str, now: datetime) -> tuple[CalendarShift, ...]:
    """As `shifts_in`, beside the event loop and within READ_WITHIN. Raises Rejected."""
    try:
        async with asyncio.timeout(READ_WITHIN):
            return await asyncio.get_running_loop().run_in_executor(_READER, shifts_in, body, timezone, now)
    except TimeoutError:
        raise Rejected(f"reading it takes longer than {READ_WITHIN:g} s") from None


def shifts_in(body: bytes, timezone: str, now: datetime) -> tuple[CalendarShift, ...]:
    """The events of an iCalendar file from BEHIND before `now` to AHEAD after it, repeated ones each time, by start. Times without
    a zone, and whole days, are on the clock of `timezone`. Raises Rejected.
    """
    # 100 ms; only what reads a calendar pays for it.
    import icalendar
    import recurring_ical_events

    unfolded = _FOLDED.sub(b"", body)
    if _TOO_OFTEN.search(unfolded):
        raise Rejected("an event in it repeats more than once a day")
    if _NEVER_ENDS.search(unfolded):
        raise Rejected("an event in it repeats with the interval 0")
    zone = ZoneInfo(timezone)
    try:
        calendar = icalendar.Calendar.from_ical(body)
        events = recurring_ical_events.of(calendar, skip_bad_series=True).between(now - BEHIND, now + AHEAD)
        found = [shift for event in events[: MOST + 1] if (shift := _shift(event, zone)) is not None]
    except Rejected:
        raise
    except Exception as error:
        # Of any kind: the text is somebody else's, and what the two libraries raise on a bad one is not said anywhere. A calendar
        # that cannot be read must not end the task that reads them all.
        raise Rejected(f"it is no iCalendar file that can be read ({type(error).__name__})") from error
    if len(events) > MOST:
        raise Rejected(f"it has more than {MOST} shifts")
    found.sort(key=lambda each: (each.start, each.end, each.people))
    if _overlapping(found) > MOST_AT_ONCE:
        raise Rejected(f"more than {MOST_AT_ONCE} shifts in it overlap")
    return tuple(found)


def _shift(event: Any, zone: ZoneInfo) -> CalendarShift | None:
    """None for an event that was cancelled, has no length or names nobody. Raises Rejected, and what the library raises."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or event.start is None or event.end is None:
        return None
    start, end, people = _moment(event.start, zone), _moment(event.end, zone), people_of(event)
    if len(people) > MOST_PEOPLE:
        raise Rejected(f"an event in it names more than {MOST_PEOPLE} people")
    return CalendarShift(start=start, end=end, people=people) if people and start < end else None


def _overlapping(shifts: Sequence[CalendarShift]) -> int:
    """How many there are at the same time, at most."""
    edges = sorted([(each.start, 1) for each in shifts] + [(each.end, -1) for each in shifts])
    return max(accumulate(step for _, step in edges), default=0)


def _moment(at: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        at = datetime.combine(at, time(), zone)
    elif at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    return at.astimezone(UTC)


def people_of(event: Any) -> tuple[str, ...]:
    """Who is on call in an event: the email addresses of its title, else of its attendees, else the names in its title, after a
    colon where there is one ("On call: Ada, Ben").
    """
    title = str(event.get("SUMMARY", ""))
    if mails := _MAIL.findall(title):
        return tuple(dict.fromkeys(mails))
    attendees = event.get("ATTENDEE") or []
    attendees = attendees if isinstance(attendees, list) else [attendees]
    mails = [str(each).removeprefix("mailto:").removeprefix("MAILTO:") for each in attendees]
    if mails := [mail for mail in mails if _MAIL.fullmatch(mail)]:
        return tuple(dict.fromkeys(mails))
    names = (name.strip() for name in title.rpartition(":")[2].split(","))
    return tuple(dict.fromkeys(name for name in names if name))


async def calendar_problems(world: World, named: Named = named_secret) -> list[str]:
    """Why calendars cannot be read now, as sentences. Each is fetched for it; nothing is stored."""
    found = []
    for name, schedule in world.policy.schedules.items():
        if schedule.ical is not None:
            timezone = schedule.timezone or world.policy.workspace.timezone
            try:
                body = await fetch(schedule.ical, named)
                await read(body, timezone, world.clock.now())
            except WarroomError as error:
                found.append(f"Schedule {name}: its calendar ({schedule.ical}) cannot be read: {error}.")
    return found
