"""The channel of an incident that is over is archived, when the policy says so; and what becomes of an archived one. Pure."""

from __future__ import annotations

from datetime import datetime

from warroom.errors import AlreadyDone, Refused
from warroom.incident.deadlines import announced_before, archive_due
from warroom.incident.decision import Decision, set_topic, show_card
from warroom.incident.events import RoomArchived, RoomUnarchived
from warroom.incident.model import Incident
from warroom.incident.notices import ArchiveAhead, ArchiveKept, RoomLost, StateChanged
from warroom.incident.opening import room_name
from warroom.incident.parts import Room
from warroom.outbox.effects import ArchiveRoom, OpenRoom, Place, PrivateReply, UnarchiveRoom
from warroom.outbox.results import ChannelUnarchived
from warroom.policy import Policy
from warroom.refusals import ChannelGone, ChannelKept

SLOT = "archive"


def due(incident: Incident, now: datetime, policy: Policy) -> Decision:
    """First the channel is told that it will be archived, however late this is; the second time it is archived."""
    after = policy.workspace.archive_after
    if after is None or archive_due(incident, policy) is None:
        return Decision(incident.with_deadlines(archive=None).with_room(archive_at=None), quiet=True)
    if incident.room.archive_at is None:
        at = now + announced_before(after)
        told = incident.with_room(archive_at=at).with_deadlines(archive=at)
        left = sum(item.done_at is None for item in incident.actions)
        return Decision(told, quiet=True).say(ArchiveAhead(at=at, actions=left), slot=SLOT)
    effect = ArchiveRoom(incident_id=incident.id, key=f"{incident.id}:archive:v{incident.version}")
    return Decision(incident.with_deadlines(archive=None), quiet=True).with_effects(effect)


def archived(incident: Incident, now: datetime, by: str | None = None) -> Decision | None:
    """The channel is archived: by the bot, or by a person. None when that is known."""
    if incident.room.archived_at is not None:
        return None
    after = incident.with_room(archived_at=now, archive_at=None).with_deadlines(archive=None)
    decision = Decision(after, quiet=True).record(RoomArchived(), now, by=by)
    if by is None or not incident.state.open:
        return decision
    notice, lead = RoomLost(archived_by=by), incident.commander or incident.declared_by
    if incident.room.announced_ts and not incident.private:
        return decision.say(notice, Place.ANNOUNCEMENT)
    if lead is None:
        return decision
    key = f"{incident.id}:archived:v{incident.version}"
    return decision.with_effects(PrivateReply(incident_id=incident.id, key=key, user=lead, notice=notice))


def keep(incident: Incident, by: str, now: datetime, policy: Policy) -> Decision:
    """The channel is not archived. Raises AlreadyDone, or Refused when it is archived."""
    if incident.room.archived_at:
        raise Refused(ChannelGone(incident=incident.name))
    if incident.room.kept or archive_due(incident, policy) is None:
        raise AlreadyDone(ChannelKept(incident=incident.name))
    after = incident.with_room(kept=True, archive_at=None).with_deadlines(archive=None)
    return Decision(after, quiet=True).say(ArchiveKept(by=by), slot=SLOT, in_place=True)


def wanted_again(decision: Decision) -> Decision:
    """With the channel of an incident that goes on: not to be archived, and opened again where it is."""
    incident = decision.incident
    decision = decision.withdraw(SLOT)
    decision = decision.with_changes(room=decision.incident.room.copy_with(archive_at=None, kept=False))
    if incident.room.archived_at is None:
        return decision
    effect = UnarchiveRoom(incident_id=incident.id, key=f"{incident.id}:unarchive:v{incident.version}")
    return decision.with_effects(effect)


def unarchived(incident: Incident, result: ChannelUnarchived, now: datetime, policy: Policy) -> Decision | None:
    """The channel is open again and shows how things stand; where it could not be opened, there will be a new one."""
    if incident.room.archived_at is None:
        return None
    if result.back:
        # What was said when it was reopened could not be said there.
        notice = StateChanged(state=incident.state, by=None, reopened=True)
        decision = back(incident, now)
        return decision.say(notice) if incident.state.open else decision
    old = incident.room
    assert old.channel_id is not None
    people = incident.participants
    there = tuple(each for each in dict.fromkeys((*people.invitees, *people.invited)) if each not in people.left)
    room = Room(
        private=old.private,
        announced_in=old.announced_in,
        announced_ts=old.announced_ts,
        team_in=old.team_in,
        team_ts=old.team_ts,
        menu_used=old.menu_used,
        earlier=(*old.earlier, old.channel_id),
    )
    after = incident.copy_with(room=room).with_participants(invitees=there)
    private = incident.private if old.private is None else old.private
    effect = OpenRoom(
        incident_id=incident.id,
        key=f"{incident.id}:room:{len(room.earlier)}",
        name=room_name(incident, policy),
        private=private or incident.private,
    )
    return Decision(after, quiet=True).with_effects(effect)


def back(incident: Incident, now: datetime, by: str | None = None) -> Decision:
    """The bot is in the channel again, and what it shows there is as things are."""
    after = incident.with_room(archived_at=None)
    decision = Decision(after, quiet=True).record(RoomUnarchived(), now, by=by)
    return decision.with_effects(show_card(after), set_topic(after))
