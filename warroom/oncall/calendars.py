"""Schedules that a calendar keeps instead of layers, as the rules take them. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from itertools import pairwise

from pydantic import model_validator

from warroom.oncall.model import CalendarShift
from warroom.policy.schedule import Schedule


class CalendarSchedule(Schedule):
    """A schedule with the shifts of its calendar."""

    shifts: tuple[CalendarShift, ...] = ()

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """See Schedule."""
        return tuple(dict.fromkeys(people for _, _, people in self.pieces if people))

    @cached_property
    def pieces(self) -> tuple[tuple[datetime, datetime, tuple[str, ...]], ...]:
        """(from, until, who), one after another without overlaps: whoever's shifts overlap is on call together."""
        edges = sorted({edge for each in self.shifts for edge in (each.start, each.end)})
        found: list[tuple[datetime, datetime, tuple[str, ...]]] = []
        begun = sorted(self.shifts, key=lambda each: each.start)
        now: list[CalendarShift] = []
        for start, end in pairwise(edges):
            while begun and begun[0].start <= start:
                now.append(begun.pop(0))
            now = [each for each in now if each.end > start]
            people = tuple(dict.fromkeys(name for each in now for name in each.people))
            found.append((start, end, people))
        return tuple(found)

    @model_validator(mode="after")
    def _is_of_a_calendar(self) -> CalendarSchedule:
        if self.ical is None:
            raise ValueError("layers and a calendar contradict each other")
        return self


class CalendarTurns:
    """The shifts of a calendar as the one layer of its schedule: `warroom.oncall.rules.Applying`."""

    def __init__(self, schedule: CalendarSchedule) -> None:
        self._pieces = schedule.pieces
        self._starts = [start for start, _, _ in self._pieces]

    def turn_at(self, at: datetime) -> int:
        """The index of the piece that began last; -1 before the first."""
        return bisect_right(self._starts, at) - 1

    def people(self, turn: int) -> tuple[str, ...]:
        """Who is on call in that piece."""
        return self._pieces[turn][2] if turn >= 0 else ()

    def applies(self, at: datetime) -> bool:
        """Whether anybody is on call then."""
        turn = self.turn_at(at)
        return turn >= 0 and at < self._pieces[turn][1] and bool(self._pieces[turn][2])

    def edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Every moment between at which somebody else may be on call."""
        for begins, ends, _ in self._pieces[max(0, self.turn_at(start)) :]:
            if begins >= end:
                return
            yield from (edge for edge in (begins, ends) if start < edge < end)
