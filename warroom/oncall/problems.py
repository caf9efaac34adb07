"""What is wrong with schedules although the policy file is right: gaps, people who are not there, layers that never apply."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from warroom.oncall import rules
from warroom.oncall.model import Override, Shift
from warroom.people.model import Ambiguity, Directory, Unknown
from warroom.people.resolution import resolve
from warroom.policy import Policy
from warroom.value import Value

AHEAD = timedelta(days=90)
"""So far ahead gaps are looked for."""
UNUSED_AHEAD = timedelta(days=400)
"""A layer that says nothing for so long was forgotten: every turn and every day of a year comes in it."""


class ScheduleProblems(Value):
    """What is wrong with one schedule; nothing where all is empty."""

    schedule: str
    timezone: str
    gaps: tuple[Shift, ...] = ()
    """When nobody is on call in the next 90 days, overrides counted."""
    unused: tuple[int, ...] = ()
    """Layers, counted from 0, that never say who is on call."""
    unknown: tuple[Unknown, ...] = ()
    unclear: tuple[Ambiguity, ...] = ()


async def schedule_problems(
    policy: Policy, overrides: Sequence[Override], directory: Directory, now: datetime
) -> list[ScheduleProblems]:
    """Of every schedule. Raises what the directory raises."""
    found = []
    for name, schedule in policy.schedules.items():
        mine = [each for each in overrides if each.schedule == name]
        names = tuple(dict.fromkeys(each for layer in schedule.layers for turn in layer.people for each in turn))
        people = await resolve(names, directory, policy)
        found.append(
            ScheduleProblems(
                schedule=name,
                timezone=schedule.timezone or policy.workspace.timezone,
                gaps=tuple(rules.gaps(schedule, mine, now, now + AHEAD)),
                unused=tuple(rules.unused_layers(schedule, now, now + UNUSED_AHEAD)),
                unknown=people.unknown,
                unclear=people.ambiguous,
            )
        )
    return found
