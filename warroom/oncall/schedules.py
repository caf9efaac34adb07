"""The schedules of the policy with what their calendars said last."""

from __future__ import annotations

from collections.abc import Mapping

from warroom.oncall.calendars import CalendarSchedule
from warroom.policy import Policy
from warroom.policy.schedule import Schedule
from warroom.stores import OnCall


async def schedule_now(store: OnCall, policy: Policy, name: str) -> Schedule | None:
    """The schedule with that key, with what its calendar says; None when there is none. Raises StoreUnavailable."""
    schedule = policy.schedules.get(name)
    if schedule is None or schedule.ical is None:
        return schedule
    calendar = await store.calendar(name)
    known = {field: getattr(schedule, field) for field in Schedule.model_fields}
    return CalendarSchedule(**known, shifts=calendar.shifts if calendar else ())


async def schedules_now(store: OnCall, policy: Policy) -> Mapping[str, Schedule]:
    """All of them by key. Raises StoreUnavailable."""
    found = {}
    for name in policy.schedules:
        schedule = await schedule_now(store, policy, name)
        assert schedule is not None
        found[name] = schedule
    return found
