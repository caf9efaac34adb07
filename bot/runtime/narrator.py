"""Performs `Narrate`: a language model writes about an answer, within its bounds. The answer stands already."""

from __future__ import annotations

import asyncio

import structlog

from bot.runtime.leases import held
from bot.runtime.observability import hide
from bot.runtime.side_by_side import side_by_side
from warroom.capabilities import LanguageModel
from warroom.errors import Rejected, Retryable, WarroomError
from warroom.incident.model import Incident
from warroom.investigation.hidden import without_secrets
from warroom.investigation.look_ups import LookUps
from warroom.investigation.looks import Request, Sources
from warroom.investigation.narrate import Asked, narrate
from warroom.investigation.prose import Prose
from warroom.investigation.usecases import until_when
from warroom.outbox.changes import Claim
from warroom.outbox.effects import Narrate
from warroom.outbox.results import Narrated
from warroom.ports import World

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""Of one process at the same time."""
WAIT = 5.0
MOST_TRIES = 2
"""A process that dies may have asked already, which costs: it is asked once more at most."""
NOT_SENT = "private incidents are not sent to it (llm.private)"


def masked(text: str) -> str:
    """The text without the secrets that this process knows, and without what looks like one."""
    return without_secrets(hide(text))


class Narrator:
    """Asks the language model, where there is one."""

    def __init__(self, world: World, sources: Sources, model: LanguageModel | None = None) -> None:
        self._world, self._sources, self._model = world, sources, model
        self._under_way = 0

    def refused(self, incident: Incident) -> str | None:
        """Why the model is not told of the incident; "" where it is, None where there is no model."""
        if self._model is None:
            return None
        return NOT_SENT if incident.private and not self._model.bounds().private else ""

    async def perform(self, claim: Claim, effect: Narrate) -> Narrated | None:
        """What it wrote, or why it did not; None where nobody waits for it. Raises Retryable while others come first."""
        if self._under_way >= AT_ONCE:
            raise Retryable("other incidents come first", after=WAIT)
        self._under_way += 1
        try:
            async with held(self._world, claim):
                return await self._perform(claim, effect)
        finally:
            self._under_way -= 1

    async def _perform(self, claim: Claim, effect: Narrate) -> Narrated | None:
        incident = await self._world.store.incident(effect.incident_id or "")
        awaited = incident.investigation.prose if incident else None
        if incident is None or awaited is None or awaited.run != effect.run or not awaited.pending:
            return None
        model, why = self._model, self.refused(incident)
        if model is None:
            why = "it is not set up"
        elif claim.attempts > MOST_TRIES:
            why = "it was interrupted"
        if model is None or why:
            return Narrated(prose=Prose(run=effect.run, problem=why or ""))
        bounds = model.bounds()
        try:
            async with asyncio.timeout(bounds.time.total_seconds()):
                prose = await self._write(incident, effect, model)
        except TimeoutError:
            prose = Prose(run=effect.run, problem=f"it took longer than {bounds.time.total_seconds():g} s")
        except WarroomError as error:
            advice = f". {error.advice}" if isinstance(error, Rejected) and error.advice else ""
            prose = Prose(run=effect.run, problem=masked(f"{error}{advice}".removesuffix(".")))
        except Exception:
            # Of any kind, a bug: the answer stands without words, and the log says more.
            log.exception("the answer could not be put into words")
            prose = Prose(run=effect.run, problem="a fault in Warroom; its log says more")
        log.info(
            "a language model was asked",
            look_ups=prose.look_ups,
            tokens=prose.tokens,
            sentences=len(prose.sentences),
            left_out=prose.left_out,
            problem=prose.problem,
        )
        return Narrated(prose=prose)

    async def _write(self, incident: Incident, effect: Narrate, model: LanguageModel) -> Prose:
        answer = incident.investigation.answer
        assert answer is not None, "words are only awaited of an answer"
        world = self._world
        until = until_when(answer.at, world.clock.now(), world.policy.investigate.window)
        request = Request(answer.service, answer.at, until, incident)
        asked = Asked(answer, incident.title, effect.material, masked)
        look_ups = LookUps(request, world.policy, self._sources, world.store, side_by_side)
        return await narrate(effect.run, asked, model, look_ups)
