"""What became of an effect: the claim ends together with what follows from it; what failed for good is asked for again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from warroom.alerts.attach_rules import POLLED
from warroom.errors import AlreadyDone, NotFound, Rejected, Retryable
from warroom.escalation import silence
from warroom.incident import archiving, opening
from warroom.incident.change import authorize, change, done
from warroom.incident.decision import Decision
from warroom.incident.events import EffectFailed, EffectKind
from warroom.incident.lookup import by_id
from warroom.incident.model import Incident
from warroom.incident.notices import (
    CouldNotInvite,
    EffectFailedNotice,
    NobodyFound,
    Notice,
    OpenElsewhere,
    Problem,
    RoomLost,
    RoomNotOpened,
)
from warroom.incident.parts import LeftOpen
from warroom.investigation import lifecycle as investigations
from warroom.investigation.prose import Prose
from warroom.oncall import user_groups
from warroom.oncall.usecases import override_shown
from warroom.outbox.changes import FARTHEST, LANDS_WITHIN, Changeset, Claim, ClaimOutcome, ClaimResult
from warroom.outbox.effects import (
    Announce,
    Effect,
    ExternalEffect,
    Investigate,
    Narrate,
    OpenRoom,
    Place,
    Post,
    PrivateReply,
    ReadAlertChannels,
    ReadRoomActivity,
    ReadRoomMembers,
    SyncDirectory,
)
from warroom.outbox.incoming import Incoming
from warroom.outbox.remote import take
from warroom.outbox.results import (
    AboutIncident,
    Announced,
    CanvasShown,
    CardShown,
    ChannelArchived,
    ChannelCreated,
    ChannelRenamed,
    ChannelUnarchived,
    DirectlySent,
    EffectResult,
    ExternalResult,
    InvestigationDone,
    Narrated,
    OverrideShown,
    PeopleAdded,
    Posted,
    RoomActivity,
    RoomMembers,
    TeamTold,
    UserGroupKept,
)
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import NothingToRetry
from warroom.runbooks.automatic import with_automatic_runbooks

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
"""Seconds between tries: 1, 2, 4 … 60."""

ELSEWHERE = "elsewhere"
"""The slot of the line about what is still open elsewhere."""
GIVE_UP_AFTER = timedelta(hours=12)
"""An effect that kept failing for so long becomes a dead letter: what it would say is not true any more."""
FEWEST_TRIES = 3
"""One that waited that long for the process itself, or was requeued by hand, has so many tries all the same."""


async def on_success(world: World, claim: Claim, result: EffectResult | Incoming | None) -> None:
    """The effect was performed; `result` is what the world answered. Raises Conflict, LeaseLost, StoreUnavailable."""
    if isinstance(result, Incoming):
        await take(world, result, POLLED, ends=claim)
        return
    if isinstance(result, OverrideShown):
        await override_shown(world, claim, result)
        return
    if isinstance(result, UserGroupKept):
        await user_groups.kept(world, claim, result)
        return
    if isinstance(result, RoomActivity):
        await silence.heard(world, claim, result)
        return
    external = isinstance(claim.effect, ExternalEffect)
    if claim.incident_id is None or (result is None and not external):
        await world.commit(Changeset(now=world.clock.now(), claim_result=done(claim)))
        return
    found: AboutIncident | None = result

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        decision = _apply_result(world, incident, found, now) if found is not None else None
        return _closed(decision, incident, claim.key) if external else decision

    await change(world, claim.incident_id, decide, ends=claim)


def _apply_result(world: World, incident: Incident, result: AboutIncident, now: datetime) -> Decision | None:
    match result:
        case ChannelCreated():
            return with_automatic_runbooks(opening.opened(incident, result, now, world.policy), world.library)
        case ChannelRenamed():
            return Decision(incident.with_room(channel_name=result.name), quiet=True)
        case ChannelArchived():
            return archiving.archived(incident, now)
        case ChannelUnarchived():
            return archiving.unarchived(incident, result, now, world.policy)
        case CardShown():
            return opening.shown(incident, result)
        case Announced():
            return opening.announced(incident, result)
        case TeamTold():
            return opening.team_told(incident, result)
        case Posted():
            return opening.posted(incident, result)
        case DirectlySent():
            return opening.directly_sent(incident, result)
        case CanvasShown():
            return Decision(incident.with_room(canvas_id=result.canvas_id), quiet=True)
        case PeopleAdded():
            return opening.invited(incident, result)
        case RoomMembers():
            return opening.members_read(incident, result)
        case InvestigationDone():
            answered = investigations.finished(incident, result, now)
            return answered and with_automatic_runbooks(answered, world.library)
        case Narrated():
            return investigations.narrated(incident, result)
        case ExternalResult():
            return world.integrations.on_result(incident, result, now, world.policy)
    assert_never(result)


async def failed(world: World, claim: Claim, error: Retryable) -> None:
    """The effect failed for now and is tried again; after too long it is given up. Raises LeaseLost, StoreUnavailable."""
    now = world.clock.now()
    if now - claim.created_at > GIVE_UP_AFTER and claim.attempts >= FEWEST_TRIES:
        await on_failure(world, claim, Rejected(f"{error} (tried {claim.attempts} times)"))
        return
    wait = min(FIRST_WAIT * 2 ** min(claim.attempts - 1, 10), LONGEST_WAIT)
    if error.after is not None:
        wait = error.after
    if error.outcome_unknown:
        wait = max(wait, LANDS_WITHIN.total_seconds())
    claim_result = ClaimResult(
        key=claim.key,
        fence=claim.fence,
        rev=claim.rev,
        outcome=ClaimOutcome.RETRY,
        retry_at=now + min(timedelta(seconds=wait), FARTHEST),
        error=str(error),
        # An earlier try may have happened, whatever stopped this one.
        outcome_unknown=error.outcome_unknown or claim.outcome_unknown,
    )
    await world.commit(Changeset(now=now, claim_result=claim_result))


FAULT = "a fault in Warroom"
"""How the reason of a failure begins that was no failure of the world's."""
FIRST_FAULT_WAIT = timedelta(seconds=15)
FAULTS = 10
"""So many tries, over GIVE_UP_FAULT_AFTER at least, and what fails by a fault of our own is given up: it would fail for ever."""
GIVE_UP_FAULT_AFTER = timedelta(hours=1)


