"""What people want remembered: notes, pinned messages, action items; and who came late."""

from __future__ import annotations

from datetime import datetime

from warroom.errors import Refused
from warroom.incident.change import change
from warroom.incident.decision import Decision, show_card
from warroom.incident.events import MessagePinned, NoteAdded
from warroom.incident.lookup import view
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry
from warroom.incident.view import IncidentView
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
        return Decision(incident).record(NoteAdded(text=text), now, by=by, key=f"note:{key}")

    return await change(world, incident_id, decide)


async def remember_message(world: World, channel_id: str, ts: str, by: str) -> Incident | None:
    """The message of a room is on the timeline, once however often it is pinned or marked. None outside of a room.

    Raises Retryable or Rejected when the message cannot be read.
    """
    incident = await world.store.incident_in(channel_id)
    if incident is None or ts in (incident.room.card_ts, *dict(incident.room.slots).values()):
        return None
    message = await world.rooms.message(channel_id, ts)
    if message is None:
        return None

    async def decide(found: Incident, now: datetime) -> Decision:
        event, who = MessagePinned(text=cut(message.text, NOTE_LIMIT)), message.user or by
        return Decision(found).record(event, now, by=who, link=message.permalink, key=f"message:{ts}")

    return await change(world, incident.id, decide)


async def add_action(
    world: World, incident_id: str, by: str, text: str, owner: str | None, due_at: datetime | None
) -> Incident:
    """One more action item. Raises Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        return reminders.add_action(incident, by, now, text, owner, due_at)

    return await change(world, incident_id, decide)


async def timeline(world: World, incident: Incident) -> list[Entry]:
    """The whole timeline, oldest first."""
    return await world.store.timeline(incident.id)


class Briefing(Value):
    """What somebody who joins should know."""

    view: IncidentView
    entries: tuple[Entry, ...]


async def joined(world: World, channel_id: str, user: str) -> Briefing | None:
    """The briefing for somebody who joined a room later than it was opened: None elsewhere, for those who were invited when it
    was opened and have missed nothing, and when it is over.
    """
    incident = await world.store.incident_in(channel_id)
    if incident is None:
        return None

    async def decide(found: Incident, _now: datetime) -> Decision | None:
        if user in found.participants.invited and user not in found.participants.left:
            return None
        invited = (
            found.participants.invited if user in found.participants.invited else (*found.participants.invited, user)
        )
        return Decision(found.with_invitees(user).with_participants(invited=invited), quiet=True)

    rejoins = user in incident.participants.left
    incident = await change(world, incident.id, decide)
    there_at_birth = user == incident.declared_by or user in incident.participants.first
    if (there_at_birth and not rejoins) or incident.state in (State.CLOSED, State.CANCELLED):
        return None
    return Briefing(view=await view(world, incident), entries=tuple(await timeline(world, incident)))


async def left(world: World, channel_id: str, user: str) -> Incident | None:
    """Somebody left a room or was removed from it. Returns its incident, None outside of a room."""
    incident = await world.store.incident_in(channel_id)
    if incident is None:
        return None

    async def decide(found: Incident, _now: datetime) -> Decision | None:
        if user in found.participants.left:
            return None
        return Decision(found.with_participants(left=(*found.participants.left, user)), quiet=True)

    return await change(world, incident.id, decide)


async def menu_used(world: World, incident_id: str) -> Incident:
    """The card is redrawn with a menu in which nothing is chosen. Raises Repeated when that was done for the same gesture, NotFound."""

    async def decide(found: Incident, _now: datetime) -> Decision | None:
        if found.room.card_ts is None:
            return None
        used = found.with_room(menu_used=found.room.menu_used + 1)
        return Decision(used, quiet=True).with_effects(show_card(used))

    return await change(world, incident_id, decide)
