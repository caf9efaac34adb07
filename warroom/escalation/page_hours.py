"""Hours in which people are paged, on the clock of each of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from warroom.people.model import Person
from warroom.policy import Policy
from warroom.policy.hours import Span


def asleep(people: Iterable[Person], severity: str, policy: Policy, now: datetime) -> dict[str, datetime]:
    """Who is not paged for that severity now, by id, and when their hours begin. Nobody where the severity has no hours."""
    known = policy.severities.get(severity)
    if known is None or not known.page_hours:
        return {}
    found = {}
    for person in people:
        begins = next_hours(known.page_hours, person.tz or policy.workspace.timezone, now)
        if begins is not None:
            found[person.id] = begins
    return found


def next_hours(hours: Sequence[Span], timezone: str, now: datetime) -> datetime | None:
    """When the hours begin next on that clock; None while it is within them. A time zone that is unknown counts as UTC."""
    try:
        zone = ZoneInfo(timezone)
    except (OSError, ValueError, LookupError):
        zone = ZoneInfo("UTC")
    local = now.astimezone(zone)
    if any(span.holds(local.time()) for span in hours):
        return None
    # Of a clock that is put forward the hour may be missing that day; the next day has it.
    days = [local.date() + timedelta(days=ahead) for ahead in range(3)]
    begins = [datetime.combine(day, span.start, zone).astimezone(UTC) for day in days for span in hours]
    return min(each for each in begins if each > now)
