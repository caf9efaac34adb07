"""Who is on call: layers and overrides to people, at a moment and over a time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from warroom.oncall.calendars import CalendarSchedule, CalendarTurns
from warroom.oncall.model import Override, Shift
from warroom.oncall.turns import Turns, turns_of
from warroom.policy.schedule import Schedule

HORIZONS = (timedelta(days=8), timedelta(days=65), timedelta(days=400))
"""So far ahead the next in turn are looked for, one after another: most schedules change within a week."""


def on_call(schedule: Schedule, overrides: Iterable[Override], at: datetime) -> tuple[str, ...]:
    """Names of whoever is on call then, as the policy writes them; mentions of those who took an override. `at` is aware."""
    people = _by_layers(_turns(schedule), at)[1]
    return _overridden(people, _in_order(overrides), at)[0]


def shifts(schedule: Schedule, overrides: Iterable[Override], start: datetime, end: datetime) -> list[Shift]:
    """Who is on call from `start` up to `end`, in order. The first begins at `start` at the earliest, the last ends at `end` at
    the latest. While nobody is on call there is no shift.
    """
    return [shift for shift in covered(schedule, overrides, start, end) if shift.people]


def gaps(schedule: Schedule, overrides: Iterable[Override], start: datetime, end: datetime) -> list[Shift]:
    """When nobody is on call between `start` and `end`, in order."""
    return [shift for shift in covered(schedule, overrides, start, end) if not shift.people]


def covered(schedule: Schedule, overrides: Iterable[Override], start: datetime, end: datetime) -> list[Shift]:
    """The whole time from `start` to `end` as shifts, those without people included."""
    found: list[Shift] = []
    layers, ordered = _turns(schedule), _in_order(overrides)
    for begins, ends in pairwise(_edges(layers, ordered, start, end)):
        people, by = _overridden(_by_layers(layers, begins)[1], ordered, begins)
        if found and found[-1].people == people and found[-1].overrides == by:
            found[-1] = found[-1].model_copy(update={"end": ends})
        else:
            found.append(Shift(start=begins, end=ends, people=people, overrides=by))
    return found


def shift_at(schedule: Schedule, overrides: Sequence[Override], at: datetime) -> Shift:
    """The shift at that moment, from `at` to its end; at most a year is looked ahead. Without people in a gap."""
    found = Shift(start=at, end=at, people=())
    for horizon in HORIZONS:
        first, *later = covered(schedule, overrides, at, at + horizon)
        found = first
        if later:
            break
    return found


def following(schedule: Schedule, overrides: Sequence[Override], at: datetime, limit: int) -> list[Shift]:
    """The first shifts of others than who is on call at that moment, in order: of each group of people its first one. At most
    `limit`, and within the next year.
    """
    now = on_call(schedule, overrides, at)
    turns = {*schedule.groups} - {now}
    # Nobody else comes: there is no need to look through a year for them. Overrides make groups that are in no layer.
    limit = limit if overrides else min(limit, len(turns))
    found: dict[tuple[str, ...], Shift] = {}
    for horizon in HORIZONS:
        found = {}
        for shift in shifts(schedule, overrides, at, at + horizon):
            if shift.people != now:
                found.setdefault(shift.people, shift)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def unused_layers(schedule: Schedule, start: datetime, end: datetime) -> list[int]:
    """Indices of the layers that never say who is on call between `start` and `end`, because of later ones or by themselves."""
    layers = _turns(schedule)
    used = {_by_layers(layers, begins)[0] for begins, _ in pairwise(_edges(layers, (), start, end))}
    return [index for index in range(len(layers)) if index not in used]


Applying = Turns | CalendarTurns


def _turns(schedule: Schedule) -> Sequence[Applying]:
    if isinstance(schedule, CalendarSchedule):
        return [CalendarTurns(schedule)]
    zone = schedule.timezone or "UTC"
    return [turns_of(layer, zone) for layer in schedule.layers]


def _by_layers(layers: Sequence[Applying], at: datetime) -> tuple[int | None, tuple[str, ...]]:
    """(index of the layer that decides, its people); later layers win."""
    for index in range(len(layers) - 1, -1, -1):
        if layers[index].applies(at):
            return index, layers[index].people(layers[index].turn_at(at))
    return None, ()


def _in_order(overrides: Iterable[Override]) -> list[Override]:
    return sorted(overrides, key=lambda each: (each.made_at, each.id))


def _overridden(
    people: tuple[str, ...], overrides: Sequence[Override], at: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(who is on call, ids of the overrides by which it is so). The later made one holds."""
    by: tuple[str, ...] = ()
    for each in overrides:
        if not each.holds(at) or each.name is None:
            continue
        if each.instead_of is None:
            people, by = (each.name,), (each.id,)
        elif each.instead_of in people:
            replaced = (each.name if name == each.instead_of else name for name in people)
            people, by = tuple(dict.fromkeys(replaced)), (*by, each.id)
    return people, by


def _edges(
    layers: Sequence[Applying], overrides: Iterable[Override], start: datetime, end: datetime
) -> Iterator[datetime]:
    """`start`, every moment between at which something may change, and `end`, in order; nothing for an empty time."""
    if start >= end:
        return
    edges = {edge for layer in layers for edge in layer.edges(start, end)}
    edges |= {edge for each in overrides for edge in (each.start, each.end) if start < edge < end}
    yield start
    yield from sorted(edges)
    yield end
