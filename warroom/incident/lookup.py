"""Which incident a person means."""

from __future__ import annotations

from datetime import datetime

from warroom.errors import NotFound
from warroom.escalation.rules import names_to_page
from warroom.incident.model import Incident
from warroom.incident.view import IncidentView, incident_view
from warroom.people.model import Person
from warroom.people.resolution import resolve
from warroom.ports import World
from warroom.refusals import IncidentGone, NoSuchIncident, NotARoom
from warroom.value import Value

LOOKED_AT = 1000
"""Incidents among which those are chosen that somebody may see."""


async def by_number_or_room(world: World, number: int | None, channel_id: str | None) -> Incident:
    """The incident with that number, else the one whose room this is. Raises NotFound."""
    if number is not None:
        incident = await world.store.incident_numbered(number)
        if incident is None:
            raise no_such(number)
        return incident
    incident = await world.store.incident_in(channel_id) if channel_id else None
    if incident is None:
        raise no_such(None)
    return incident


def no_such(number: int | None) -> NotFound:
    """The error for a number that no incident has, or, without a number, for a channel that is no room."""
    return NotFound(NotARoom() if number is None else NoSuchIncident(number=number))


async def by_id(world: World, incident_id: str) -> Incident:
    """The incident with that id. Raises NotFound."""
    incident = await world.store.incident(incident_id)
    if incident is None:
        raise NotFound(IncidentGone())
    return incident


async def open_incidents(world: World, user: str, *, limit: int = 100) -> list[IncidentView]:
    """The open incidents that this person may see, most severe first, then newest."""
    found = await world.store.incidents(open_only=True, limit=LOOKED_AT)
    return sorted(_shown(world, found, user), key=lambda view: (view.severity_rank, -view.incident.number))[:limit]


class Filter(Value):
    """Which incidents are wanted. None asks nothing."""

    open: bool | None = True
    """False: only those that are over."""
    mine: bool = False
    """Only those that the person has a part in."""
    severity: str | None = None
    team: str | None = None
    since: datetime | None = None
    """Declared since then, or ended since then."""

    def fits(self, incident: Incident, user: str) -> bool:
        """Whether that person asks for this incident."""
        last = incident.resolved_at or incident.cancelled_at or incident.closed_at or incident.declared_at
        return (
            self.open in (None, incident.state.open)
            and (not self.mine or incident.concerns(user))
            and self.severity in (None, incident.severity)
            and self.team in (None, incident.team)
            and (self.since is None or last >= self.since)
        )


async def listed(world: World, user: str, wanted: Filter) -> list[Incident]:
    """The incidents that fit and that this person may see: open ones most severe first, then the others, newest first."""
    found: list[Incident] = []
    if wanted.open is not False:
        found += await world.store.incidents(open_only=True, limit=LOOKED_AT)
    if wanted.open is not True:
        found += await world.store.incidents(closed_only=True, limit=LOOKED_AT)
    fitting = [each for each in found if each.shown_to(user) and wanted.fits(each, user)]
    rank = world.policy.rank
    return sorted(fitting, key=lambda each: (not each.state.open, rank(each.severity) * each.state.open, -each.number))


async def matching(world: World, user: str, text: str, *, limit: int = 20) -> list[IncidentView]:
    """Incidents, open or not, that this person may see, with that text in title, description or summary; newest first."""
    return _shown(world, await world.store.incidents(text=text, limit=LOOKED_AT), user)[:limit]


def _shown(world: World, found: list[Incident], user: str) -> list[IncidentView]:
    return [incident_view(each, world.policy) for each in found if each.shown_to(user)]


async def view(world: World, incident: Incident, *, next_page: bool = False) -> IncidentView:
    """The incident with its alerts and what the policy says of it. With `next_page` the people who are paged next are looked up,
    which may ask another system; otherwise they are called what the policy calls them.
    """
    called: tuple[Person, ...] = ()
    if next_page:
        found = await resolve(names_to_page(incident), world.directory, world.policy, only_exact=True)
        called = tuple(match.person for match in found.found)
    return incident_view(incident, world.policy, tuple(await world.store.firings(incident.id)), called=called)
