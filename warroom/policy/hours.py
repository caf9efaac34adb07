"""Times of day and days of the week, as a rule names them."""

from __future__ import annotations

import re
from datetime import time
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from warroom.people.model import normal
from warroom.policy.mistake import Wrong, did_you_mean, shown
from warroom.value import Value

_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")


class Day(StrEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"

    @property
    def number(self) -> int:
        """1 for Monday to 7 for Sunday."""
        return list(Day).index(self) + 1


class Span(Value):
    """From a time of day up to, not including, another; over midnight when that is the earlier one."""

    start: time
    end: time

    def holds(self, at: time) -> bool:
        """Whether the time lies within. A span whose ends are equal holds the whole day."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


def _span(said: Any) -> Any:
    if isinstance(said, Span):
        return said
    found = _SPAN.fullmatch(said.strip()) if isinstance(said, str) else None
    try:
        if found is None:
            raise ValueError(said)
        first, last = (found[1], found[2]), (found[3], found[4])
        return Span(start=_time(*first), end=_time(*last))
    except ValueError:
        raise Wrong(f"{shown(said)} is no time of day", 'write it in quotes, as in "22:00-06:00"') from None


def _time(hour: str, minute: str) -> time:
    return time(0 if hour == "24" and minute == "00" else int(hour), int(minute))


def _day(said: Any) -> Any:
    found = next((day for day in Day if isinstance(said, str) and normal(said)[:3] == day), None)
    if found is None:
        raise Wrong(f"there is no day {shown(said)}", did_you_mean(str(said)[:20], list(Day)) or "write mon, tue … sun")
    return found


def _many(said: Any) -> Any:
    return said if isinstance(said, list | tuple) else (said,)


_HOURS_SCHEMA = {"type": "string", "description": 'times of day, as in "22:00-06:00"'}
_DAY_SCHEMA = {"type": "string", "enum": list(Day)}


def _time_of_day(said: Any) -> Any:
    found = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*", said) if isinstance(said, str) else None
    try:
        return said if isinstance(said, time) else time(int(found[1]), int(found[2])) if found else _wrong_time(said)
    except ValueError:
        return _wrong_time(said)


def _wrong_time(said: Any) -> Any:
    raise Wrong(f"{shown(said)} is no time of day", 'write it in quotes, as in "09:00"')


TimeOfDay = Annotated[
    time,
    BeforeValidator(_time_of_day),
    PlainSerializer(lambda at: f"{at:%H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "description": 'a time of day, as in "09:00"'}),
]
"""On the workspace's clock."""

Hours = Annotated[
    tuple[Annotated[Span, BeforeValidator(_span), PlainSerializer(str, when_used="json")], ...],
    BeforeValidator(_many),
    WithJsonSchema({"anyOf": [_HOURS_SCHEMA, {"type": "array", "items": _HOURS_SCHEMA}]}),
]
"""One span of the day or several."""
Days = Annotated[
    tuple[Annotated[Day, BeforeValidator(_day)], ...],
    BeforeValidator(_many),
    WithJsonSchema({"anyOf": [_DAY_SCHEMA, {"type": "array", "items": _DAY_SCHEMA}]}),
]
"""One day of the week or several."""
