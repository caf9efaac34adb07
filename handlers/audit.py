"""What holds for every command, click, form and shortcut: it leaves a row in the audit trail and a line in the log (who, what,
about which incident, what came of it), and a private incident is shown only to the people in its room.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from blocks.refusals import refusal_words
from handlers.answers import Actor
from warroom.errors import AlreadyDone, NotFound, Refused, Retryable, StoreUnavailable
from warroom.incident import record
from warroom.incident.change import require_active
from warroom.incident.model import Incident
from warroom.outbox.changes import Audited, Changeset, Envelope
from warroom.ports import World
from warroom.refusals import IncidentGone, LeftRoom, Repeated
from warroom.text import cut

log = structlog.get_logger("audit")

SAID_LIMIT = 1000
"""Characters of what was typed that are kept."""
DONE = "done"


@dataclass
class Gesture:
    """What is being done; `result` becomes what came of it."""

    result: str = DONE
    passing: bool = False
    """It failed for now and is tried again."""


@contextlib.asynccontextmanager
async def audited(
    world: World, actor: Actor, what: str, said: str = "", *, kept: bool = True
) -> AsyncIterator[Gesture]:
    """Around a gesture. Every line of the log within has who did it, and the incident once it is known (`about`).

    One that is `kept`, and interrupted because the process ends, leaves its row when the next process has done it.
    """
    gesture = Gesture()
    with structlog.contextvars.bound_contextvars(by=actor.user, gesture=actor.key, incident=None):
        over = True
        try:
            yield gesture
        except AlreadyDone as done:
            mine = isinstance(done, Repeated) and done.gesture == actor.key
            gesture.result = DONE if mine else f"nothing to do: {refusal_words(done.reason)}"
            raise
        except Refused as refused:
            gesture.result = f"refused: {refusal_words(refused.reason)}"
            raise
        except asyncio.CancelledError:
            gesture.result, over = "failed: the process ended", not kept
            raise
        except BaseException as error:
            # Of any kind, and raised again: whatever went wrong is handled elsewhere, that it was tried belongs into the audit trail.
            gesture.result, gesture.passing = f"failed: {type(error).__name__}", isinstance(error, Retryable)
            raise
        finally:
            if over:
                await _write(world, actor, what, said, gesture)


def about(incident: Incident) -> None:
    """The gesture turns out to be about this incident."""
    structlog.contextvars.bind_contextvars(incident=incident.name)


async def about_id(world: World, incident_id: str) -> Incident | None:
    """The same by id; None when there is no such incident. Raises StoreUnavailable."""
    incident = await world.store.incident(incident_id) if incident_id else None
    if incident is not None:
        about(incident)
    return incident


async def _write(world: World, actor: Actor, what: str, said: str, gesture: Gesture) -> None:
    now = world.clock.now()
    incident = structlog.contextvars.get_contextvars().get("incident")
    row = Audited(
        at=now,
        by=actor.user,
        what=what,
        incident=incident,
        channel=actor.channel,
        said=cut(said, SAID_LIMIT),
        result=gesture.result,
    )
    log.info(what, result=gesture.result.partition(":")[0])
    # A form that was refused is sent again under its own key; each sending has a trigger of its own.
    key = f"audited:{actor.trigger_id or actor.key}{':passing' if gesture.passing else ''}"
    mark = Envelope(key=key, kind="audited", body={}, received_at=now)
    try:
        await world.store.commit(Changeset(now=now, audited=(row,), envelope=mark, envelope_done=key))
    except StoreUnavailable as error:
        log.error("a row of the audit trail could not be stored", error=str(error))


async def admitted(world: World, actor: Actor, incident_id: str) -> None:
    """Returns when the actor may know of the incident that a button or form is about, or when it is about none.

    Whoever presses in its room is in it, also when Slack's word of their joining was lost. Raises NotFound, and Forbidden
    for an account that is not active.
    """
    await require_active(world, actor.user)
    incident = await about_id(world, incident_id)
    if incident is None or incident.shown_to(actor.user):
        return
    if actor.user in incident.participants.left:
        raise NotFound(LeftRoom())
    if incident.room.channel_id is None or actor.channel != incident.room.channel_id:
        raise NotFound(IncidentGone())
    await record.joined(world, incident.room.channel_id, actor.user)
