"""When something happened, and when the next update comes, in the words people use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from handlers.dates import happened_at, moment_ahead, moment_in

NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)  # a Saturday, 18:00 in Berlin


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day, hour, minute


@pytest.mark.parametrize(
    ("said", "moment", "rest"),
    [
        ("17:20 deployed 1.4.2", at(2026, 11, 21, 16, 20), "deployed 1.4.2"),
        ("at 17:20, deployed", at(2026, 11, 21, 16, 20), "deployed"),
        ("17:20: deployed", at(2026, 11, 21, 16, 20), "deployed"),
        ("yesterday 23:10 deployed", at(2026, 11, 20, 22, 10), "deployed"),
        ("23:10 deployed", at(2026, 11, 20, 22, 10), "deployed"),
        ("5:20pm deployed", at(2026, 11, 21, 16, 20), "deployed"),
        ("5 pm deployed", at(2026, 11, 21, 16, 0), "deployed"),
        ("friday 9:00 deployed", at(2026, 11, 20, 8, 0), "deployed"),
        ("saturday 9:00 deployed", at(2026, 11, 14, 8, 0), "deployed"),
        ("2026-11-19 08:05 deployed", at(2026, 11, 19, 7, 5), "deployed"),
        ("20 min ago deployed", at(2026, 11, 21, 16, 40), "deployed"),
        ("2h ago deployed", at(2026, 11, 21, 15, 0), "deployed"),
        ("500 errors a second", None, "500 errors a second"),
        ("monday people will ask", None, "monday people will ask"),
        ("25:99 is no time", None, "25:99 is no time"),
        ("5 servers died", None, "5 servers died"),
    ],
)
def test_when_it_happened(said: str, moment: datetime | None, rest: str) -> None:
    assert happened_at(said, NOW, "Europe/Berlin") == (moment, rest)


@pytest.mark.parametrize("said", ["soon", "17:20 or so", "tomorrow 9:00", ""])
def test_what_is_no_time_that_has_passed(said: str) -> None:
    assert moment_in(said, NOW, "Europe/Berlin") is None


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("in 30 min", NOW + timedelta(minutes=30)),
        ("30m", NOW + timedelta(minutes=30)),
        ("18:40", at(2026, 11, 21, 17, 40)),
        ("at 18:40", at(2026, 11, 21, 17, 40)),
        ("9:00", at(2026, 11, 22, 8, 0)),
        ("monday 9:30", at(2026, 11, 23, 8, 30)),
        ("someday", None),
    ],
)
def test_when_the_next_one_comes(said: str, moment: datetime | None) -> None:
    assert moment_ahead(said, NOW, "Europe/Berlin") == moment


@pytest.mark.parametrize(
    "said", ["0001-01-01 00:10 it began", "9999-12-31 23:50 it will end", "1900-01-01 9:00 long ago"]
)
def test_a_year_that_nobody_means_is_no_time(said: str) -> None:
    assert happened_at(said, NOW, "Asia/Tokyo") == (None, said)
