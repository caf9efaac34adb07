"""What people, timers and answers do with runs. Each is one change of the incident, in which the run changes too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from warroom.errors import AlreadyDone, Forbidden, Refused, Rejected
from warroom.incident.change import authorize, authorize_any, change
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.outbox.changes import Claim
from warroom.outbox.effects import LookAtRun, RunStep
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import Attempt, NotInState, RunbookRefused, RunbookWhy
from warroom.runbooks import rules
from warroom.runbooks.begin import changed_too_often, refused
from warroom.runbooks.decisions import both, decision_of, next_due, setting_of
from warroom.runbooks.engine.work import Advanced, Outcome, Setting
from warroom.runbooks.run import Run, StepState

# -- what people do in a run


async def stop(world: World, run_id: str, by: str) -> Run:
    """Nothing more begins. Raises AlreadyDone, Refused, NotFound."""

    def decided(run: Run, setting: Setting) -> Advanced:
        return rules.stop(run, by, setting)

    return await _by_person(world, run_id, by, decided)


async def undo(world: World, run_id: str, by: str) -> Run:
    """What was done before the run was stopped is taken back. Raises AlreadyDone, Refused, NotFound."""

    async def allowed(incident: Incident, run: Run) -> None:
        await authorize(world, Permission.RUN, by, incident)
        if not incident.state.open:
            raise Refused(NotInState(incident=incident.name, state=incident.state, attempt=Attempt.RUN))
        if not run.undoable:
            raise AlreadyDone(refused(RunbookWhy.OUTDATED, run.runbook))

    return await _by_person(world, run_id, by, lambda run, setting: rules.undo(run, by, setting), allowed, over=True)


async def approve(world: World, run_id: str, step: str, token: str, by: str) -> Run:
    """Somebody agrees to a step. Raises AlreadyDone, Refused, NotFound."""
    return await _approval(world, run_id, step, token, by, rules.approve)


async def decline(world: World, run_id: str, step: str, token: str, by: str) -> Run:
    """Somebody says no to a step; the run ends. Raises AlreadyDone, Refused, NotFound."""
    return await _approval(world, run_id, step, token, by, rules.decline)


async def _approval(
    world: World,
    run_id: str,
    step_id: str,
    token: str,
    by: str,
    rule: Callable[[Run, str, str, Setting], Advanced],
) -> Run:
    async def allowed(incident: Incident, run: Run) -> None:
        step = run.step(step_id)
        if step is None or step.token != token or step.state is not StepState.APPROVAL:
            raise AlreadyDone(refused(RunbookWhy.OUTDATED, run.runbook))
        await authorize(world, Permission.APPROVE, by, incident)
        await authorize_any(world, Permission.APPROVE, step.may, by, incident)
        if rule is rules.approve and step.second_person and (run.undo_by or run.asked_by) == by:
            raise Forbidden(refused(RunbookWhy.SECOND_PERSON, run.runbook))

    return await _by_person(world, run_id, by, lambda run, setting: rule(run, step_id, by, setting), allowed)


async def answer(world: World, run_id: str, step_id: str, token: str, said: str, by: str) -> Run:
    """Somebody answers a question of the run. Raises AlreadyDone, Refused, NotFound."""

    async def allowed(incident: Incident, run: Run) -> None:
        _current(run, step_id, token, StepState.ASKED)
        await authorize(world, Permission.RUN, by, incident)

    return await _by_person(
        world, run_id, by, lambda run, setting: rules.answer(run, step_id, said, by, setting), allowed
    )


async def clear_up(world: World, run_id: str, step_id: str, token: str, happened: bool, by: str) -> Run:
    """Somebody found out whether a step was done. Raises AlreadyDone, Refused, NotFound."""

    async def allowed(incident: Incident, run: Run) -> None:
        _current(run, step_id, token, StepState.UNCLEAR)
        await authorize(world, Permission.APPROVE, by, incident)

    return await _by_person(
        world, run_id, by, lambda run, setting: rules.clear_up(run, step_id, happened, by, setting), allowed
    )


async def tick(world: World, run_id: str, ticked: Mapping[str, bool], by: str) -> Run:
    """Somebody ticked boxes of a checklist, or took ticks back: by step, whether it is done. Raises Refused, NotFound."""

    def decided(run: Run, setting: Setting) -> Advanced:
        found = Advanced(run)
        for step_id, done in ticked.items():
            further = rules.tick(found.run, step_id, done, by, setting)
            found = replace(further, news=(*found.news, *further.news))
        return found

    return await _by_person(world, run_id, by, decided)


def _current(run: Run, step_id: str, token: str, state: StepState) -> None:
    step = run.step(step_id)
    if step is None or step.token != token or step.state is not state:
        raise AlreadyDone(refused(RunbookWhy.OUTDATED, run.runbook))


async def _by_person(
    world: World,
    run_id: str,
    by: str,
    rule: Callable[[Run, Setting], Advanced],
    allowed: Callable[[Incident, Run], Any] | None = None,
    *,
    over: bool = False,
) -> Run:
    """Raises AlreadyDone where the run is over, unless `over`, or the rule changes nothing."""
    known = await _known(world, run_id)
    found: list[Run] = []

    async def decide(incident: Incident, now: datetime) -> Decision:
        run = await _known(world, run_id)
        if run.state.over and not over:
            raise AlreadyDone(refused(RunbookWhy.OVER, run.runbook))
        if allowed is None:
            await authorize(world, Permission.RUN, by, incident)
        else:
            await allowed(incident, run)
        setting = await setting_of(world, run, now)
        advanced = rule(run, setting)
        if advanced.run == run:
            raise AlreadyDone(refused(RunbookWhy.OUTDATED, run.runbook))
        decision, after = await decision_of(world, incident, advanced, setting)
        found[:] = [after]
        return decision

    await change(world, known.incident_id, decide, alone=True)
    return found[0]


async def _known(world: World, run_id: str) -> Run:
    run = await world.store.run(run_id)
    if run is None:
        raise Refused(RunbookRefused(why=RunbookWhy.GONE, runbook=""))
    return run


# -- what happens without people


async def due(world: World, incident: Incident, now: datetime) -> Decision | None:
    """The timer `runbook`: whatever of the incident's runs is due."""
    decision = Decision(incident.with_deadlines(runbook=None), quiet=True)
    for run in await world.store.active_runs(incident.id):
        setting = await setting_of(world, run, now)
        advanced = rules.advance(run, setting)
        if advanced.run != run:
            further, _ = await decision_of(world, decision.incident, advanced, setting, decision.runs)
            decision = both(decision, further)
    return decision.with_deadlines(runbook=await next_due(world, decision, (), now))


