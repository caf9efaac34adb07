"""Which incident a person means."""

from __future__ import annotations

from warroom.errors import NotFound
from warroom.incident.model import Incident
from warroom.incident.view import IncidentView, incident_view
from warroom.ports import World
from warroom.refusals import IncidentGone, NoSuchIncident, NotARoom

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


async def matching(world: World, user: str, text: str, *, limit: int = 20) -> list[IncidentView]:
    """Incidents, open or not, that this person may see, with that text in title, description or summary; newest first."""
    return _shown(world, await world.store.incidents(text=text, limit=LOOKED_AT), user)[:limit]


def _shown(world: World, found: list[Incident], user: str) -> list[IncidentView]:
    return [incident_view(each, world.policy) for each in found if each.shown_to(user)]


async def view(world: World, incident: Incident) -> IncidentView:
    """The incident with its alerts and what the policy says of it."""
    return incident_view(incident, world.policy, tuple(await world.store.firings(incident.id)))
