"""Every command, click, form and shortcut leaves a row and a line in the log: who, what, about which incident, what came of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from handlers.answers import Asker
from warroom.changes import Audited, Changeset
from warroom.errors import AlreadyDone, Refused, StoreUnavailable
from warroom.incident import Incident
from warroom.ports import World

log = structlog.get_logger("audit")

SAID_LIMIT = 1000
"""Characters of what was typed that are kept."""
DONE = "done"


@dataclass
class Gesture:
    """What is being done; `result` becomes what came of it."""

    result: str = DONE


@contextlib.asynccontextmanager
async def audited(world: World, asker: Asker, what: str, said: str = "") -> AsyncIterator[Gesture]:
    """Around a gesture. Every line of the log within has who did it, and the incident once it is known (`about`)."""
    gesture = Gesture()
    with structlog.contextvars.bound_contextvars(by=asker.user, gesture=asker.key, incident=None):
        try:
            yield gesture
        except AlreadyDone as done:
            gesture.result = f"nothing to do: {done}"
            raise
        except Refused as refused:
            gesture.result = f"refused: {refused}"
            raise
        except BaseException as error:
            # Whatever went wrong is handled elsewhere; that it was tried belongs to the trail.
            gesture.result = f"failed: {type(error).__name__}"
            raise
        finally:
            await _write(world, asker, what, said, gesture.result)


def about(incident: Incident) -> None:
    """The gesture turns out to be about this incident."""
    structlog.contextvars.bind_contextvars(incident=incident.name)


async def about_id(world: World, incident_id: str) -> Incident | None:
    """The same by id; None when there is no such incident. Raises StoreUnavailable."""
    incident = await world.store.incident(incident_id) if incident_id else None
    if incident is not None:
        about(incident)
    return incident


async def _write(world: World, asker: Asker, what: str, said: str, result: str) -> None:
    now = world.clock.now()
    incident = structlog.contextvars.get_contextvars().get("incident")
    row = Audited(
        at=now,
        by=asker.user,
        what=what,
        incident=incident,
        channel=asker.channel,
        said=said if len(said) <= SAID_LIMIT else said[: SAID_LIMIT - 1] + "…",
        result=result,
    )
    log.info(what, result=result.partition(":")[0])
    try:
        await world.store.commit(Changeset(now=now, audited=(row,)))
    except StoreUnavailable as error:
        log.error("the audit trail misses this, the database is away", error=str(error))
