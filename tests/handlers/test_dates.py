"""When an action item is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.dates import due_at

WEDNESDAY = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
"""10:30 in Berlin."""


@pytest.mark.parametrize(
    ("said", "local"),
    [
        ("2026-12-01", "2026-12-01T17:00"),
        ("2026-12-01 14:30", "2026-12-01T14:30"),
        ("2026-12-01T14:30", "2026-12-01T14:30"),
        ("today", "2026-11-25T17:00"),
        ("Tomorrow", "2026-11-26T17:00"),
        ("tomorrow at 9am", "2026-11-26T09:00"),
        ("tomorrow 9:15", "2026-11-26T09:15"),
        ("friday", "2026-11-27T17:00"),
        ("on fri 12pm", "2026-11-27T12:00"),
        ("wednesday", "2026-11-25T17:00"),
        ("next wednesday", "2026-12-02T17:00"),
        ("next week", "2026-12-02T17:00"),
        ("monday.", "2026-11-30T17:00"),
        ("3d", "2026-11-28T17:00"),
        ("in 3 days", "2026-11-28T17:00"),
        ("2 weeks", "2026-12-09T17:00"),
        ("in two weeks", "2026-12-09T17:00"),
        ("in a week", "2026-12-02T17:00"),
        ("in an hour", "2026-11-25T11:30"),
        ("end of week", "2026-11-27T17:00"),
        ("by end of the month", "2026-11-30T17:00"),
        ("4h", "2026-11-25T14:30"),
        ("in 30 min", "2026-11-25T11:00"),
        ("90s", "2026-11-25T10:31"),
    ],
)
def test_a_date_is_understood_where_the_people_are(said: str, local: str) -> None:
    found = due_at(said, WEDNESDAY, "Europe/Berlin")
    assert found is not None
    assert found.isoformat(timespec="minutes").startswith(local)
    assert found.utcoffset() is not None


@pytest.mark.parametrize(
    "said",
    ["", "to", "to load", "2026-13-01", "25:00", "tomorrow 9", "friday 99:99", "9999-12-31", "0001-01-01", "next"],
)
def test_what_is_not_a_date_is_none(said: str) -> None:
    assert due_at(said, WEDNESDAY, "Europe/Berlin") is None


SWITCHES = [
    ("Europe/Berlin", datetime(2027, 3, 28, 0, 30, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 3, 14, 6, 30, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 15, tzinfo=UTC)),
]
"""Half an hour or less before the clocks are changed."""


@pytest.mark.parametrize(("zone", "now"), SWITCHES)
def test_hours_are_real_time_over_both_changes_of_the_clock(zone: str, now: datetime) -> None:
    for said, minutes in (("90m", 90), ("24h", 24 * 60), ("5400s", 90), ("in 3 hours", 180)):
        found = due_at(said, now, zone)
        assert found is not None
        assert found.astimezone(UTC) - now == timedelta(minutes=minutes)


@pytest.mark.parametrize(("zone", "now"), SWITCHES)
def test_a_date_is_what_the_clock_on_the_wall_shows(zone: str, now: datetime) -> None:
    for said, clock, days in (("tomorrow 9:00", "09:00", 1), ("2d", "17:00", 2), ("1w", "17:00", 7)):
        found = due_at(said, now, zone)
        assert found is not None
        assert found.strftime("%H:%M") == found.astimezone(UTC).astimezone(ZoneInfo(zone)).strftime("%H:%M") == clock
        assert (found.date() - now.astimezone(ZoneInfo(zone)).date()).days == days


def test_a_time_that_the_clocks_skip_is_the_one_they_show_instead() -> None:
    assert (
        str(due_at("tomorrow 2:30", datetime(2027, 3, 27, 12, tzinfo=UTC), "Europe/Berlin"))
        == "2027-03-28 03:30:00+02:00"
    )


def test_after_work_today_means_until_midnight_and_its_weekday_means_the_next() -> None:
    evening = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
    assert str(due_at("today", evening, "UTC")) == "2026-11-25 23:59:00+00:00"
    assert str(due_at("wed", evening, "UTC")) == "2026-12-02 17:00:00+00:00"


def test_five_in_the_afternoon_stays_five_across_the_change_of_the_clocks() -> None:
    before_the_change = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)
    found = due_at("monday", before_the_change, "Europe/Berlin")
    assert found is not None
    assert found.astimezone(UTC).isoformat() == "2026-10-26T16:00:00+00:00"


@given(st.text(max_size=30) | st.from_regex(r"(next )?[a-z0-9:-]{0,12}( at)? ?[0-9:apm]{0,6}", fullmatch=True))
def test_anything_is_a_date_or_not(said: str) -> None:
    found = due_at(said, WEDNESDAY, "Pacific/Kiritimati")
    assert found is None or found.astimezone(UTC).year < 2300