async def crashed(world: World, claim: Claim, error: Exception) -> bool:
    """Working on the claim failed by a fault of our own. It is tried again after 15 s, 30 s, 1 min … 10 min, and ends as a dead
    letter; an effect in the last try of which something else went wrong has two tries left. Returns whether it was given up.

    Raises Conflict, LeaseLost, StoreUnavailable.
    """
    now, why = world.clock.now(), f"{FAULT} ({type(error).__name__}); the log has more"
    again = claim.error.startswith(FAULT)
    if again and claim.attempts >= FAULTS and now - claim.created_at > GIVE_UP_FAULT_AFTER:
        given_up = Rejected(f"{why} (tried {claim.attempts} times)")
        if claim.effect is not None:
            await on_failure(world, claim, given_up)
        else:
            await world.commit(Changeset(now=now, claim_result=_result(claim, ClaimOutcome.DEAD, str(given_up))))
        return True
    wait = min(FIRST_FAULT_WAIT * 2 ** min(claim.attempts - 1, 10), FARTHEST)
    result = _result(claim, ClaimOutcome.RETRY, why).copy_with(retry_at=now + wait, outcome_unknown=True)
    await world.commit(Changeset(now=now, claim_result=result))
    return False


def _result(claim: Claim, outcome: ClaimOutcome, error: str) -> ClaimResult:
    return ClaimResult(key=claim.key, fence=claim.fence, rev=claim.rev, outcome=outcome, error=error)


async def on_failure(world: World, claim: Claim, error: Rejected) -> None:
    """The effect failed for good: it becomes a dead letter, and one line is said where people look.

    Raises Conflict, LeaseLost, StoreUnavailable.
    """
    dead = _result(claim, ClaimOutcome.DEAD, str(error))
    effect = claim.effect
    assert effect is not None

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        decision = _failure_notice(world, incident, effect, error, now)
        return decision if decision.entries or decision.effects else None

    try:
        if claim.incident_id is not None:
            await change(world, claim.incident_id, decide, claim_result=dead)
            return
    except NotFound:
        pass  # of an incident that is not in the record nothing can be said
    await world.commit(Changeset(now=world.clock.now(), claim_result=dead))


PROBLEMS = (NobodyFound, CouldNotInvite, EffectFailedNotice, OpenElsewhere, RoomLost, Problem)
"""Notices that speak of something that failed: when one cannot be posted, no other follows from that."""


