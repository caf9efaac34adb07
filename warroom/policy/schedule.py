"""Schedules as the policy file has them: layers of people who take turns. `warroom.oncall` says who is on call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from warroom.people.model import normal
from warroom.policy.hours import Day, Days, Hours
from warroom.policy.kinds import SecretName, Text, Texts, TimeZone
from warroom.policy.mistake import Wrong, did_you_mean, shown
from warroom.value import Value

LONGEST_TURN = {"h": 24 * 366, "d": 366, "w": 53, "mo": 12}
"""A turn is at most about a year."""
AHEAD = 50
"""Nobody asks for who comes after so many others."""

_EVERY = re.compile(r"(\d{1,5})\s*(h|hours?|d|days?|w|weeks?|mo|months?)", re.IGNORECASE)
_HANDOFF = re.compile(r"(?:(?P<day>[^\W\d_]+|\d{1,2})\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})")
_REFERENCE = re.compile(r"schedule:(?P<name>.*\S)", re.IGNORECASE)
_NEXT = re.compile(r"(?P<name>.*\S)\s*\+\s*(?P<ahead>\d{1,3})")


class Unit(StrEnum):
    """What turns are counted in, all on the clock and calendar of the schedule's time zone."""

    HOURS = "h"
    DAYS = "d"
    WEEKS = "w"
    MONTHS = "mo"


class Every(Value):
    """How long a turn lasts."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


class Handoff(Value):
    """When one turn ends and the next begins: a time of day; of a week also its day, of a month also the day of the month."""

    at: time
    weekday: Day | None = None
    monthday: int | None = None
    """1 to 31; in a shorter month its last day."""

    def __str__(self) -> str:
        day = self.weekday or self.monthday
        return f"{f'{day} ' if day else ''}{self.at:%H:%M}"


def _every(said: Any) -> Any:
    if isinstance(said, Every):
        return said
    hint = "write for example 12h, 1d, 1w or 1mo"
    found = _EVERY.fullmatch(said.strip()) if isinstance(said, str) else None
    if found is None:
        minutes = isinstance(said, str) and re.fullmatch(r"\d+\s*m", said.strip())
        hint = f"m are minutes; did you mean {said.strip()}o?" if minutes else hint
        raise Wrong(f"{shown(said)} is no length of a turn", hint)
    word = found[2].casefold()
    count, unit = int(found[1]), Unit.MONTHS if word.startswith("mo") else Unit(word[0])
    if not 1 <= count <= LONGEST_TURN[unit]:
        raise Wrong(f"a turn of {shown(said)} is {'longer than a year' if count else 'no time at all'}", hint)
    return Every(count=count, unit=unit)


def _handoff(said: Any) -> Any:
    if isinstance(said, Handoff):
        return said
    found = _HANDOFF.fullmatch(said.strip()) if isinstance(said, str) else None
    hint = 'write it in quotes, as in "mon 09:00", "09:00" or, for months, "1 09:00"'
    try:
        if found is None:
            raise ValueError(said)
        at = time(int(found["hour"]), int(found["minute"]))
        day = found["day"]
        if day is None:
            return Handoff(at=at)
        if not day.isdecimal():
            weekday = next((each for each in Day if normal(day)[:3] == each), None)
            if weekday is None:
                raise Wrong(
                    f"there is no day {shown(day)}", did_you_mean(day[:20], list(Day)) or "write mon, tue … sun"
                )
            return Handoff(at=at, weekday=weekday)
        if not 1 <= int(day) <= 31:
            raise ValueError(said)
        return Handoff(at=at, monthday=int(day))
    except Wrong:
        raise
    except ValueError:
        raise Wrong(f"{shown(said)} is no time for a hand-over", hint) from None


def _date(said: Any) -> Any:
    """YAML reads 2026-01-05 as a date, and with a time behind it as a moment."""
    if isinstance(said, datetime):
        raise Wrong("is a date without a time", 'the time of day is that of handoff: "09:00"')
    if isinstance(said, date):
        return said
    try:
        return date.fromisoformat(said.strip())
    except (AttributeError, ValueError):
        raise Wrong(f"{shown(said)} is no date", "write it as in 2026-01-31") from None


def _entries(said: Any) -> Any:
    return (said,) if isinstance(said, str) else said


_TEXT_SCHEMA = {"type": "string", "minLength": 1}
_ENTRY_SCHEMA = {"anyOf": [_TEXT_SCHEMA, {"type": "array", "minItems": 1, "items": _TEXT_SCHEMA}]}

Turn = Annotated[Texts, Field(min_length=1)]
"""Who has one turn together: usually one person."""
Turns = Annotated[
    tuple[Turn, ...],
    BeforeValidator(_entries),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_TEXT_SCHEMA, {"type": "array", "minItems": 1, "items": _ENTRY_SCHEMA}]}),
]
Date = Annotated[date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]


class Layer(Value):
    """People who take turns, always or in some hours of some days."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    people: Turns
    """In the order of their turns; a list within the list is several people who are on call together."""
    every: Annotated[
        Every,
        BeforeValidator(_every),
        PlainSerializer(str, when_used="json"),
        WithJsonSchema({"type": "string", "pattern": r"^\d+(h|d|w|mo)$", "examples": ["12h", "1d", "1w", "1mo"]}),
    ] = Every(count=1, unit=Unit.WEEKS)
    handoff: (
        Annotated[
            Handoff,
            BeforeValidator(_handoff),
            PlainSerializer(str, when_used="json"),
            WithJsonSchema({"type": "string", "examples": ["mon 09:00", "09:00", "1 09:00"]}),
        ]
        | None
    ) = None
    """None: when the hours begin, else midnight; of a week on Monday, of a month on the first."""
    from_: Date | None = Field(default=None, alias="from")
    """The first turn begins on that date at the time of the hand-over. None: always, counted from START."""
    until: Date | None = None
    """The layer ends on that date at the time of the hand-over."""
    hours: Hours = ()
    """Only in these hours; a span over midnight belongs to the day on which it begins."""
    days: Days = ()
    """Only on these days."""

    @model_validator(mode="after")
    def _fits(self) -> Layer:
        said = self.handoff
        if said and said.weekday and self.every.unit is not Unit.WEEKS:
            raise Wrong(f"a turn of {self.every} is not handed over on one day of the week", f'write "{said.at:%H:%M}"')
        if said and said.monthday and self.every.unit is not Unit.MONTHS:
            raise Wrong(
                f"a turn of {self.every} is not handed over on one day of the month", f'write "{said.at:%H:%M}"'
            )
        if self.from_ and self.until and self.until <= self.from_:
            raise Wrong(f"ends on {self.until}, before it begins", "give until a later date than from")
        return self

    @property
    def handed_over(self) -> Handoff:
        """When turns change, with what `handoff` leaves out."""
        said = self.handoff or Handoff(at=self.hours[0].start if self.hours else time(0))
        if self.every.unit is Unit.WEEKS and said.weekday is None:
            return said.copy_with(weekday=Day.MON)
        if self.every.unit is Unit.MONTHS and said.monthday is None:
            return said.copy_with(monthday=1)
        return said


