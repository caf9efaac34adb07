"""What one person has to do with schedules: on call now, shifts to come, cover that is asked of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from warroom.oncall import rules
from warroom.oncall.model import Override, OverrideState
from warroom.oncall.names import NamesLookedUp
from warroom.oncall.schedules import schedule_now
from warroom.people.model import Directory
from warroom.policy import Policy
from warroom.policy.schedule import Schedule
from warroom.stores import OnCall
from warroom.value import Value

COMING = timedelta(days=65)
"""So far ahead somebody's shifts are looked for."""
SHOWN = 3
"""Shifts to come."""


class OwnShift(Value):
    """A shift of one person, as long as they are on call without a break, whoever else is."""

    schedule: str
    timezone: str
    start: datetime
    end: datetime
    cover: bool = False
    """An override makes it so, at its beginning."""
    endless: bool = False
    """No end is in sight."""


class Question(Value):
    """Cover or a swap that somebody may take."""

    override: Override
    other: Override | None = None
    """The other half of a swap."""
    timezone: str


class Duty(Value):
    """What one person has to do with schedules."""

    member: bool = False
    """Whether any schedule names them, or they cover in one."""
    now: tuple[OwnShift, ...] = ()
    coming: tuple[OwnShift, ...] = ()
    """At most SHOWN, by start."""
    asked: tuple[Question, ...] = ()
    """What they may take; what was asked of them alone first."""


async def duty_of(store: OnCall, directory: Directory, policy: Policy, now: datetime, person: str) -> Duty:
    """As of now. Raises StoreUnavailable."""
    if not policy.schedules:
        return Duty()
    names = NamesLookedUp(directory, policy)
    overrides = await store.overrides(now, now + COMING)
    mine = await schedules_with(store, names, policy, person, overrides)
    found: list[OwnShift] = []
    for name, schedule in mine.items():
        of = [each for each in overrides if each.schedule == name]
        found += await _shifts(names, name, schedule, of, policy, now, person)
    known = {each.id: each for each in overrides}
    asked = [each for each in overrides if _may_take(each, person, now, name_of=mine)]
    asked.sort(key=lambda each: (each.asked != person, each.start, each.id))
    return Duty(
        member=bool(mine),
        now=tuple(each for each in found if each.start <= now),
        coming=tuple(sorted((each for each in found if each.start > now), key=lambda each: each.start)[:SHOWN]),
        asked=tuple(
            Question(override=each, other=known.get(each.swapped_with or ""), timezone=_zone(policy, each.schedule))
            for each in asked
        ),
    )


async def schedules_with(
    store: OnCall, names: NamesLookedUp, policy: Policy, person: str, overrides: Iterable[Override]
) -> dict[str, Schedule]:
    """The schedules in which somebody may have a shift, by name. Raises StoreUnavailable."""
    taken = {each.schedule for each in overrides if each.person == person}
    found = {}
    for name in policy.schedules:
        schedule = await schedule_now(store, policy, name)
        assert schedule is not None
        if name in taken or await names.include(sorted({each for group in schedule.groups for each in group}), person):
            found[name] = schedule
    return found


async def _shifts(
    names: NamesLookedUp,
    name: str,
    schedule: Schedule,
    overrides: Sequence[Override],
    policy: Policy,
    now: datetime,
    person: str,
) -> list[OwnShift]:
    found: list[OwnShift] = []
    for shift in rules.shifts(schedule, overrides, now, now + COMING):
        if not await names.include(shift.people, person):
            continue
        if found and found[-1].end == shift.start:
            found[-1] = found[-1].copy_with(end=shift.end)
        else:
            found.append(
                OwnShift(
                    schedule=name,
                    timezone=_zone(policy, name),
                    start=shift.start,
                    end=shift.end,
                    cover=bool(shift.overrides),
                )
            )
    if found and found[-1].end == now + COMING:
        found[-1] = found[-1].copy_with(endless=True)
    return found


def _may_take(each: Override, person: str, now: datetime, name_of: Iterable[str]) -> bool:
    if each.state is not OverrideState.ASKED or each.end <= now:
        return False
    if each.swapped_with and each.person == person:
        return False  # the other half of the same question
    return each.asked == person or (each.asked is None and each.by != person and each.schedule in name_of)


def _zone(policy: Policy, schedule: str) -> str:
    known = policy.schedules.get(schedule)
    return (known and known.timezone) or policy.workspace.timezone
