"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warroom.durations import LONGEST, format_duration, parse_duration


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        ("1h", timedelta(hours=1)),
        ("2d", timedelta(days=2)),
        ("1H 30 M", timedelta(minutes=90)),
        ("0m", timedelta(0)),
    ],
)
def test_it_is_read_as_it_is_written(said: str, meant: timedelta) -> None:
    assert parse_duration(said) == meant


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("15", "did you mean minutes"),
        (15, "did you mean 15m or 15s"),
        ("", "not a duration"),
        ("soon", "write for example"),
        ("-5m", "not a duration"),
        ("m15", "not a duration"),
        (True, "is not a duration"),
        (None, "is not a duration"),
        ("99999d", "longer than ten years"),
    ],
)
def test_what_is_no_duration_is_told_how_to_write_one(said: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_duration(said)


@given(st.integers(0, int(LONGEST.total_seconds())).map(lambda seconds: timedelta(seconds=seconds)))
def test_every_duration_reads_back_from_its_short_form(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration
