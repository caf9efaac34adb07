"""What is remembered of the room by itself: pinned messages; and who came late or left."""

from __future__ import annotations

from datetime import UTC, datetime

from warroom.errors import NotFound
from warroom.incident import archiving, membership
from warroom.incident.change import change
from warroom.incident.corrections import Quoted, add_message
from warroom.incident.decision import Decision, show_card
from warroom.incident.lookup import LOOKED_AT, view
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry, current
from warroom.incident.view import IncidentView
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import ReadRoomMembers
from warroom.ports import World
from warroom.refusals import IncidentGone
from warroom.value import Value, believable


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
        return believable(datetime.fromtimestamp(float(ts), UTC))
    except (ValueError, OverflowError, OSError):
        return None


async def timeline(world: World, incident: Incident) -> list[Entry]:
    """The whole timeline as it reads now, in order of when it happened."""
    return current(await world.store.timeline(incident.id))


class Briefing(Value):
    """What somebody who joins should know."""

    view: IncidentView
    entries: tuple[Entry, ...]


async def joined(world: World, channel_id: str, user: str, at: datetime | None = None) -> Briefing | None:
    """Somebody came into a room at that time, or is known to be in it now. The briefing for them: None elsewhere, for
    those who were invited when it was opened and have missed nothing, for a private incident that they left since, and
    when it is over.
    """
    incident = await world.store.incident_in(channel_id)
    if incident is None:
        return None

    async def decide(found: Incident, now: datetime) -> Decision | None:
        after = membership.came(found, user, at or now)
        if after is not None:
            return Decision(after, quiet=True)
        return _ask(found) if at is not None and membership.outdated(found, user, at) else None

    rejoins = user in incident.participants.left
    incident = await change(world, incident.id, decide)
    there_at_birth = user == incident.declared_by or user in incident.participants.first
    if (there_at_birth and not rejoins) or incident.state in (State.CLOSED, State.CANCELLED):
        return None
    if not incident.shown_to(user):
        return None
    return Briefing(view=await view(world, incident), entries=tuple(await timeline(world, incident)))


class CatchUp(Value):
    """What one person should know now."""

    view: IncidentView
    entries: tuple[Entry, ...]
    since: datetime | None = None
    """When they caught up last; None the first time."""


MOST_LOOKERS = 300
"""People of whom an incident remembers when they caught up."""


async def catch_up(world: World, incident_id: str, user: str) -> CatchUp:
    """Where the incident stands, for one person, and when they asked last; from now on that is now. Raises NotFound, also when
    they may not know of it.
    """
    seen: list[datetime | None] = []

    async def decide(found: Incident, now: datetime) -> Decision | None:
        if not found.shown_to(user):
            raise NotFound(IncidentGone())
        seen[:] = [found.looked_at.get(user)]
        others = {person: at for person, at in found.looked_at.items() if person != user}
        newest = sorted(others.items(), key=lambda each: each[1])[-(MOST_LOOKERS - 1) :]
        return Decision(found.copy_with(looked_at={**dict(newest), user: now}), quiet=True)

    incident = await change(world, incident_id, decide)
    entries = tuple(await timeline(world, incident))
    return CatchUp(view=await view(world, incident), entries=entries, since=seen[0])


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


async def room_archived(world: World, channel_id: str, by: str) -> Incident | None:
    """Somebody archived the channel. Returns its incident, None for a channel of none."""
    incident = await world.store.incident_in(channel_id)
    if incident is None:
        return None

    async def decide(found: Incident, now: datetime) -> Decision | None:
        return archiving.archived(found, now, by) if found.room.channel_id == channel_id else None

    return await change(world, incident.id, decide)


async def room_back(world: World, channel_id: str) -> Incident | None:
    """The bot came into the channel: somebody unarchived it. Returns its incident, None for a channel of none."""
    incident = await world.store.incident_in(channel_id)
    if incident is None or incident.room.archived_at is None:
        return incident

    async def decide(found: Incident, now: datetime) -> Decision | None:
        return archiving.back(found, now) if found.room.archived_at else None

    return await change(world, incident.id, decide)


async def menu_used(world: World, incident_id: str) -> Incident:
    """The card is redrawn with a menu in which nothing is chosen. Raises Repeated when that was done for the same gesture, NotFound."""

    async def decide(found: Incident, _now: datetime) -> Decision | None:
        if found.room.card_ts is None:
            return None
        used = found.with_room(menu_used=found.room.menu_used + 1)
        return Decision(used, quiet=True).with_effects(show_card(used))

    return await change(world, incident_id, decide)


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
