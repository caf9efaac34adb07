"""What being on call costs: hours, nights, weekends, holidays, pages and times to acknowledge, person by person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from warroom.incident.events import Acknowledged, AcknowledgementOverdue, PeoplePaged
from warroom.incident.timeline import Entry
from warroom.oncall import rules
from warroom.oncall.model import Shift
from warroom.oncall.schedules import schedules_now
from warroom.oncall.turns import instant, wall_time
from warroom.people.model import Directory
from warroom.people.resolution import resolve
from warroom.policy import Policy
from warroom.policy.schedule import Schedule
from warroom.ports import Clock, Store, World
from warroom.value import Value

EVENING, MORNING = time(22, 0), time(6, 0)
"""The night, by the clock of the schedule; for pages by that of the person."""
ALL_INCIDENTS = 1_000_000

Holidays = Callable[[str, int], frozenset[date]]
"""The holidays of a country ("DE", "DE-BY") in a year."""


@dataclass(frozen=True, slots=True)
class ReportSource:
    """What a report is made from."""

    store: Store
    policy: Policy
    directory: Directory
    clock: Clock


class OnCallHours(Value):
    """Time on call. An hour can be several of these at once."""

    total: timedelta = timedelta(0)
    nights: timedelta = timedelta(0)
    weekends: timedelta = timedelta(0)
    holidays: timedelta = timedelta(0)

    def plus(self, other: OnCallHours) -> OnCallHours:
        """Both together."""
        return OnCallHours(
            total=self.total + other.total,
            nights=self.nights + other.nights,
            weekends=self.weekends + other.weekends,
            holidays=self.holidays + other.holidays,
        )


class OnCallLoad(Value):
    """What one person carried, or will carry."""

    person: str
    """The user id; a name of the policy behind which nobody was found."""
    name: str
    hours: OnCallHours = OnCallHours()
    pages: int = 0
    pages_at_night: int = 0
    acknowledged: int = 0
    time_to_acknowledge: timedelta | None = None
    """The median, from the person's first page of the incident."""


class PageOrAck(Value):
    """Somebody was paged, or acknowledged so long after their first page."""

    person: str
    at: datetime
    took: timedelta | None = None
    """None for a page."""


def hours_of(shift: Shift, timezone: str, holidays: frozenset[date]) -> OnCallHours:
    """How long the shift is, and how much of it lies in nights, weekends and holidays of the time zone."""
    found = OnCallHours()
    for start, end, day, night in _parts(shift.start, shift.end, ZoneInfo(timezone)):
        long = end - start
        none = timedelta(0)
        found = found.plus(
            OnCallHours(
                total=long,
                nights=long if night else none,
                weekends=long if day.weekday() >= 5 else none,
                holidays=long if day in holidays else none,
            )
        )
    return found


def at_night(at: datetime, timezone: str) -> bool:
    """Whether it is night there."""
    clock = wall_time(at, ZoneInfo(timezone)).time()
    return clock >= EVENING or clock < MORNING


def _parts(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, date, bool]]:
    """(from, until, day, whether it is night) of everything between."""
    day, last = wall_time(start, zone).date(), wall_time(end, zone).date()
    while day <= last:
        midnight = datetime.combine(day, time())
        bounds = (
            midnight,
            datetime.combine(day, MORNING),
            datetime.combine(day, EVENING),
            midnight + timedelta(days=1),
        )
        edges = [instant(bound, zone) for bound in bounds]
        for place, night in enumerate((True, False, True)):
            begins, ends = max(start, edges[place]), min(end, edges[place + 1])
            if begins < ends:
                yield begins, ends, day, night
        day += timedelta(days=1)


def pages_in(entries: Iterable[Entry]) -> Iterator[PageOrAck]:
    """Every page of a person in a timeline, and who acknowledged how long after their own first page."""
    first: dict[str, datetime] = {}
    for entry in entries:
        if isinstance(entry.event, PeoplePaged | AcknowledgementOverdue):
            for person in entry.event.paged:
                first.setdefault(person, entry.at)
                yield PageOrAck(person=person, at=entry.at)
        elif isinstance(entry.event, Acknowledged) and entry.by in first:
            yield PageOrAck(person=entry.by, at=entry.at, took=entry.at - first[entry.by])


def share_of(load: OnCallLoad, loads: Sequence[OnCallLoad]) -> float:
    """Which part of all hours the person has; 0 where there are none."""
    total = sum((each.hours.total for each in loads), timedelta(0))
    return load.hours.total / total if total else 0.0


async def load_report(
    world: World | ReportSource, start: datetime, end: datetime, holidays: Holidays, *, seen_by: str | None = None
) -> list[OnCallLoad]:
    """Everybody's load between the two times, most hours first: hours from the schedules and overrides as they are now, pages from
    the record; of private incidents only where `seen_by` may see them, None sees all. Raises StoreUnavailable.
    """
    hours: dict[str, OnCallHours] = defaultdict(OnCallHours)
    overrides = await world.store.overrides(start, end)
    ids: dict[str, str] = {}
    for name, schedule in (await schedules_now(world.store, world.policy)).items():
        mine = [each for each in overrides if each.schedule == name]
        days_off = _days_off(schedule, start, end, holidays)
        for shift in rules.shifts(schedule, mine, start, end):
            long = hours_of(shift, schedule.timezone or world.policy.workspace.timezone, days_off)
            for person in shift.people:
                if person not in ids:
                    ids[person] = await _id(world, person)
                hours[ids[person]] = hours[ids[person]].plus(long)
    pages = [page for page in await _pages(world, start, end, seen_by) if start <= page.at < end]
    return [
        await _load(world, person, hours[person], [page for page in pages if page.person == person])
        for person in sorted({*hours, *(page.person for page in pages)}, key=lambda each: (-hours[each].total, each))
    ]


def _days_off(schedule: Schedule, start: datetime, end: datetime, holidays: Holidays) -> frozenset[date]:
    if schedule.country is None:
        return frozenset()
    country = schedule.country
    return frozenset(day for year in range(start.year, end.year + 2) for day in holidays(country, year))


async def _pages(world: World | ReportSource, start: datetime, end: datetime, seen_by: str | None) -> list[PageOrAck]:
    found: list[PageOrAck] = []
    if start >= world.clock.now():
        return found
    for incident in await world.store.incidents(limit=ALL_INCIDENTS):
        seen = seen_by is None or incident.shown_to(seen_by)
        if seen and incident.touched_at >= start and incident.declared_at < end:
            found += pages_in(await world.store.timeline(incident.id))
    return found


async def _id(world: World | ReportSource, name: str) -> str:
    people = await resolve((name,), world.directory, world.policy)
    return people.found[0].person.id if len(people.found) == 1 else name


async def _load(world: World | ReportSource, person: str, hours: OnCallHours, pages: Sequence[PageOrAck]) -> OnCallLoad:
    known = await world.directory.person(person)
    zone = (known and known.tz) or world.policy.workspace.timezone
    called = [page.at for page in pages if page.took is None]
    took = [page.took.total_seconds() for page in pages if page.took is not None]
    return OnCallLoad(
        person=person,
        name=(known and (known.display_name or known.real_name or known.name)) or person,
        hours=hours,
        pages=len(called),
        pages_at_night=sum(at_night(at, zone) for at in called),
        acknowledged=len(took),
        time_to_acknowledge=timedelta(seconds=median(took)) if took else None,
    )
