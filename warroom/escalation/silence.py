"""An acknowledged incident in which nobody does or writes anything: the commander is paged, then the escalation policy.

When the time is over the room is read first: people write there without the bot hearing of every word.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from warroom.escalation import page_hours
from warroom.escalation import rules as escalation
from warroom.escalation.activity import SLOT, allowed_silence, last_heard
from warroom.escalation.activity import heard as heard_of
from warroom.incident.change import change
from warroom.incident.decision import Decision
from warroom.incident.events import PageReason, PeoplePaged
from warroom.incident.model import Incident
from warroom.incident.notices import Paged
from warroom.incident.usecases import page_next
from warroom.outbox.changes import Claim
from warroom.outbox.effects import ReadRoomActivity
from warroom.outbox.results import RoomActivity
from warroom.ports import World

LOOK_AGAIN = timedelta(minutes=10)
"""When the room is read again where no answer came."""


def read_activity(incident: Incident) -> ReadRoomActivity:
    """The effect that reads when a person last wrote in the room."""
    return ReadRoomActivity(incident_id=incident.id, key=f"{incident.id}:activity")


async def look(world: World, incident: Incident, now: datetime) -> Decision:
    """The time is over: the room is read. Without a room people are paged."""
    if incident.room.channel_id is None:
        return await _page(world, incident, now)
    later = incident.with_deadlines(silence=now + LOOK_AGAIN)
    return Decision(later, quiet=True).with_effects(read_activity(incident))


async def heard(world: World, claim: Claim, result: RoomActivity) -> None:
    """The room was read. Raises Conflict, LeaseLost, NotFound, StoreUnavailable."""
    assert claim.incident_id is not None

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        allowed = allowed_silence(incident, world.policy)
        if allowed is None or incident.deadlines.silence is None:
            return None
        if result.last_at is not None and result.last_at > last_heard(incident):
            spoken = Decision(heard_of(incident, result.last_at, allowed), quiet=True)
            if incident.escalation.silent:
                spoken = spoken.withdraw(SLOT)
            if result.last_at + allowed > now:
                return spoken
            return spoken.and_then(await _page(world, spoken.incident, now))
        state = incident.escalation
        if not state.silent and last_heard(incident) + allowed > now:
            return None  # somebody did something while the room was read
        if (
            state.silent
            and state.last_paged_at
            and now - state.last_paged_at < min(_within(world, incident), LOOK_AGAIN)
        ):
            return None  # the room was read twice
        return await _page(world, incident, now)

    await change(world, claim.incident_id, decide, ends=claim, alone=True)


async def _page(world: World, incident: Incident, now: datetime) -> Decision:
    """The commander is paged first; whoever does not answer within the time to acknowledge is followed by the next level."""
    within = _within(world, incident)
    silent = incident.escalation.silent
    lead = incident.commander or incident.acknowledged_by
    if lead and not incident.kept_out(lead) and (silent == 0 or not incident.escalation.levels):
        person = await world.directory.person(lead)
        asleep = page_hours.asleep((person,) if person else (), incident.severity, world.policy, now)
        if asleep:
            return Decision(incident.with_deadlines(silence=asleep[lead]), quiet=True)
        return _paged_lead(incident, lead, now, within)
    reached = incident.escalation.reached
    decision = await page_next(world, incident, now, reason=PageReason.SILENCE)
    if not decision.entries:  # everybody of that level sleeps
        return Decision(incident.with_deadlines(silence=now + within), quiet=True)
    after = decision.incident
    again = (world.policy.repeat_every(after.severity) or within) if after.escalation.reached == reached else within
    state = after.escalation.copy_with(silent=silent + 1)
    return replace(decision, incident=after.copy_with(escalation=state).with_deadlines(silence=now + again))


def _within(world: World, incident: Incident) -> timedelta:
    known = world.policy.severities.get(incident.severity)
    return known.acknowledge_within if known else escalation.FALLBACK_REPEAT


def _paged_lead(incident: Incident, lead: str, now: datetime, within: timedelta) -> Decision:
    state = incident.escalation.copy_with(silent=incident.escalation.silent + 1, last_paged_at=now)
    after = incident.with_invitees(lead).copy_with(escalation=state).with_deadlines(silence=now + within)
    event = PeoplePaged(paged=(lead,), reason=PageReason.SILENCE)
    decision = Decision(after).record(event, now).with_effects(*escalation.invite_new(incident, after))
    return decision.say(Paged(people=(lead,), level=0, reason=PageReason.SILENCE), slot=SLOT)
