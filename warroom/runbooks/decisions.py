"""From what the rules of runs answer to a decision about the incident: entries, effects, what the room hears, who is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from warroom.capabilities import Finished
from warroom.errors import AlreadyDone, Refused, WarroomError
from warroom.incident.decision import Decision
from warroom.incident.events import PageReason
from warroom.incident.model import Incident
from warroom.incident.notices import RunAsks, RunFailed
from warroom.incident.usecases import page_next
from warroom.outbox.effects import Effect, LookAtRun, Post, RunStep, ShowRun
from warroom.ports import World
from warroom.runbooks import rules
from warroom.runbooks.decided import DecidedStep, NotNow, Told
from warroom.runbooks.engine.work import AGAIN, Advanced, Failed, News, Outcome, Setting
from warroom.runbooks.run import Run, RunState, StepState

log = structlog.get_logger(__name__)

LONGEST_WHY = 400
_WAITING = (StepState.APPROVAL, StepState.ASKED, StepState.UNCLEAR)
CALLS_PEOPLE = ("incident.escalate", "incident.page")
"""Kinds of steps after which nobody is called once more because the run failed."""


async def setting_of(world: World, run: Run, now: datetime) -> Setting:
    """What the rules look at besides the run."""
    held = await world.store.held_targets()
    busy: dict[str, str] = {}
    names: dict[str, str] = {}
    for target, holder in held.items():
        if holder != run.id:
            if holder not in names:
                names[holder] = await _name(world, holder, run)
            busy[target] = names[holder]
    return Setting(world.library.kinds, world.policy.remediation, now, busy)


async def _name(world: World, run_id: str, asking: Run) -> str:
    """How the holder of a target is called; nothing is said of a private incident elsewhere."""
    holder = await world.store.run(run_id)
    incident = await world.store.incident(holder.incident_id) if holder else None
    if holder is None or incident is None or (incident.private and incident.id != asking.incident_id):
        return "another run"
    return f"“{holder.runbook.name}” of {incident.name}"


async def decision_of(
    world: World, incident: Incident, advanced: Advanced, setting: Setting, beside: tuple[Run, ...] = ()
) -> tuple[Decision, Run]:
    """(the decision that makes the rules' answer true, the run in it). Steps that are decided here are decided."""
    decision = Decision(incident, quiet=True)
    news, calls = list(advanced.news), list(advanced.calls)
    if advanced.fell:
        decision = _say_failed(decision, advanced.run)
    while advanced.decide is not None:
        step = advanced.run.step(advanced.decide)
        assert step is not None
        further, outcome = await _decide_step(world, decision.incident, advanced.run, step.id, setting)
        decision = both(decision, further)
        advanced = rules.finished(advanced.run, step.id, step.call, outcome, setting)
        news += advanced.news
        calls += advanced.calls
        if advanced.fell:
            decision = _say_failed(decision, advanced.run)
    run = advanced.run
    for place, each in enumerate(news):
        decision = decision.record(each.event, setting.now, by=each.by, key=_news_key(run, place, each))
    effects: list[Effect] = [
        RunStep(incident_id=incident.id, key=f"{run.id}:{step_id}:{call}", run_id=run.id, step=step_id, call=call)
        for step_id in dict.fromkeys(calls)
        if (found := run.step(step_id)) and (call := found.call)
    ]
    decision = _asking(decision, run)
    effects.append(ShowRun(incident_id=incident.id, key=f"{run.id}:show", run_id=run.id))
    decision = replace(decision.with_effects(*effects), runs=(*decision.runs, run))
    if run.state.over:
        decision = await _ended(world, decision, run, setting.now)
    decision = replace(
        decision,
        incident=decision.incident.with_deadlines(runbook=await next_due(world, decision, beside, setting.now)),
    )
    return decision, run.copy_with(version=run.version + 1)


def _asking(decision: Decision, run: Run) -> Decision:
    """With a line that says that people are waited for, as long as they are: a message that only changes calls nobody's attention.
    Whoever asked for the run looks at it anyway while it begins.
    """
    slot = f"run:{run.number}:asks"
    waiting = [step for step in run.steps if step.state in _WAITING] if not run.checklist else []
    if not waiting or run.state is not RunState.RUNNING:
        return decision.withdraw(slot)
    if run.version == 0 and not run.automatic:
        return decision
    step = waiting[0]
    asker = run.undo_by or run.asked_by
    known = (decision.incident.commander, decision.incident.acknowledged_by, asker)
    people = tuple(dict.fromkeys(each for each in known if each and not (step.second_person and each == asker)))
    notice = RunAsks(
        runbook=run.runbook.name, step=step.id, approval=step.state is StepState.APPROVAL, people=people[:1]
    )
    return decision.say(notice, slot=slot, key=f"{run.id}:asks:{step.id}:{step.token}")


def _news_key(run: Run, place: int, news: News) -> str:
    return f"{run.id}:v{run.version}:{news.event.kind}:{place}"


async def _decide_step(
    world: World, incident: Incident, run: Run, step_id: str, setting: Setting
) -> tuple[Decision, Outcome]:
    step = run.step(step_id)
    assert step is not None
    kind = setting.kinds[step.do]
    nothing = Decision(incident, quiet=True)
    if not isinstance(kind, DecidedStep):
        return nothing, Failed(f"{step.do} cannot be done here")
    by = run.asked_by or (step.agreed.by if step.agreed else None)
    key = f"{run.id}:{step_id}:{step.call}"
    told = Told(world, setting.now, by, key, run.runbook.name)
    try:
        decision, outcome = await kind.decide(incident, kind.parameters.model_validate(step.parameters or {}), told)
    except NotNow as error:
        return nothing, Failed(str(error), error.advice)
    except AlreadyDone:
        return nothing, Finished(said="It was so already")
    except Refused:
        return nothing, Failed(f"{incident.name} is {incident.state}, so this cannot be done")
    except WarroomError:
        raise
    except Exception as error:
        # Of any kind, a bug: the run goes on to what it does when a step fails. Raised, it would keep the run as it is for ever.
        log.exception("a step failed by a fault of our own", run=run.id, step=step_id)
        return nothing, Failed(f"a fault in Warroom ({type(error).__name__})", "Its log says more.")
    # What several steps of one transaction record and say must not take the same key.
    entries = tuple(each.copy_with(key=f"{key}:{each.key}") for each in decision.entries)
    effects = tuple(
        each.copy_with(key=f"{each.key}:{key}") if isinstance(each, Post) else each for each in decision.effects
    )
    return replace(decision, entries=entries, effects=effects), outcome


def both(first: Decision, second: Decision) -> Decision:
    """One decision with what both say."""
    together = first.and_then(second)
    return replace(together, quiet=first.quiet and second.quiet, firings=first.firings + second.firings)


async def next_due(world: World, decision: Decision, beside: tuple[Run, ...], now: datetime) -> datetime | None:
    """When something of the incident's runs is due next."""
    changed = {run.id: run for run in (*beside, *decision.runs)}
    stored = await world.store.active_runs(decision.incident.id)
    runs = [*changed.values(), *(run for run in stored if run.id not in changed)]
    times = [now + AGAIN if run.state is RunState.QUEUED else run.due_at() for run in runs if not run.state.over]
    return min((at for at in times if at is not None), default=None)


def _say_failed(decision: Decision, run: Run) -> Decision:
    """The room hears of it at once: before what is undone or done instead, and before anybody is called."""
    if not decision.incident.state.open:
        return decision
    notice = RunFailed(
        runbook=run.runbook.name, automatic=run.automatic, why=_why(run)[:LONGEST_WHY], tried=_tried(run)
    )
    return decision.say(notice, key=f"{run.id}:failed")


def _tried(run: Run) -> tuple[str, ...]:
    return tuple(step.id for step in run.steps if step.state is StepState.DONE and "." not in step.id)


def _why(run: Run) -> str:
    failed = run.step(run.failed_step)
    return f"{failed.id}: {failed.error}" if failed else ""


async def _ended(world: World, decision: Decision, run: Run, now: datetime) -> Decision:
    """Runs that waited for this one look again. Where it failed, people are called, unless it did that itself."""
    waiting = [each for each in await world.store.active_runs() if each.id != run.id and each.waits_for]
    looks = [LookAtRun(incident_id=each.incident_id, key=f"{each.id}:look", run_id=each.id) for each in waiting]
    decision = decision.with_effects(*looks)
    if run.state is not RunState.FAILED or not decision.incident.state.open:
        return decision
    tried, why = _tried(run), _why(run)
    called = any(step.do in CALLS_PEOPLE and step.state is StepState.DONE for step in run.steps)
    by_author = bool(run.runbook.otherwise) and not run.automatic and run.undo_by is None
    if called or by_author or not decision.incident.escalation.levels:
        return decision
    said = f"the runbook “{run.runbook.name}” failed at the step {why}"
    if tried:
        said += f"; tried: {', '.join(tried)}"
    paged = await page_next(world, decision.incident, now, reason=PageReason.BUTTON, why=said[:LONGEST_WHY])
    entries = tuple(each.copy_with(key=f"{run.id}:ended:{each.key}") for each in paged.entries)
    effects = tuple(
        each.copy_with(key=f"{each.key}:{run.id}") if isinstance(each, Post) else each for each in paged.effects
    )
    return both(decision, replace(paged, entries=entries, effects=effects))
