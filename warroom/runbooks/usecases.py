"""What people, timers and answers do with runs. Each is one change of the incident, in which the run changes too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from warroom.capabilities import Finished
from warroom.errors import AlreadyDone, Forbidden, Refused, Rejected
from warroom.incident.change import authorize, authorize_any, change
from warroom.incident.decision import Decision
from warroom.incident.events import PageReason
from warroom.incident.lookup import by_id
from warroom.incident.model import Incident
from warroom.incident.notices import RunAsks, RunFailed
from warroom.incident.usecases import page_next
from warroom.outbox.changes import Claim
from warroom.outbox.effects import BeginRunbooks, Effect, LookAtRun, Post, RunStep, ShowRun
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import Attempt, NotInState, RunbookRefused, RunbookWhy
from warroom.runbooks import rules
from warroom.runbooks.decided import DecidedStep, NotNow, Told
from warroom.runbooks.model import Runbook
from warroom.runbooks.plan import NotPossible, Plan, inputs_of, plan
from warroom.runbooks.rules import AGAIN, Advanced, Failed, News, Outcome, Setting
from warroom.runbooks.run import Run, RunState, StepState
from warroom.runbooks.situation import Offer, offers, situation, values_of, why_it_fits

LONGEST_WHY = 400


# -- choosing


async def fitting(world: World, incident_id: str) -> list[Offer]:
    """What may be run in the incident, and why; what fits first. Raises NotFound."""
    incident = await by_id(world, incident_id)
    return offers(world.library.runbooks, await situation(world.store, incident), world.policy)


def named(world: World, said: str) -> Runbook:
    """The runbook of that key or name. Raises Refused."""
    found = world.library.named(said)
    if found is None:
        known = tuple(each.key for each in world.library.runbooks)
        raise Refused(RunbookRefused(why=RunbookWhy.UNKNOWN, runbook=said, details=known))
    return found


async def planned(
    world: World, incident: Incident, runbook: Runbook, given: Mapping[str, Any] | None = None
) -> tuple[Plan, dict[str, Any], dict[str, Any]]:
    """(the plan, the inputs, what is known of the incident). Raises Refused where an input is missing or wrong."""
    values = values_of(incident, await situation(world.store, incident))
    try:
        inputs = inputs_of(runbook, values, given)
    except NotPossible as error:
        raise Refused(_refused(RunbookWhy.INPUTS, runbook, str(error))) from None
    made = plan(runbook, world.library.kinds, world.policy.remediation, {**values, **inputs})
    return made, inputs, values


def _refused(why: RunbookWhy, runbook: Runbook, *details: str, until: datetime | None = None) -> RunbookRefused:
    return RunbookRefused(why=why, runbook=runbook.name, details=details, until=until)


# -- beginning


async def start(
    world: World,
    incident_id: str,
    said: str,
    by: str | None,
    given: Mapping[str, Any] | None = None,
    note: str = "",
    *,
    automatic: bool = False,
) -> Run:
    """The runbook is run; `by` None: by itself (`automatic`), or from the command line; `note` is why, in the words of `by`.

    Raises AlreadyDone, Refused, NotFound."""
    runbook = named(world, said)
    begun: list[Run] = []

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.RUN, by, incident)
        run = await _new(world, incident, runbook, by, given, now)
        run = run.copy_with(automatic=automatic)
        if note:
            run = run.copy_with(why=(*run.why, f"note:{note[:300]}"))
        setting = await _setting(world, run, now)
        decision, after = await _decided(world, incident, rules.begin(run, setting), setting)
        begun[:] = [after]
        return decision

    await change(world, incident_id, decide, alone=True)
    return begun[0]


async def _new(
    world: World, incident: Incident, runbook: Runbook, by: str | None, given: Mapping[str, Any] | None, now: datetime
) -> Run:
    """Raises Refused."""
    if not incident.state.open:
        raise Refused(NotInState(incident=incident.name, state=incident.state, attempt=Attempt.RUN))
    if not runbook.steps and not runbook.checklist:
        raise Refused(_refused(RunbookWhy.LINK, runbook, runbook.link or ""))
    found = await situation(world.store, incident)
    made, inputs, values = await planned(world, incident, runbook, given)
    if made.problems:
        raise Refused(_refused(RunbookWhy.NOT_POSSIBLE, runbook, *made.problems))
    earlier = await world.store.runs(incident.id)
    if any(each.runbook.key == runbook.key and each.inputs == inputs and not each.state.over for each in earlier):
        raise AlreadyDone(_refused(RunbookWhy.RUNNING, runbook))
    await _not_too_often(world, runbook, made, now)
    number = max((each.number for each in earlier), default=0) + 1
    return Run(
        id=f"{incident.id}:run{number}",
        number=number,
        incident_id=incident.id,
        definition=runbook.model_dump(mode="json", by_alias=True, exclude_unset=True) | {"key": runbook.key},
        asked_by=by,
        why=tuple(f"{what}:{text}" for what, text in why_it_fits(runbook, found, world.policy) or ()),
        inputs=inputs,
        values=values,
        targets=made.targets,
        begun_at=now,
    )


async def _not_too_often(world: World, runbook: Runbook, made: Plan, now: datetime) -> None:
    """Raises Refused."""
    found = await _changed_too_often(world, made.targets, now)
    if found is not None:
        target, until = found
        rate = str(world.policy.remediation.at_most)
        raise Refused(_refused(RunbookWhy.TOO_OFTEN, runbook, target, rate, until=until))


async def _changed_too_often(world: World, targets: Iterable[str], now: datetime) -> tuple[str, datetime] | None:
    """The first target that was changed as often as the policy allows, and when it may be changed again; None where none was."""
    rate = world.policy.remediation.at_most
    for target in targets if rate else ():
        assert rate is not None
        times = await world.store.times_changed(target, now - rate.span)
        if len(times) >= rate.times:
            return target, times[len(times) - rate.times] + rate.span
    return None


async def begin_automatic(world: World, effect: BeginRunbooks) -> None:
    """Every runbook that begins by itself and fits begins, once in an incident. Raises Conflict, StoreUnavailable."""
    assert effect.incident_id is not None, "it is about an incident"
    incident = await world.store.incident(effect.incident_id)
    if incident is None or not incident.state.open:
        return
    automatic = [each for each in world.library.runbooks if each.auto]
    if not automatic:
        return
    found = await situation(world.store, incident)
    before = {run.runbook.key for run in await world.store.runs(incident.id)}
    for runbook in automatic:
        if runbook.key in before or why_it_fits(runbook, found, world.policy) is None:
            continue
        try:
            await start(world, incident.id, runbook.key, None, automatic=True)
        except AlreadyDone:
            continue
        except Refused as error:
            await _say_not_begun(world, incident.id, runbook, error)


async def _say_not_begun(world: World, incident_id: str, runbook: Runbook, error: Refused) -> None:
    """The room hears that what should begin by itself did not, and why."""
    why = error.reason if isinstance(error.reason, RunbookRefused) else None

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        details = why.details if why else ()
        notice = RunFailed(runbook=runbook.name, automatic=True, begun=False, why="; ".join(details)[:LONGEST_WHY])
        if not incident.state.open:
            return None
        return Decision(incident, quiet=True).say(notice, key=f"run:{runbook.key}:not-begun", slot=f"run:{runbook.key}")

    await change(world, incident_id, decide)


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
            raise AlreadyDone(_refused(RunbookWhy.OUTDATED, run.runbook))

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
            raise AlreadyDone(_refused(RunbookWhy.OUTDATED, run.runbook))
        await authorize(world, Permission.APPROVE, by, incident)
        await authorize_any(world, Permission.APPROVE, step.may, by, incident)
        if rule is rules.approve and step.second_person and (run.undo_by or run.asked_by) == by:
            raise Forbidden(_refused(RunbookWhy.SECOND_PERSON, run.runbook))

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
        raise AlreadyDone(_refused(RunbookWhy.OUTDATED, run.runbook))


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
            raise AlreadyDone(_refused(RunbookWhy.OVER, run.runbook))
        if allowed is None:
            await authorize(world, Permission.RUN, by, incident)
        else:
            await allowed(incident, run)
        setting = await _setting(world, run, now)
        advanced = rule(run, setting)
        if advanced.run == run:
            raise AlreadyDone(_refused(RunbookWhy.OUTDATED, run.runbook))
        decision, after = await _decided(world, incident, advanced, setting)
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
        setting = await _setting(world, run, now)
        advanced = rules.advance(run, setting)
        if advanced.run != run:
            further, _ = await _decided(world, decision.incident, advanced, setting, decision.runs)
            decision = _both(decision, further)
    return decision.with_deadlines(runbook=await _next(world, decision, (), now))


async def look_at(world: World, effect: LookAtRun) -> None:
    """A run that waited for another one may go on. Raises Conflict, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        run = await world.store.run(effect.run_id)
        if run is None or run.state.over:
            return None
        setting = await _setting(world, run, now)
        advanced = rules.advance(run, setting)
        return None if advanced.run == run else (await _decided(world, incident, advanced, setting))[0]

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
        often = await _changed_too_often(world, (each for each in run.targets if each not in run.changed), now)
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
    """A call was answered; None: it was not made, because it must not be made any more. Ends the claim.

    Raises Conflict, LeaseLost, NotFound.
    """
    assert effect.incident_id is not None

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        run = await world.store.run(effect.run_id)
        if run is None or outcome is None:
            return None
        setting = await _setting(world, run, now)
        advanced = rules.finished(run, effect.step, effect.call, outcome, setting)
        return None if advanced.run == run else (await _decided(world, incident, advanced, setting))[0]

    await change(world, effect.incident_id, decide, ends=claim, alone=True)


# -- from rules to a decision


async def _setting(world: World, run: Run, now: datetime) -> Setting:
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


async def _decided(
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
        decision = _both(decision, further)
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
        decision, incident=decision.incident.with_deadlines(runbook=await _next(world, decision, beside, setting.now))
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


_WAITING = (StepState.APPROVAL, StepState.ASKED, StepState.UNCLEAR)


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
    # What several steps of one transaction record and say must not take the same key.
    entries = tuple(each.copy_with(key=f"{key}:{each.key}") for each in decision.entries)
    effects = tuple(
        each.copy_with(key=f"{each.key}:{key}") if isinstance(each, Post) else each for each in decision.effects
    )
    return replace(decision, entries=entries, effects=effects), outcome


def _both(first: Decision, second: Decision) -> Decision:
    together = first.and_then(second)
    return replace(together, quiet=first.quiet and second.quiet, firings=first.firings + second.firings)


async def _next(world: World, decision: Decision, beside: tuple[Run, ...], now: datetime) -> datetime | None:
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


CALLS_PEOPLE = ("incident.escalate", "incident.page")


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
    return _both(decision, replace(paged, entries=entries, effects=effects))
