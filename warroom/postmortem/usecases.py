"""The post-mortem: draft, edit, publish; and the document it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from warroom.errors import Refused
from warroom.incident.change import authorize, change
from warroom.incident.decision import Decision
from warroom.incident.lookup import view
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry, current
from warroom.incident.view import DocumentView, IncidentView, incident_view
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.postmortem import reminders
from warroom.postmortem.checklist import Checklist, checklist
from warroom.postmortem.model import Postmortem
from warroom.refusals import PostmortemMissing
from warroom.similar.usecases import without_private

Draft = Callable[[IncidentView, Sequence[Entry], datetime], tuple[str, str]]
"""The words of (summary, impact), as far as the record can tell at that time."""

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)")


async def draft_postmortem(world: World, incident_id: str, by: str | None, words: Draft) -> Incident:
    """The post-mortem exists and is shared in the room, with what the record can say already said. Raises Refused, NotFound."""
    entries = await _entries(world, incident_id)

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.POSTMORTEM, by, incident)
        return reminders.draft(incident, by, now, *words(incident_view(incident, world.policy), entries, now))

    return await change(world, incident_id, decide)


async def edit_postmortem(
    world: World, incident_id: str, by: str, parts: Mapping[str, str], words: Draft, seen: Postmortem | None = None
) -> Incident:
    """The written parts are as given, and the document is shared again. Raises AlreadyDone, Refused, NotFound.

    `seen` is the post-mortem that the parts were compared with: what somebody else saved after that is not written over.
    """

    entries = await _entries(world, incident_id)

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.POSTMORTEM, by, incident)
        said = words(incident_view(incident, world.policy), entries, now)
        return reminders.edit(_renewed(incident, *said), by, now, parts, seen and seen.renewed(*said))

    return await change(world, incident_id, decide)


async def publish_postmortem(world: World, incident_id: str, by: str, words: Draft) -> Incident:
    """The post-mortem is final and the incident closed. Raises AlreadyDone, Refused while parts are missing, NotFound."""
    entries = await _entries(world, incident_id)

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.PUBLISH, by, incident)
        return reminders.publish(
            _renewed(incident, *words(incident_view(incident, world.policy), entries, now)), by, now
        )

    return await change(world, incident_id, decide)


async def check_postmortem(world: World, incident: Incident, words: Draft) -> Checklist:
    """What the post-mortem lacks before it is published. Raises Refused without a draft."""
    written = await current_postmortem(world, incident, words)
    if written is None:
        raise Refused(PostmortemMissing(incident=incident.name))
    return checklist(incident, written, (await document_view(world, incident)).names)


async def current_postmortem(world: World, incident: Incident, words: Draft) -> Postmortem | None:
    """The post-mortem, with what the record says now in the parts that nobody has written; None without one."""
    if incident.postmortem is None:
        return None
    entries = await _entries(world, incident.id)
    return incident.postmortem.renewed(*words(incident_view(incident, world.policy), entries, world.clock.now()))


def _renewed(incident: Incident, summary: str, impact: str) -> Incident:
    written = incident.postmortem
    return incident.copy_with(postmortem=written.renewed(summary, impact)) if written else incident


async def _entries(world: World, incident_id: str) -> tuple[Entry, ...]:
    return tuple(current(await world.store.timeline(incident_id)))


async def document_view(world: World, incident: Incident) -> DocumentView:
    """Everything the document is built from, with people by the names the directory knows."""
    seen: IncidentView = await view(world, await without_private(world.store, incident))
    entries: tuple[Entry, ...] = tuple(current(await world.store.timeline(incident.id)))
    names = await names_in(world, seen, entries)
    template = world.policy.document_template(incident.template)
    return DocumentView(view=seen, entries=entries, names=names, written_at=world.clock.now(), template=template)


async def names_in(world: World, seen: IncidentView, entries: Sequence[Entry]) -> dict[str, str]:
    """The names of everybody whom the incident and its timeline speak of, by id, as far as the directory knows them."""
    names = {}
    for user in people_in(seen, entries):
        person = await world.directory.person(user)
        if person:
            names[user] = person.display_name or person.real_name or person.name
    return names


def people_in(view: IncidentView, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Ids of everybody the document may speak of, each once, sorted."""
    incident, written = view.incident, view.incident.postmortem
    ids: set[str | None] = {
        incident.declared_by, incident.commander, incident.acknowledged_by, incident.resolved_by,
        incident.updates.last_by, *incident.participants.invitees, *incident.participants.invited, *incident.escalation.paged,
        *(person for _, person in incident.roles), *(item.owner for item in incident.actions),
        *(entry.by for entry in entries), *(person for entry in entries for person in entry.event.people),
        *((written.created_by, written.published_by) if written else ()),
    }  # fmt: skip
    texts = [
        incident.title, incident.description, incident.impact, incident.summary,
        *(value for _, value in incident.fields), *(item.text for item in incident.actions),
        *(text for entry in entries for text in entry.event.texts),
        *(getattr(written, part) for part in reminders.PARTS if written),
    ]  # fmt: skip
    ids.update(found for text in texts for found in _MENTION.findall(text))
    return tuple(sorted(filter(None, ids)))