def _failure_notice(world: World, incident: Incident, effect: Effect, error: Rejected, now: datetime) -> Decision:
    """What is said about a failure. A failed answer is only kept in the outbox: saying it would fail too."""
    decision = Decision(incident, quiet=True)
    if isinstance(effect, (PrivateReply, SyncDirectory, ReadAlertChannels, ReadRoomMembers, ReadRoomActivity)):
        return decision
    if isinstance(effect, Post) and isinstance(effect.notice, PROBLEMS):
        return _elsewhere(decision, error) if effect.place is Place.ROOM else decision
    if isinstance(effect, Investigate):
        # Its own message says so.
        return investigations.failed(incident, effect.run, str(error), error.advice)
    if isinstance(effect, Narrate):
        prose = Prose(run=effect.run, problem=str(error))
        return investigations.narrated(incident, Narrated(prose=prose)) or decision
    what = ""
    if isinstance(effect, ExternalEffect):
        after, what = world.integrations.on_failure(incident, effect)
        decision = Decision(after, quiet=True)
    kind, channel = effect_kind(effect), effect.channel if isinstance(effect, Announce) else ""
    event = EffectFailed(
        effect=kind, what=what, channel=channel, error=str(error), code=error.code, advice=error.advice
    )
    decision = decision.record(event, now, key=f"problem:{effect.key}")
    if isinstance(effect, ExternalEffect):
        left = LeftOpen(key=effect.key, what=what, error=str(error), advice=error.advice)
        if not incident.state.open:
            return left_open(decision, (*_others(decision.incident, effect.key), left))
        notice = EffectFailedNotice(effect=kind, what=what, error=str(error), advice=error.advice, retry=effect.key)
        # It may fail again: the newest line takes the place of the one before.
        return decision.say(notice, slot=f"problem:{effect.key}", key=f"problem:{effect.key}:{incident.version}")
    if not isinstance(effect, OpenRoom):
        notice = EffectFailedNotice(effect=kind, channel=channel, error=str(error), advice=error.advice)
        return decision.say(notice, key=f"problem:{effect.key}")
    no_room = RoomNotOpened(error=str(error), advice=error.advice)
    return decision.with_effects(*_to_one(incident, incident.declared_by, no_room, "no-room"))


def left_open(decision: Decision, left: tuple[LeftOpen, ...]) -> Decision:
    """With that as what is still open elsewhere: one line, which takes the place of the one before."""
    after = decision.with_changes(left_open=left)
    if not left:
        return after.withdraw(ELSEWHERE)
    return after.say(OpenElsewhere(left=left), slot=ELSEWHERE, key=f"elsewhere:{decision.incident.version}")


def _others(incident: Incident, key: str) -> tuple[LeftOpen, ...]:
    return tuple(each for each in incident.left_open if each.key != key)


def _closed(decision: Decision | None, incident: Incident, key: str) -> Decision | None:
    """The decision, and what could not be closed before is closed now."""
    now = decision.incident if decision else incident
    if all(each.key != key for each in now.left_open):
        return decision
    return left_open(decision or Decision(incident, quiet=True), _others(now, key))


def effect_kind(effect: Effect) -> EffectKind:
    """What is said to have failed. Raises ValueError for an effect about no incident, and for those nobody is told of."""
    if isinstance(effect, Post) and effect.place is Place.ANNOUNCEMENT:
        return EffectKind.POST_UNDER_ANNOUNCEMENT
    return EffectKind(effect.kind)


def _elsewhere(decision: Decision, error: Rejected) -> Decision:
    """The room cannot be written into: said once under the announcement, else to whoever leads."""
    incident, notice = decision.incident, RoomLost(error=str(error), advice=error.advice)
    if incident.room.announced_ts and not incident.private:
        return decision.say(notice, Place.ANNOUNCEMENT, key="room-lost")
    lead = incident.commander or incident.declared_by
    return decision.with_effects(*_to_one(incident, lead, notice, "room-lost"))


def _to_one(incident: Incident, user: str | None, notice: Notice, key: str) -> tuple[PrivateReply, ...]:
    """The notice for one person alone; nothing where there is nobody."""
    if user is None:
        return ()
    return (PrivateReply(incident_id=incident.id, key=f"{incident.id}:{key}", user=user, notice=notice),)


EVERYTHING = "*"
"""Instead of one key: whatever could not be closed at the end."""


async def retry(world: World, incident_id: str, key: str, by: str) -> Incident:
    """The effect of that key, which belongs to the incident, is due again; for EVERYTHING all that is still open elsewhere.
    Raises AlreadyDone, Refused, NotFound.
    """
    incident = await by_id(world, incident_id)
    await authorize(world, Permission.UPDATE, by, incident)
    keys = [each.key for each in incident.left_open] if key == EVERYTHING else [key]
    mine = [each for each in keys if each.startswith(f"{incident.id}:")]
    if not mine or not await world.store.requeue(mine, world.clock.now()):
        raise AlreadyDone(NothingToRetry(incident=incident.name))
    world.nudge()
    return incident
