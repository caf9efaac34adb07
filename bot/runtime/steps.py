"""Makes the calls of runbooks' steps: within a limit of time, never twice without having looked, with secrets kept out of what is
stored.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bot.runtime.observability import hide_secrets
from bot.settings import named_secret
from warroom.capabilities import Finished, Pending, StepCall, StepKind
from warroom.errors import UNEXPECTED_SHAPE_ERRORS, LeaseLost, NotFound, Rejected, Retryable, WarroomError
from warroom.outbox.changes import Claim
from warroom.outbox.effects import RunStep
from warroom.outbox.usecases import FAULT
from warroom.policy.kinds import SECRET_NAME
from warroom.ports import World, acting
from warroom.runbooks import usecases as runbooks
from warroom.runbooks.engine.parameters import undo_sources
from warroom.runbooks.engine.work import Away, Failed, Outcome
from warroom.runbooks.outputs import Mask, cut_middle, kept
from warroom.runbooks.run import Run, StepRun, StepState

log = structlog.get_logger(__name__)

AT_ONCE = 12
"""Calls of this process at the same time; the dispatcher runs up to 48 workers."""
TURN = 0.25
"""Seconds until a call that had to wait for its turn is tried again."""
LONGEST_ERROR = 400


class StepPerformer:
    """Makes one call for each claim of a `RunStep`, and ends the claim."""

    def __init__(self, world: World, secret: Callable[[str], str | None] = named_secret) -> None:
        self._world, self._secret = world, secret
        self._busy = 0

    async def perform(self, claim: Claim, effect: RunStep) -> None:
        """Raises Retryable before anything was done, Conflict, LeaseLost, StoreUnavailable."""
        if self._busy >= AT_ONCE:
            raise Retryable("it waits for its turn", after=TURN)
        self._busy += 1
        try:
            outcome = await self._outcome(claim, effect)
        except WarroomError:
            raise
        except Exception as error:
            # Of any kind, a bug: the same call would fail again, and a run that waits for it holds its targets and calls nobody.
            log.exception("a step failed by a fault of our own", run=effect.run_id, step=effect.step)
            outcome = await self._fault(effect, error)
        finally:
            self._busy -= 1
        try:
            await runbooks.call_ended(self._world, claim, effect, outcome)
        except NotFound:
            raise LeaseLost("the incident is not in the record") from None

    async def _fault(self, effect: RunStep, error: Exception) -> Failed:
        """Only a person can tell what became of a call that had begun."""
        run = await self._world.store.run(effect.run_id)
        step = run.step(effect.step) if run else None
        begun = step is not None and step.begun_call == effect.call
        return Failed(f"{FAULT} ({type(error).__name__})", "Its log says more.", unclear=begun)

    async def _outcome(self, claim: Claim, effect: RunStep) -> Outcome | None:
        """What came of the call; None where it must not be made any more."""
        run = await self._world.store.run(effect.run_id)
        step = run.step(effect.step) if run else None
        if run is None or step is None or not step.in_flight or step.call != effect.call:
            return None
        if step.state is not StepState.RUNNING:
            return None
        kind = self._world.library.kinds.get(step.do)
        if not isinstance(kind, StepKind):
            return Failed(f"this version of Warroom knows no {step.do}", "Update Warroom, or do it by hand.")
        secrets = self._secrets_of(run)
        call = self._call(step, effect, secrets)
        parameters = kind.parameters.model_validate(step.parameters or {})
        changes = kind.changing(parameters)
        begun = step.look_first or step.begun_call == step.call
        undoes = step.id.startswith("undo.") and run.undoes_itself(step.id)
        if changes and begun and not undoes:
            # An earlier try may have done it: it is not done again before that is known.
            looked = await self._looked(kind, parameters, call)
            if looked is not None:
                return _masked(looked, kind, secrets)
        # The policy may have become another one since somebody approved this.
        if refused := kind.refused(parameters, self._world.policy.remediation.allow):
            return Failed(refused, "Ask whoever keeps the policy.")
        if changes:
            try:
                marked = await runbooks.begin_call(self._world, effect)
            except Rejected as error:
                return Failed(str(error), error.advice)
            if marked is None:
                return None
            run = marked
        undo = _undone(run, step).undo if undoes else None
        with acting(claim.taken_at, self._world.clock):
            return _masked(await self._made(kind, parameters, undo, call), kind, secrets)

    def _secrets_of(self, run: Run) -> list[str]:
        """All that the runbook names: what one step sent may come back in the answer to another one."""
        names = set(SECRET_NAME.findall(json.dumps(run.definition, default=str)))
        found = [secret for name in sorted(names) if (secret := self._secret(name)) and secret.strip()]
        hide_secrets(found)
        return found

    def _call(self, step: StepRun, effect: RunStep, secrets: list[str]) -> StepCall:
        now = self._world.clock.now()

        def secret(name: str) -> str:
            found = self._secret(name)
            if not found or not found.strip():
                raise Rejected(
                    f"the secret {name} is not set", code="no_secret", advice="Set that environment variable."
                )
            secrets.append(found)
            hide_secrets([found])
            return found

        return StepCall(
            key=f"{effect.run_id}:{step.id}:{step.attempt}",
            now=now,
            begun_at=step.tried_at or now,
            ends_at=step.ends_at or now,
            memory=step.memory,
            secret=secret,
        )

    async def _looked(self, kind: StepKind[Any], parameters: Any, call: StepCall) -> Outcome | None:
        """What came of the earlier try; None where it did not happen."""
        if not kind.looks:
            return Failed("its answer was lost, and it cannot be found out whether it was done", unclear=True)
        try:
            async with asyncio.timeout(kind.time_limit.total_seconds()):
                return await kind.look(parameters, call)
        except Rejected as error:
            return Failed(str(error), error.advice, unclear=True)
        except Retryable as error:
            return Away(str(error), error.after, unknown=True)
        except TimeoutError:
            return Away("it took too long to find out", unknown=True)
        except UNEXPECTED_SHAPE_ERRORS:
            log.exception("an answer has an unexpected shape", work=kind.step)
            return Away("the answer is not understood", unknown=True)

    @staticmethod
    async def _made(kind: StepKind[Any], parameters: Any, undo: Mapping[str, Any] | None, call: StepCall) -> Outcome:
        """`undo` is what the step that is taken back remembered; None where the step itself is to be done."""
        try:
            async with asyncio.timeout(kind.time_limit.total_seconds()):
                if undo is not None:
                    return await kind.undo(parameters, undo, call)  # harmless when called twice
                return await kind.run(parameters, call)
        except Rejected as error:
            return Failed(str(error), error.advice)
        except Retryable as error:
            return Away(str(error), error.after, error.outcome_unknown)
        except TimeoutError:
            return Away(f"it did not answer in {kind.time_limit.total_seconds():g} s", unknown=True)
        except UNEXPECTED_SHAPE_ERRORS:
            # What was asked for may have happened; an unexpected answer is not one to go on from.
            log.exception("an answer has an unexpected shape", work=kind.step)
            return Away("the answer is not understood", unknown=True)


def _undone(run: Run, step: StepRun) -> StepRun:
    """The step, or the item of one, that this one takes back."""
    steps = {each.id: each for each in run.steps}
    owner = step.id.rpartition(".")[0]
    if owner in steps:
        return undo_sources(steps, owner)[int(step.id.rpartition(".")[2]) - 1]
    return undo_sources(steps, step.id)[0]


def _masked(outcome: Outcome, kind: StepKind[Any], secrets: list[str]) -> Outcome:
    if isinstance(outcome, Finished | Pending):
        return kept(outcome, kind.most_output, secrets)
    error = cut_middle(Mask(secrets)(outcome.error), LONGEST_ERROR)
    if isinstance(outcome, Away):
        return Away(error, outcome.after, outcome.unknown)
    return Failed(error, Mask(secrets)(outcome.advice)[:LONGEST_ERROR], outcome.unclear)
