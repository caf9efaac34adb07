"""Choosing a runbook and beginning a run, by people and by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from warroom.errors import AlreadyDone, Refused
from warroom.incident.change import authorize, change
from warroom.incident.decision import Decision
from warroom.incident.lookup import by_id
from warroom.incident.model import Incident
from warroom.incident.notices import RunFailed
from warroom.outbox.effects import BeginRunbooks
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import Attempt, NotInState, RunbookRefused, RunbookWhy
from warroom.runbooks import rules
from warroom.runbooks.decisions import LONGEST_WHY, decision_of, setting_of
from warroom.runbooks.model import Runbook
from warroom.runbooks.plan import NotPossible, Plan, inputs_of, plan
from warroom.runbooks.run import Run
from warroom.runbooks.situation import Offer, offers, situation, values_of, why_it_fits


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
        raise Refused(refused(RunbookWhy.INPUTS, runbook, str(error))) from None
    made = plan(runbook, world.library.kinds, world.policy.remediation, {**values, **inputs})
    return made, inputs, values


def refused(why: RunbookWhy, runbook: Runbook, *details: str, until: datetime | None = None) -> RunbookRefused:
    return RunbookRefused(why=why, runbook=runbook.name, details=details, until=until)


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
        setting = await setting_of(world, run, now)
        decision, after = await decision_of(world, incident, rules.begin(run, setting), setting)
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
        raise Refused(refused(RunbookWhy.LINK, runbook, runbook.link or ""))
    found = await situation(world.store, incident)
    made, inputs, values = await planned(world, incident, runbook, given)
    if made.problems:
        raise Refused(refused(RunbookWhy.NOT_POSSIBLE, runbook, *made.problems))
    earlier = await world.store.runs(incident.id)
    if any(each.runbook.key == runbook.key and each.inputs == inputs and not each.state.over for each in earlier):
        raise AlreadyDone(refused(RunbookWhy.RUNNING, runbook))
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
    found = await changed_too_often(world, made.targets, now)
    if found is not None:
        target, until = found
        rate = str(world.policy.remediation.at_most)
        raise Refused(refused(RunbookWhy.TOO_OFTEN, runbook, target, rate, until=until))


async def changed_too_often(world: World, targets: Iterable[str], now: datetime) -> tuple[str, datetime] | None:
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
