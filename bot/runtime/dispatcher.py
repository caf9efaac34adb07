"""The outbox at work: claims what is due, performs it, records the result. Several processes may run one each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog

from bot import clock
from bot.runtime.external import ExternalPerformer
from bot.runtime.investigator import Investigator
from bot.runtime.leases import held
from bot.runtime.narrator import Narrator
from bot.runtime.observability import Meters
from bot.runtime.steps import StepPerformer
from bot.runtime.supervised import Supervised
from warroom.alerts import usecases as alerts
from warroom.changes.usecases import look_for_changes
from warroom.errors import Conflict, LeaseLost, NotFound, Refused, Rejected, Retryable, StoreUnavailable
from warroom.escalation import timers
from warroom.incident.change import done
from warroom.metrics import weekly
from warroom.oncall import shift_change
from warroom.outbox import usecases as outbox
from warroom.outbox.changes import Changeset, Claim
from warroom.outbox.effects import (
    BeginRunbooks,
    DecideAlerts,
    Effect,
    ExternalEffect,
    Investigate,
    LookAtRun,
    LookForChanges,
    Narrate,
    RunStep,
)
from warroom.outbox.incoming import Incoming
from warroom.outbox.results import EffectResult
from warroom.ports import World
from warroom.runbooks import begin
from warroom.runbooks import usecases as runbooks

log = structlog.get_logger(__name__)

NAME = "dispatcher"
LEASE = timedelta(seconds=15)
"""Longer than any single outside call may take; what a dead process held is taken over after it."""
STUCK = 60.0
"""Seconds without a look at what is due; the scheduler ticks every second."""
SET_BACK = timedelta(minutes=1)
"""The clock was set back when it shows so much less than before; less than that is waited for."""
CANCELLED_WITHIN = 1.0
"""Seconds for work that was cancelled at the end."""
NAMES = 10_000
"""Incidents whose number is kept for the log."""
WIDTH = 48
"""Effects and timers in the works at once."""
HUNG = 120.0
"""Seconds after which work that we took over from ourselves is ended, if it goes on: longer than anything may take."""

Perform = Callable[[Claim, Effect], Awaitable[EffectResult | Incoming | None]]


def routed(chat: Perform, external: ExternalPerformer, investigator: Investigator, narrator: Narrator) -> Perform:
    """Every effect to whoever performs it."""

    async def perform(claim: Claim, effect: Effect) -> EffectResult | Incoming | None:
        if isinstance(effect, ExternalEffect):
            return await external.perform(effect, outcome_unknown=claim.outcome_unknown, taken_at=claim.taken_at)
        if isinstance(effect, Investigate):
            return await investigator.perform(claim, effect)
        if isinstance(effect, Narrate):
            return await narrator.perform(claim, effect)
        return await chat(claim, effect)

    return perform


class Dispatcher:
    """Works while there is something due; `nudge` wakes it. `on_idle` is called with the time at which the next thing is due."""

    def __init__(
        self,
        world: World,
        perform: Perform,
        meters: Meters,
        *,
        on_idle: Callable[[datetime | None], None] = lambda _: None,
        steady: Callable[[], float] = clock.steady,
        tasks: Supervised | None = None,
    ) -> None:
        self._world = world
        self._perform = perform
        self._meters = meters
        self._on_idle = on_idle
        self._steps = StepPerformer(world)
        self._wake = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._tasks: dict[asyncio.Task[None], str] = {}
        """What is in the works, with the claim's key."""
        self._kept = tasks or Supervised()
        self._open = True
        self._names: dict[str, str] = {}
        self._steady, self._beat = steady, steady()
        self._latest: datetime | None = None
        self._reset_until = datetime.min.replace(tzinfo=UTC)
        """While the clock shows less than this, what was decided before it was set back may still be stored."""

    @property
    def stuck(self) -> float | None:
        """Seconds since work was last looked for, None while that is not long ago."""
        ago = self._steady() - self._beat
        return ago if ago > STUCK else None

    def nudge(self) -> None:
        """Something may be due."""
        self._quiet.clear()
        self._wake.set()

    def start(self) -> None:
        """Begin to work."""
        self._kept.keep(NAME, self._run)
        self.nudge()

    async def drain(self, seconds: float) -> None:
        """Claim nothing more and let what is in the works finish; what does not is handed back when its lease ends."""
        self._open = False
        await self._kept.end(NAME)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                # What they hold is given back before the database and the clients are closed.
                await asyncio.wait(late, timeout=CANCELLED_WITHIN)

    async def quiet(self) -> None:
        """Returns when nothing is due and nothing is in the works."""
        self.nudge()
        await self._quiet.wait()

    async def _run(self) -> None:
        self.nudge()  # what woke a loop that was ended in the middle of its round is not forgotten
        while self._open:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._round()
            except StoreUnavailable as error:
                log.warning("the database is away; due work waits", error=str(error))
            except Exception:
                # Of any kind, a bug too: the loop must go on, or no effect is performed any more. The next tick starts a round.
                log.exception("a round of the dispatcher failed")

    async def _round(self) -> None:
        room = WIDTH - len(self._tasks)
        if room <= 0:
            return
        now = self._world.clock.now()
        if self._latest is not None and now < self._latest - SET_BACK:
            self._reset_until = now + SET_BACK
        if self._latest is None or now < self._reset_until:
            await self._reset_after_clock_change(now)
        self._latest = now
        claims = await self._world.store.claim(now=now, limit=room, lease=LEASE)
        self._beat = self._steady()
        for claim in claims:
            before = [task for task, key in self._tasks.items() if key == claim.key]
            # The lease counts from before the question, for a process may stand still between this and its work.
            mine = claim.copy_with(taken_at=now)
            task = asyncio.create_task(self._work(mine, before), name=f"work {claim.key}")
            self._tasks[task] = claim.key
            task.add_done_callback(self._finished)
        if len(claims) == room:
            self._wake.set()
        elif not claims and not self._tasks and not self._wake.is_set():
            self._on_idle(await self._world.store.next_due())
            if not self._wake.is_set():
                self._quiet.set()

    async def _reset_after_clock_change(self, now: datetime) -> None:
        """At the start, and when the clock was set back: work must not wait until the time comes again."""
        count = await self._world.store.reset_after_clock_change(now, LEASE)
        if count:
            log.warning("the clock was ahead; what was put off by it is due now", count=count)

    def _finished(self, task: asyncio.Task[None]) -> None:
        full = len(self._tasks) >= WIDTH
        self._tasks.pop(task, None)
        # What the work caused was announced by its commit. Only whether all is done, or there is room again, is news.
        if full or not self._tasks:
            self._wake.set()

    async def _work(self, claim: Claim, before: list[asyncio.Task[None]]) -> None:
        name = claim.timer or (claim.effect.label if claim.effect else "nothing")
        with structlog.contextvars.bound_contextvars(work=name, incident=claim.incident_id):
            try:
                if before:
                    claim = await self._let_arrive(claim, before)
                await self._say_which(claim)
                outcome = await self._do(claim)
            except LeaseLost:
                outcome = "lost"
            except (StoreUnavailable, Conflict) as error:
                log.warning(
                    "the result could not be stored; the work is done again when the lease ends", error=str(error)
                )
                outcome = "unsettled"
            except Exception as error:
                # Of any kind, a bug too: it is logged and counted as crashed, and the others go on.
                outcome = "crashed"
                await self._put_off(claim, error)
        self._meters.work(name, outcome, claim, self._world.clock.now())

    async def _let_arrive(self, claim: Claim, before: list[asyncio.Task[None]]) -> Claim:
        """Our own earlier work on the same claim ends first; then the lease begins anew. Raises LeaseLost where the claim is not ours
        any more.

        The clock was set ahead, or the machine slept: the lease was over and we took our own work over. Whoever looks for what is
        still on its way does not find it, and does it twice. Meanwhile the lease is held, or a third would wait behind the second.
        """
        async with held(self._world, claim):
            _, hung = await asyncio.wait(before, timeout=HUNG)
            if hung:
                log.error("work that does not end is ended, and done again", seconds=HUNG)
                for task in hung:
                    task.cancel()
                await asyncio.wait(hung, timeout=HUNG)
        if not self._open:
            raise LeaseLost("the process ends; whoever comes next looks for it")
        now = self._world.clock.now()
        if not await self._world.store.hold(claim, now + LEASE):
            raise LeaseLost("somebody else took it over meanwhile")
        return claim.copy_with(taken_at=now)

    async def _put_off(self, claim: Claim, error: Exception) -> None:
        """What fails by a fault of our own is tried again ever more seldom, and given up in the end, timers too.

        Each time has its line in the log; the traceback is there the first and the last time.
        """
        try:
            given_up = await outbox.crashed(self._world, claim, error)
        except (LeaseLost, StoreUnavailable, Conflict) as also:
            log.error("unexpected error; the work is tried again when its lease ends", exc_info=error, also=str(also))
            return
        if given_up:
            log.error("unexpected error; given up", exc_info=error)
        elif claim.error.startswith(outbox.FAULT):
            log.error("the same work failed again", error=f"{type(error).__name__}: {error}", attempts=claim.attempts)
        else:
            log.error("unexpected error; the work is tried again", exc_info=error)

    async def _say_which(self, claim: Claim) -> None:
        """Every line of the log from here on has the incident's number."""
        known = self._names.get(claim.incident_id or "")
        if known is None and claim.incident_id is not None:
            incident = await self._world.store.incident(claim.incident_id)
            if incident is None:
                return
            if len(self._names) >= NAMES:
                self._names.clear()
            known = self._names[claim.incident_id] = incident.name
        if known is not None:
            structlog.contextvars.bind_contextvars(incident=known)

    async def _do(self, claim: Claim) -> str:
        if claim.timer == weekly.TIMER:
            await weekly.fire(self._world, claim)
            return "done"
        if claim.timer is not None and claim.timer.startswith(shift_change.TIMER):
            await shift_change.fire(self._world, claim)
            return "done"
        if claim.effect is None:
            try:
                await timers.fire(self._world, claim)
            except NotFound:
                # Of an incident that is not in the record, as in an export that was changed by hand.
                await self._world.commit(Changeset(now=self._world.clock.now(), claim_result=done(claim)))
            except Refused:
                pass  # the claim has ended with it
            return "done"
        try:
            if isinstance(claim.effect, DecideAlerts):
                await alerts.decide_pending(self._world, self._meters.alert_decided)
                result = None
            elif isinstance(claim.effect, LookForChanges):
                await look_for_changes(self._world, claim.effect)
                result = None
            elif isinstance(claim.effect, LookAtRun):
                await runbooks.look_at(self._world, claim.effect)
                result = None
            elif isinstance(claim.effect, BeginRunbooks):
                await begin.begin_automatic(self._world, claim.effect)
                result = None
            elif isinstance(claim.effect, RunStep):
                await self._steps.perform(claim, claim.effect)  # it ends the claim
                return "done"
            else:
                result = await self._perform(claim, claim.effect)
        except Retryable as error:
            log.info("will be tried again", why=str(error), after=error.after)
            await outbox.failed(self._world, claim, error)
            return "retry"
        except Rejected as error:
            log.warning("given up", why=str(error), code=error.code, advice=error.advice)
            await outbox.on_failure(self._world, claim, error)
            return "dead letter"
        await outbox.on_success(self._world, claim, result)
        return "done"
