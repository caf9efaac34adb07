"""Durations as people write them: 30s, 15m, 1h, 2d, 1h30m."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

LONGEST = timedelta(days=3650)
PATTERN = r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"
"""For JSON Schema; what `parse_duration` takes in its canonical spelling."""

_GRAMMAR = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def parse_duration(said: object) -> timedelta:
    """The duration meant by text such as "90m" or "1h30m"; a timedelta is returned as it is.

    Raises ValueError with words that teach.
    """
    if isinstance(said, timedelta):
        return said
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        raise ValueError("is not a duration; write for example 30s, 15m, 1h or 2d")
    if not isinstance(said, str):
        raise ValueError(f"is a number without a unit; did you mean {said}m or {said}s?")
    text = re.sub(r"\s+", "", said).casefold()
    found = _GRAMMAR.fullmatch(text)
    if found is None or not text:
        unit = "; it has no unit, did you mean minutes, as in 15m?" if re.fullmatch(r"[0-9]+", text) else ""
        raise ValueError(f"“{said[:40]}” is not a duration{unit or '; write for example 30s, 15m, 1h, 1h30m or 2d'}")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = days * 86_400 + hours * 3_600 + minutes * 60 + seconds
    if total > LONGEST.total_seconds():
        raise ValueError(f"“{said[:40]}” is longer than ten years")
    return timedelta(seconds=total)


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back, to the second: "2d", "1h30m", "0s"."""
    left = round(duration.total_seconds())
    if left < 0:
        raise ValueError("a negative duration has no short form")
    text = ""
    for unit, size in _SECONDS.items():
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _positive(duration: timedelta) -> timedelta:
    if duration <= timedelta(0):
        raise ValueError("must be longer than zero")
    return duration


def _not_negative(duration: timedelta) -> timedelta:
    if duration < timedelta(0):
        raise ValueError("must not be negative")
    return duration


_AS_TEXT = PlainSerializer(format_duration, return_type=str)
_SCHEMA = WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["30s", "15m", "1h30m", "2d"]})

Delay = Annotated[timedelta, BeforeValidator(parse_duration), AfterValidator(_not_negative), _AS_TEXT, _SCHEMA]
"""A timedelta in memory, short text in files; zero is allowed."""
Duration = Annotated[timedelta, BeforeValidator(parse_duration), AfterValidator(_positive), _AS_TEXT, _SCHEMA]
"""A timedelta in memory, short text in files; longer than zero."""
