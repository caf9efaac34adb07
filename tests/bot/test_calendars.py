"""Schedules that a calendar keeps: what is read of it, what is not, and what holds while it is away."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.runtime import calendars
from bot.runtime.calendars import calendar_problems, fetch, read_calendars, shifts_in
from storage import Database
from tests.clock import ManualClock
from tests.handlers.conftest import OneMessage
from tests.people import StoredPeople
from tests.stores import fresh_store
from warroom.errors import Rejected
from warroom.oncall import rules
from warroom.oncall.schedules import schedule_now
from warroom.oncall.usecases import overview
from warroom.policy import Policy, check
from warroom.ports import World

NOW = datetime(2026, 3, 23, 12, 0, tzinfo=UTC)

ROTATION = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tests//EN
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:week
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20260316T090000
DTEND;TZID=Europe/Berlin:20260323T090000
RRULE:FREQ=WEEKLY;COUNT=4
EXDATE;TZID=Europe/Berlin:20260330T090000
SUMMARY:On call
ATTENDEE;CN=Ada:mailto:ada@example.com
END:VEVENT
BEGIN:VEVENT
UID:week
DTSTAMP:20260101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20260323T090000
DTSTART;TZID=Europe/Berlin:20260323T100000
DTEND;TZID=Europe/Berlin:20260330T090000
SUMMARY:On call: ben@example.com (for Ada)
END:VEVENT
BEGIN:VEVENT
UID:holiday
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20260401
DTEND;VALUE=DATE:20260402
SUMMARY:On call: Grace Hopper, Linus
END:VEVENT
BEGIN:VEVENT
UID:off
DTSTAMP:20260101T000000Z
DTSTART:20260402T000000Z
DTEND:20260403T000000Z
STATUS:CANCELLED
SUMMARY:Nobody
END:VEVENT
END:VCALENDAR
"""


def calendar_of(shifts: int) -> str:
    """One with so many shifts at the same time."""
    event = "BEGIN:VEVENT\nUID:{}\nDTSTAMP:20260101T000000Z\nDTSTART:20260401T000000Z\nDTEND:20260402T000000Z\nSUMMARY:Ada {}\nEND:VEVENT\n"
    events = "".join(event.format(n, n) for n in range(shifts))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//tests//EN\n{events}END:VCALENDAR\n"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_repeated_events_exceptions_moved_ones_and_whole_days() -> None:
    found = shifts_in(ROTATION.replace("\n", "\r\n").encode(), "Europe/Berlin", NOW)
    assert [(each.start, each.end, each.people) for each in found] == [
        (at("2026-03-16T08:00"), at("2026-03-23T08:00"), ("ada@example.com",)),
        (at("2026-03-23T09:00"), at("2026-03-30T07:00"), ("ben@example.com",)),  # the clock is put forward
        (at("2026-03-31T22:00"), at("2026-04-01T22:00"), ("Grace Hopper", "Linus")),
        (at("2026-04-06T07:00"), at("2026-04-13T07:00"), ("ada@example.com",)),
    ]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<html>Sign in</html>", "no iCalendar file"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", "no iCalendar file"),
        (ROTATION.replace("FREQ=WEEKLY;COUNT=4", "FREQ=SECONDLY"), "more than once a day"),
        (ROTATION.replace("FREQ=WEEKLY;COUNT=4", "FREQ=HOU\n RLY"), "more than once a day"),
        (ROTATION.replace("FREQ=WEEKLY;COUNT=4", "FREQ=DAILY;BYHOUR=1,2;COUNT=4"), "more than once a day"),
        (ROTATION.replace("FREQ=WEEKLY;COUNT=4", "FREQ=DAILY;INTERVAL=0"), "interval 0"),
        (ROTATION.replace("Grace Hopper, Linus", ",".join(f"P{n}" for n in range(51))), "more than 50 people"),
        (calendar_of(51), "more than 50 shifts in it overlap"),
    ],
)
def test_what_cannot_be_used_is_refused(body: str, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        shifts_in(body.encode(), "UTC", NOW)


def test_as_many_shifts_as_are_allowed_may_overlap() -> None:
    assert len(shifts_in(calendar_of(50).encode(), "UTC", NOW)) == 50


def test_whatever_the_libraries_raise_it_is_a_calendar_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr("recurring_ical_events.of", fails)
    with pytest.raises(Rejected, match=r"no iCalendar file that can be read \(RecursionError\)"):
        shifts_in(ROTATION.encode(), "UTC", NOW)


async def test_reading_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(calendars, "READ_WITHIN", 0.01)
    monkeypatch.setattr(calendars, "shifts_in", lambda *_: over.wait(30))
    try:
        with pytest.raises(Rejected, match=r"takes longer than 0\.01 s"):
            await calendars.read(b"", "UTC", NOW)
    finally:
        over.set()


@pytest.fixture
def policy() -> Policy:
    checked = check({"schedules": {"mobile": {"ical": "env:MOBILE_ICAL", "timezone": "Europe/Berlin"}}})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest.fixture
async def store() -> AsyncIterator[Database]:
    async with fresh_store() as found:
        yield found


async def test_the_last_good_state_holds_while_it_is_away_and_that_is_said(
    store: Database, policy: Policy, tmp_path: Path
) -> None:
    clock, file = ManualClock(), tmp_path / "mobile.ics"
    clock.time = NOW
    world = World(store, StoredPeople(store), policy, clock, OneMessage(), lambda: None)
    named = {"env:MOBILE_ICAL": str(file)}.get
    file.write_text(ROTATION)
    await read_calendars(world, named)
    assert [claim.timer for claim in await store.claim(now=NOW, limit=9, lease=timedelta(minutes=1))] == [
        "shift:mobile"
    ]
    schedule = await schedule_now(store, policy, "mobile")
    assert schedule is not None
    assert rules.on_call(schedule, (), NOW) == ("ben@example.com",)
    assert rules.on_call(schedule, (), at("2026-04-01T12:00")) == ("Grace Hopper", "Linus")
    assert [gap.start for gap in rules.gaps(schedule, (), NOW, at("2026-04-07T00:00"))] == [
        at("2026-03-30T07:00"),
        at("2026-04-01T22:00"),
    ]
    file.unlink()
    clock.advance(3600)
    await read_calendars(world, named)
    calendar = await store.calendar("mobile")
    assert calendar is not None
    assert (calendar.read_at, "could not be read" in calendar.problem) == (NOW, True)
    (shown,) = await overview(world, ["mobile"])
    assert shown.shift.people == ("ben@example.com",)
    assert shown.calendar == calendar
    assert await calendar_problems(world, named) == [
        "Schedule mobile: its calendar (env:MOBILE_ICAL) cannot be read: its file could not be read (No such file or directory)."
    ]
    file.write_text(ROTATION.replace("ben@", "grace@"))
    await read_calendars(world, named)
    (shown,) = await overview(world, ["mobile"])
    assert (shown.shift.people, shown.calendar and shown.calendar.problem) == (("grace@example.com",), "")


async def test_it_is_fetched_with_limits_and_its_address_is_never_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        match request.match_info["what"]:
            case "good":
                return web.Response(text=ROTATION)
            case "large":
                return web.Response(body=b"x" * 2000)
            case "moved":
                raise web.HTTPFound("/good?key=hidden")
        raise web.HTTPNotFound

    monkeypatch.setattr(calendars, "SIZE", 1500)
    app = web.Application()
    app.router.add_get("/{what}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        assert await fetch("env:X", {"env:X": f"{base}/good"}.get) == ROTATION.encode()
        for where, why in {
            f"{base}/large?key=hidden": "larger than 1500 bytes",
            f"{base}/moved?key=hidden": "redirects",
            f"{base}/lost?key=hidden": "HTTP 404",
            "http://127.0.0.1:1/?key=hidden": "could not be reached",
            "gopher://example.com/?key=hidden": "begins neither",
            " ": "X is not set",
        }.items():
            with pytest.raises(Rejected, match=why) as refused:
                await fetch("env:X", {"env:X": where}.get)
            assert "hidden" not in str(refused.value)
    finally:
        await runner.cleanup()
