"""The post-mortem: draft, edit, publish; and the document it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from warroom.incident.authorize import Permission, authorize
from warroom.incident.change import change
from warroom.incident.decision import Decision
from warroom.incident.lookup import view
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.incident.view import DocumentView, IncidentView, incident_view
from warroom.ports import World
from warroom.postmortem import document, reminders


async def draft_postmortem(world: World, incident_id: str, by: str | None) -> Incident:
    """The post-mortem exists and is shared in the room, with what the record can say already said. Raises Refused, NotFound."""
    entries = tuple(await world.store.timeline(incident_id))

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.POSTMORTEM, by, incident)
        summary, impact = document.draft(incident_view(incident, world.policy), entries, now)
        return reminders.draft(incident, by, now, summary, impact)

    return await change(world, incident_id, decide)


async def edit_postmortem(world: World, incident_id: str, by: str, parts: Mapping[str, str]) -> Incident:
    """The written parts are as given, and the document is shared again. Raises AlreadyDone, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.POSTMORTEM, by, incident)
        return reminders.edit(incident, by, now, parts)

    return await change(world, incident_id, decide)


async def publish_postmortem(world: World, incident_id: str, by: str) -> Incident:
    """The post-mortem is final and the incident closed. Raises AlreadyDone, Refused while parts are missing, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.PUBLISH, by, incident)
        return reminders.publish(incident, by, now)

    return await change(world, incident_id, decide)


async def document_view(world: World, incident: Incident) -> DocumentView:
    """Everything the document is built from, with people by the names the directory knows."""
    seen: IncidentView = await view(world, incident)
    entries: tuple[Entry, ...] = tuple(await world.store.timeline(incident.id))
    names = {}
    for user in document.people_in(seen, entries):
        person = await world.directory.person(user)
        if person:
            names[user] = person.display_name or person.real_name or person.name
    return DocumentView(view=seen, entries=entries, names=names, written_at=world.clock.now())
