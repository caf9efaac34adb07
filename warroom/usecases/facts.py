"""What became of an effect: the claim ends together with what follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from warroom import muting, opening
from warroom.changes import FARTHEST, Changeset, Claim, Ending, Settlement
from warroom.decision import Decision
from warroom.effects import (
    Announce,
    Effect,
    Invite,
    MuteMonitor,
    OpenRoom,
    Place,
    Post,
    ReadAlertChannels,
    SyncDirectory,
    Whisper,
)
from warroom.errors import Conflict, NotFound, Rejected, Retryable
from warroom.facts import (
    AboutIncident,
    Announced,
    CardShown,
    Fact,
    IncidentsRead,
    Invited,
    Mirrored,
    MonitorMuted,
    MonitorRead,
    MonitorsRead,
    Posted,
    RoomOpened,
)
from warroom.incident import Incident
from warroom.notices import Problem
from warroom.ports import World
from warroom.timeline import Happened
from warroom.usecases import mirroring, monitors
from warroom.usecases.change import ATTEMPTS, change, done

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
"""Seconds between tries: 1, 2, 4 … 60."""

GIVE_UP_AFTER = timedelta(hours=12)
"""An effect that kept failing for so long is buried: what it would say is not true any more."""
FEWEST_TRIES = 3
"""One that waited that long for the process itself, or was dug up, has so many tries all the same."""


async def performed(world: World, claim: Claim, fact: Fact | None) -> None:
    """The effect was performed; `fact` is what the world answered. Raises Conflict, LeaseLost, StoreUnavailable."""
    if isinstance(fact, IncidentsRead):
        await mirroring.heard(world, claim, fact)
        return
    if isinstance(fact, MonitorsRead | MonitorRead):
        await monitors.heard(world, claim, fact)
        return
    if fact is None or claim.incident_id is None:
        await world.commit(Changeset(now=world.clock.now(), settlement=done(claim)))
        return
    known: AboutIncident = fact

    async def decide(incident: Incident, now: datetime) -> Decision:
        if isinstance(known, Mirrored):
            return await mirroring.met(world, incident, known, now)
        return _learn(world, incident, known, now)

    await change(world, claim.incident_id, decide, settles=claim)


Answered = RoomOpened | CardShown | Announced | Posted | Invited | MonitorMuted


def _learn(world: World, incident: Incident, fact: Answered, now: datetime) -> Decision:
    match fact:
        case RoomOpened():
            return opening.opened(incident, fact, now, world.policy)
        case CardShown():
            return opening.shown(incident, fact)
        case Announced():
            return opening.announced(incident, fact)
        case Posted():
            return opening.posted(incident, fact)
        case Invited():
            return opening.invited(incident, fact)
        case MonitorMuted():
            return muting.muted(incident, fact, now)
    assert_never(fact)


async def failed(world: World, claim: Claim, error: Retryable) -> None:
    """The effect failed for now and is tried again; after too long it is given up. Raises LeaseLost, StoreUnavailable."""
    now = world.clock.now()
    if now - claim.created_at > GIVE_UP_AFTER and claim.attempts >= FEWEST_TRIES:
        await given_up(world, claim, Rejected(f"{error} (tried {claim.attempts} times)"))
        return
    wait = min(FIRST_WAIT * 2 ** min(claim.attempts - 1, 10), LONGEST_WAIT)
    settlement = Settlement(
        key=claim.key,
        fence=claim.fence,
        rev=claim.rev,
        ending=Ending.RETRY,
        retry_at=now + min(timedelta(seconds=error.after if error.after is not None else wait), FARTHEST),
        error=str(error),
        # Whatever stopped this try, the doubt about an earlier one remains.
        doubtful=error.doubtful or claim.doubtful,
    )
    await world.commit(Changeset(now=now, settlement=settlement))


async def given_up(world: World, claim: Claim, error: Rejected) -> None:
    """The effect failed for good: it is buried, and one line is said where people look. Raises LeaseLost, StoreUnavailable."""
    now = world.clock.now()
    buried = Settlement(
        key=claim.key,
        fence=claim.fence,
        rev=claim.rev,
        ending=Ending.BURIED,
        error=str(error),
    )
    effect = claim.effect
    assert effect is not None
    for _ in range(ATTEMPTS):
        incident = await world.store.incident(claim.incident_id) if claim.incident_id else None
        wanted = Changeset(now=now, settlement=buried)
        if incident is not None:
            decision = _confess(incident, effect, error, now)
            wanted = wanted.but(
                incident=decision.incident if decision.entries else None,
                entries=decision.entries,
                effects=decision.effects,
            )
        try:
            await world.commit(wanted)
            return
        except Conflict:
            continue
    raise NotFound(f"Incident {claim.incident_id} kept changing under us.")


def _confess(incident: Incident, effect: Effect, error: Rejected, now: datetime) -> Decision:
    """What is said about a failure. A failed answer is only kept in the outbox: saying it would fail too."""
    decision = Decision(incident, quiet=True)
    if isinstance(effect, (Whisper, SyncDirectory, ReadAlertChannels)):
        return decision
    if isinstance(effect, Post) and isinstance(effect.notice, Problem):
        return _elsewhere(decision, error) if effect.place is Place.ROOM else decision
    if isinstance(effect, MuteMonitor):
        decision = decision.having(muted=muting.not_muted(incident, effect).muted)
    what = f"{_deed(effect)}: {error}"
    decision = decision.note(Happened.PROBLEM, now, text=what, key=f"problem:{effect.key}")
    if not isinstance(effect, OpenRoom):
        return decision.say(Problem(what=what, advice=error.advice), key=f"problem:{effect.key}")
    if incident.declared_by is None:
        return decision
    text = f"{incident.name} is recorded, but its room could not be opened: {error}. {error.advice}"
    return decision.ask(
        Whisper(incident_id=incident.id, key=f"{incident.id}:no-room", user=incident.declared_by, text=text)
    )


def _elsewhere(decision: Decision, error: Rejected) -> Decision:
    """The room cannot be written into: said once under the announcement, else to whoever leads."""
    incident = decision.incident
    what = f"Nothing can be said in the room of {incident.name} any more: {error}"
    if incident.announced_ts and not incident.private:
        return decision.say(Problem(what=what, advice=error.advice), Place.ANNOUNCEMENT, key="room-lost")
    lead = incident.commander or incident.declared_by
    if lead is None:
        return decision
    key = f"{incident.id}:room-lost"
    return decision.ask(Whisper(incident_id=incident.id, key=key, user=lead, text=f"{what}. {error.advice}"))


def _deed(effect: Effect) -> str:
    match effect:
        case Announce():
            return f"The announcement in {effect.channel} failed"
        case Invite():
            return "An invitation failed"
        case Post() if effect.place is Place.ANNOUNCEMENT:
            return "A line under the announcement failed"
        case _:
            words = {
                "open_room": "The room could not be opened",
                "show_card": "The card could not be shown",
                "pin_card": "The card could not be pinned",
                "set_topic": "The topic could not be set",
                "set_purpose": "The purpose could not be set",
                "add_bookmark": "A bookmark could not be added",
                "tell_team": "The team's channel could not be told",
                "share_document": "The post-mortem could not be shared as a file",
                "mirror_incident": "The incident in Datadog could not be kept up to date",
                "mute_monitor": "The monitor could not be muted",
                "withdraw": "An old message could not be removed",
            }
            return words.get(effect.kind, "Something could not be done")
