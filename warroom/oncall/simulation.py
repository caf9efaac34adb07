"""Rooms and pages of a replay beside those that there were, and who would have been woken."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta

from warroom.incident.events import AcknowledgementOverdue, PageReason, PeoplePaged
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.oncall.load import at_night
from warroom.oncall.replay import MovedClock, Replay, ReplayedIncident
from warroom.outbox.changes import AlertDecision, ReceivedAlert
from warroom.people.model import Directory
from warroom.policy import Policy
from warroom.ports import Rooms
from warroom.value import Value

SAME = timedelta(minutes=2)
"""Pages of one person so close together are the same page: the bot takes seconds where a replay takes none."""


class SimulatedRoom(Value):
    """A room that would open."""

    at: datetime
    title: str
    severity: str
    team: str | None
    happened_as: str | None = None
    """What it was: "INC-12"; None: it would be new."""


class SimulatedPage(Value):
    """Somebody who would be paged, or was."""

    at: datetime
    person: str
    incident: str
    """The title."""
    at_night: bool
    """By the person's own clock."""


class Simulation(Value):
    """What would happen, and how that differs from what did."""

    since: datetime
    until: datetime
    alerts: int
    rooms: tuple[SimulatedRoom, ...]
    pages: tuple[SimulatedPage, ...]
    woken: dict[str, int]
    """Pages at night by person."""
    rooms_before: int
    pages_before: int
    woken_before: dict[str, int]
    rooms_gone: tuple[str, ...]
    """Incidents that would have no room of their own, as people call them."""
    pages_added: tuple[SimulatedPage, ...]
    pages_gone: tuple[SimulatedPage, ...]
    not_found: tuple[str, ...] = ()
    """Names in the policy's schedules and escalation policies behind which nobody is known: pages to them are left out."""


async def simulate(
    policy: Policy,
    directory: Directory,
    clock: MovedClock,
    rooms: Rooms,
    alerts: AsyncIterator[tuple[ReceivedAlert, AlertDecision | None]],
    past: Sequence[ReplayedIncident],
    until: datetime,
) -> Simulation:
    """`alerts` from the clock's time on, in order of arrival, and the incidents that began since then; `directory` tells who is on call
    by the same clock. Raises StoreUnavailable.
    """
    since, zones = clock.now(), _Zones(directory, policy.workspace.timezone)
    replay = Replay(policy, directory, clock, rooms, past)
    async for received, decision in alerts:
        await replay.alert(received, decision)
    await replay.until(until)
    record = replay.record
    opened = sorted(record.by_id.values(), key=lambda incident: (incident.declared_at, incident.number))
    became: dict[str, str] = {}
    gone = []
    for each in past:
        present = replay.present(each.incident.id)
        if present is None or present.id in became:
            gone.append(each.incident.name)
        else:
            became[present.id] = each.incident.name
    now = await _pages(record.entries, record.by_id, zones)
    before = await _pages(
        [entry for each in past for entry in each.entries], {each.incident.id: each.incident for each in past}, zones
    )
    added, missing = differences(before, now)
    return Simulation(
        since=since,
        until=until,
        alerts=replay.alerts,
        rooms=tuple(
            SimulatedRoom(
                at=incident.declared_at,
                title=incident.title,
                severity=incident.severity,
                team=incident.team,
                happened_as=became.get(incident.id),
            )
            for incident in opened
        ),
        pages=tuple(now),
        woken=_woken(now),
        rooms_before=len(past),
        pages_before=len(before),
        woken_before=_woken(before),
        rooms_gone=tuple(gone),
        pages_added=tuple(added),
        pages_gone=tuple(missing),
    )


def differences(
    before: Sequence[SimulatedPage], now: Sequence[SimulatedPage]
) -> tuple[list[SimulatedPage], list[SimulatedPage]]:
    """(pages that are only in `now`, pages that are only in `before`); both come in order of time."""
    left: dict[str, list[SimulatedPage]] = {}
    for page in before:
        left.setdefault(page.person, []).append(page)
    added = []
    for page in now:
        same = next((each for each in left.get(page.person, ()) if abs(each.at - page.at) <= SAME), None)
        if same is None:
            added.append(page)
        else:
            left[page.person].remove(same)
    return added, sorted((page for pages in left.values() for page in pages), key=lambda page: page.at)


class _Zones:
    """The time zones of people, each asked for once."""

    def __init__(self, directory: Directory, usual: str) -> None:
        self._directory, self._usual = directory, usual
        self._known: dict[str, str] = {}

    async def of(self, person: str) -> str:
        if person not in self._known:
            found = await self._directory.person(person)
            self._known[person] = (found and found.tz) or self._usual
        return self._known[person]


async def _pages(entries: Iterable[Entry], incidents: dict[str, Incident], zones: _Zones) -> list[SimulatedPage]:
    found = []
    for entry in entries:
        if isinstance(entry.event, PeoplePaged) and entry.event.reason is PageReason.SILENCE:
            continue  # what people write in a channel is not stored, so nobody knows when a replay would be silent
        if isinstance(entry.event, PeoplePaged | AcknowledgementOverdue):
            for person in entry.event.paged:
                night = at_night(entry.at, await zones.of(person))
                title = incidents[entry.incident_id].title
                found.append(SimulatedPage(at=entry.at, person=person, incident=title, at_night=night))
    return sorted(found, key=lambda page: page.at)


def _woken(pages: Iterable[SimulatedPage]) -> dict[str, int]:
    return dict(Counter(page.person for page in pages if page.at_night).most_common())