class Schedule(Value):
    """Who is on call, when. Later layers win where they apply."""

    timezone: TimeZone | None = None
    """None: as the workspace says."""
    layers: tuple[Layer, ...] = ()
    """Empty only where `ical` says who is on call."""
    ical: SecretName | None = None
    """Instead of layers: the environment variable that holds the address of a calendar, or the path of its file."""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = None
    """Whose holidays count in reports: "DE", or of a part "DE-BY"."""
    announce: Text | None = None
    """The channel that hears who takes over, and in which cover is looked for. None: nobody hears of the one, and everybody of
    the schedule is asked directly for the other.
    """
    user_group: Text | None = None
    """The user group that is kept equal to who is on call, by its handle or id."""

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Who has turns together, by name, in the order in which the schedule says them."""
        return tuple(dict.fromkeys(turn for layer in self.layers for turn in layer.people))

    @model_validator(mode="after")
    def _says_who(self) -> Schedule:
        if not self.layers and self.ical is None:
            raise Wrong("says nothing of who is on call", "add layers: [{people: [...]}], or ical: env:NAME")
        if self.layers and self.ical is not None:
            raise Wrong("has layers and ical, and they would contradict each other", "keep one of the two")
        return self


class Reference(Value):
    """A schedule that a name means: "schedule:platform", or with "+1" whoever is next in turn."""

    schedule: str
    ahead: int = 0


def reference(said: str, known: Iterable[str]) -> Reference | None:
    """What a name that begins with "schedule:" means; None for other names. The schedule need not be one of the known."""
    found = _REFERENCE.fullmatch(said.strip())
    if found is None:
        return None
    keys = {normal(key): key for key in known}
    name = found["name"].strip()
    if normal(name) not in keys and (ahead := _NEXT.fullmatch(name)):
        name = ahead["name"]
        return Reference(schedule=keys.get(normal(name), name), ahead=min(int(ahead["ahead"]), AHEAD))
    return Reference(schedule=keys.get(normal(name), name))
