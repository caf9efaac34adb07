"""What is remembered of the room by itself: pinned messages; and who came late or left."""

from __future__ import annotations

from datetime import UTC, datetime

from warroom.incident.change import change
from warroom.incident.corrections import Quoted, add_message
from warroom.incident.decision import Decision
from warroom.incident.lookup import view
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry, current
from warroom.incident.view import IncidentView
from warroom.ports import World
from warroom.value import Value


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

    quoted = Quoted(
        text=message.text,
        author=message.user,
        said_at=said_at(ts),
        link=message.permalink,
        key=f"message:{ts}",
    )
    return await add_message(world, incident.id, by, quoted)


def said_at(ts: str) -> datetime | None:
    """When a message was posted, from the chat's name for it; None where that is no time."""
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None


async def timeline(world: World, incident: Incident) -> list[Entry]:
    """The whole timeline as it reads now, in order of when it happened."""
    return current(await world.store.timeline(incident.id))


class Briefing(Value):
    """What somebody who joins should know."""

    view: IncidentView
    entries: tuple[Entry, ...]


async def joined(world: World, channel_id: str, user: str) -> Briefing | None:
    """The briefing for somebody who joined a room: None elsewhere, for whoever declared it, and when it is over."""
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

    incident = await change(world, incident.id, decide)
    if user == incident.declared_by or incident.state in (State.CLOSED, State.CANCELLED):
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
