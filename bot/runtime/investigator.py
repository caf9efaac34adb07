"""Performs `Investigate`: it takes longer than a lease, so the lease is prolonged while it is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot import clock
from bot.runtime.investigation import Analysis, built_in, investigated
from bot.runtime.leases import held
from bot.runtime.narrator import Narrator
from warroom.errors import Rejected, Retryable, WarroomError
from warroom.incident.change import change
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.investigation.lifecycle import progressed
from warroom.investigation.looks import Sources
from warroom.investigation.model import NotLookedAt
from warroom.investigation.pictures import pictures_of
from warroom.investigation.prose import material_of
from warroom.investigation.usecases import request_for
from warroom.outbox.changes import Claim
from warroom.outbox.effects import Investigate
from warroom.outbox.results import InvestigationDone
from warroom.ports import World

log = structlog.get_logger(__name__)

APART = 2.0
"""Seconds between two redraws of what was looked at so far."""
AT_ONCE = 2
"""Investigations of one process at the same time."""
LONGEST = 58.0
"""Seconds of one: an answer stands within a minute, or why there is none."""
WAIT = 5.0


class Investigator:
    """Looks into incidents."""

    def __init__(
        self, world: World, sources: Sources, analysis: Analysis = built_in, narrator: Narrator | None = None
    ) -> None:
        self._world, self._sources, self._analysis, self._narrator = world, sources, analysis, narrator
        self._under_way = 0

    async def perform(self, claim: Claim, effect: Investigate) -> InvestigationDone | None:
        """What it says; None where the run is over already. Raises Retryable or Rejected."""
        if self._under_way >= AT_ONCE:
            raise Retryable("other investigations come first", after=WAIT)
        self._under_way += 1
        try:
            async with held(self._world, claim), asyncio.timeout(LONGEST):
                return await self._investigate(effect)
        except TimeoutError as error:
            advice = "Ask for less: a longer investigate.step, a shorter baseline, fewer services."
            raise Rejected(f"it took longer than {LONGEST:g} s", code="too_long", advice=advice) from error
        finally:
            self._under_way -= 1

    async def _investigate(self, effect: Investigate) -> InvestigationDone | None:
        world = self._world
        incident = await world.store.incident(effect.incident_id or "")
        running = incident.investigation.running if incident else None
        if incident is None or running is None or running.number != effect.run:
            return None
        now = world.clock.now()
        request = await request_for(incident, world.store, world.policy, now, running.service)
        progress = self._progress(incident, effect.run)
        answer, findings = await investigated(
            request, world.policy, self._sources, world.store, progress, self._analysis
        )
        why = self._narrator.refused(incident) if self._narrator else None
        return InvestigationDone(
            run=effect.run,
            answer=answer,
            pictures=pictures_of(answer, findings),
            material=material_of(answer, findings) if why == "" else (),
            no_prose=why or "",
        )

    def _progress(self, incident: Incident, run: int) -> _Progress:
        return _Progress(self._world, incident.id, run)


class _Progress:
    """Puts what was looked at so far into the record, not too often: the message is redrawn each time."""

    def __init__(self, world: World, incident_id: str, run: int) -> None:
        self._world, self._id, self._run = world, incident_id, run
        self._last = float("-inf")

    async def __call__(self, looked: Sequence[str], waiting: Sequence[str], failed: Sequence[NotLookedAt]) -> None:
        """See `warroom.investigation.usecases.Progress`."""
        now = clock.steady()
        if waiting and now - self._last < APART:
            return
        self._last = now

        async def decide(incident: Incident, _now: object) -> Decision | None:
            return progressed(incident, self._run, looked, waiting, failed)

        try:
            await change(self._world, self._id, decide)
        except WarroomError as error:
            # How far it got is not worth more than the answer.
            log.info("progress was not stored", why=str(error))
