"""What people want remembered: notes, pinned messages, action items; and who came late."""

from __future__ import annotations

from datetime import datetime

from warroom.errors import Refused
from warroom.incident import membership
from warroom.incident.change import authorize, change
from warroom.incident.decision import Decision
from warroom.incident.events import MessagePinned, NoteAdded
from warroom.incident.lookup import LOOKED_AT, view
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry
from warroom.incident.view import IncidentView
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import ReadRoomMembers
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.postmortem import reminders
from warroom.refusals import NoteEmpty
from warroom.text import cut
from warroom.value import Value

NOTE_LIMIT = 3000
"""Characters of a message that are kept on the timeline."""


async def add_note(world: World, incident_id: str, by: str, text: str, key: str) -> Incident:
    """A line on the timeline. Raises Refused, NotFound."""
    if not text.strip():
        raise Refused(NoteEmpty())

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.TIMELINE, by, incident)
        return Decision(incident).record(NoteAdded(text=text), now, by=by, key=f"note:{key}")

    return await change(world, incident_id, decide)


async def remember_message(world: World, channel_id: str, ts: str, by: str) -> Incident | None:
    """The message of a room is on the timeline, once however often it is pinned or marked. None outside of a room.

    Raises Refused, and Retryable or Rejected when the message cannot be read.
    """
    incident = await world.store.incident_in(channel_id)
    if incident is None or ts in (incident.room.card_ts, *dict(incident.room.slots).values()):
        return None
    message = await world.rooms.message(channel_id, ts)
    if message is None:
        return None

    async def decide(found: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.TIMELINE, by, found)
        event, who = MessagePinned(text=cut(message.text, NOTE_LIMIT)), message.user or by
        return Decision(found).record(event, now, by=who, link=message.permalink, key=f"message:{ts}")

    return await change(world, incident.id, decide)


async def add_action(
    world: World, incident_id: str, by: str, text: str, owner: str | None, due_at: datetime | None
) -> Incident:
    """One more action item. Raises Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.ACTIONS, by, incident)
        return reminders.add_action(incident, by, now, text, owner, due_at)

    return await change(world, incident_id, decide)


async def timeline(world: World, incident: Incident) -> list[Entry]:
    """The whole timeline, oldest first."""
    return await world.store.timeline(incident.id)


class Briefing(Value):
    """What somebody who joins should know."""

    view: IncidentView
    entries: tuple[Entry, ...]


async def joined(world: World, channel_id: str, user: str, at: datetime | None = None) -> Briefing | None:
    """Somebody came into a room at that time, or is known to be in it now. The briefing for them: None elsewhere, for
    whoever declared it, for a private incident that they left since, and when it is over.
    """
    incident = await world.store.incident_in(channel_id)
    if incident is None:
        return None

    async def decide(found: Incident, now: datetime) -> Decision | None:
        after = membership.came(found, user, at or now)
        if after is not None:
            return Decision(after, quiet=True)
        return _ask(found) if at is not None and membership.outdated(found, user, at) else None

    incident = await change(world, incident.id, decide)
    if user == incident.declared_by or incident.state in (State.CLOSED, State.CANCELLED):
        return None
    if not incident.shown_to(user):
        return None
    return Briefing(view=await view(world, incident), entries=tuple(await timeline(world, incident)))


async def left(world: World, channel_id: str, user: str, at: datetime) -> Incident | None:
    """Somebody left a room at that time, or was removed from it. Returns its incident, None outside of a room."""
    incident = await world.store.incident_in(channel_id)
    if incident is None:
        return None

    async def decide(found: Incident, _now: datetime) -> Decision | None:
        after = membership.went(found, user, at)
        if after is not None:
            return Decision(after, quiet=True)
        return _ask(found) if membership.outdated(found, user, at) else None

    return await change(world, incident.id, decide)


def _ask(incident: Incident) -> Decision | None:
    """Something came late about a private room: who is in it now is asked."""
    return Decision(incident, quiet=True).with_effects(read_members(incident)) if incident.private else None


RECENT = 200
"""Of so many of the newest incidents the private ones are looked after, open or not, and of all that are open."""


async def look_after_private_rooms(world: World) -> int:
    """Who is in each private room is read soon: events may have been missed. Returns how many; raises StoreUnavailable."""
    found = [*await world.store.incidents(open_only=True, limit=LOOKED_AT), *await world.store.incidents(limit=RECENT)]
    private = {each.id: each for each in found if each.private and each.room.channel_id}
    if private:
        await world.commit(Changeset(now=world.clock.now(), effects=tuple(map(read_members, private.values()))))
    return len(private)


def read_members(incident: Incident) -> ReadRoomMembers:
    """The effect that reads who is in the incident's room; one waits at a time, whoever asked for it."""
    return ReadRoomMembers(incident_id=incident.id, key=f"{incident.id}:members", priority=READ_PRIORITY)


READ_PRIORITY = 3
"""Before everything that nobody waits for: until it is done, somebody may see what they may not."""