async def look_at(world: World, effect: LookAtRun) -> None:
    """A run that waited for another one may go on. Raises Conflict, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        run = await world.store.run(effect.run_id)
        if run is None or run.state.over:
            return None
        setting = await setting_of(world, run, now)
        advanced = rules.advance(run, setting)
        return None if advanced.run == run else (await decision_of(world, incident, advanced, setting))[0]

    assert effect.incident_id is not None
    await change(world, effect.incident_id, decide, alone=True)


async def begin_call(world: World, effect: RunStep) -> Run | None:
    """The run with a mark that the call may change something from now on, which is stored; None where it must not be made any more.

    Whatever stops the run is stored before or after this, never at the same time: so after a stop nothing begins. Raises Rejected
    where one of its targets was changed too often meanwhile: the run holds them, so nobody else counts one more at the same time.
    """
    assert effect.incident_id is not None
    found: list[Run] = []

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        found.clear()
        run = await world.store.run(effect.run_id)
        marked = rules.mark_begun(run, effect.step, effect.call, now) if run else None
        if run is None or marked is None:
            return None
        often = await changed_too_often(world, (each for each in run.targets if each not in run.changed), now)
        if often is not None:
            rate = world.policy.remediation.at_most
            raise Rejected(
                f"{often[0]} was changed {rate} already, which is the most that the policy allows",
                code="too_often",
                advice=f"It may be changed again at {often[1]:%H:%M} UTC.",
            )
        found.append(marked)
        return Decision(incident, runs=(marked,), quiet=True)

    await change(world, effect.incident_id, decide, alone=True)
    return found[0].copy_with(version=found[0].version + 1) if found else None


async def call_ended(world: World, claim: Claim, effect: RunStep, outcome: Outcome | None) -> None:
    """A call was answered; None: it was not made, because it must not be made any more, as after a stop. Ends the claim.

    Raises Conflict, LeaseLost, NotFound.
    """
    assert effect.incident_id is not None

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        run = await world.store.run(effect.run_id)
        if run is None:
            return None
        setting = await setting_of(world, run, now)
        if outcome is None:
            advanced = rules.not_made(run, effect.step, effect.call, setting)
        else:
            advanced = rules.finished(run, effect.step, effect.call, outcome, setting)
        return None if advanced.run == run else (await decision_of(world, incident, advanced, setting))[0]

    await change(world, effect.incident_id, decide, ends=claim, alone=True)
