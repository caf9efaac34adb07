"""Runbooks: `/incident run`, the form with the plan, and the buttons of a run."""

from __future__ import annotations

from blocks import ids
from blocks.answers import said
from blocks.form_fields import FormMistakes, about
from blocks.kit import Block, Card
from blocks.refusals import refusal_words
from blocks.runbooks import RunTarget, begun, carried, inputs_form, offers_card, plan_form, read_run
from handlers import parse_command
from handlers.actions import ActionContext, Run
from handlers.command_context import IncidentCommandContext
from handlers.gestures import Actor, GestureContext, open_form
from handlers.submissions import NextForm, Submit
from warroom.errors import AlreadyDone, Refused
from warroom.incident import lookup
from warroom.incident.change import authorize
from warroom.incident.model import Incident
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import MenuOutdated
from warroom.runbooks import begin
from warroom.runbooks import usecases as runbooks
from warroom.runbooks.model import Runbook
from warroom.runbooks.situation import situation, values_of
from warroom.runbooks.values import NotFilled, filled
from warroom.text import as_typed


async def command(context: IncidentCommandContext) -> Card | None:
    """run [RUNBOOK]"""
    typed = as_typed(parse_command.unquote(context.text)).strip()
    if not typed:
        return offers_card(context.incident, await begin.fitting(context.world, context.incident.id))
    return await _chosen(context, context.incident, begin.named(context.world, typed))


async def choose(context: ActionContext) -> Card | None:
    """Run…"""
    incident = await lookup.by_id(context.world, context.incident_id)
    return await _chosen(context, incident, begin.named(context.world, context.seen))


async def offer(context: ActionContext) -> Card:
    """Run a runbook…, in the menu of the card: what fits, and why."""
    incident = await lookup.by_id(context.world, context.incident_id)
    return offers_card(incident, await begin.fitting(context.world, incident.id))


async def _chosen(context: GestureContext, incident: Incident, runbook: Runbook) -> Card | None:
    """A checklist is opened at once; everything else asks for its inputs, and shows the plan. Raises Refused."""
    world = context.world
    await authorize(world, Permission.RUN, context.user, incident)
    if not runbook.steps:
        return begun(await begin.start(world, incident.id, runbook.key, context.user))
    form = await _form(world, incident, runbook)
    await open_form(world, context.client, context.actor, form, instead=f"/incident run {runbook.key}")
    return None


async def _form(world: World, incident: Incident, runbook: Runbook) -> Block:
    view = await lookup.view(world, incident)
    if not runbook.inputs:
        made, inputs, _ = await begin.planned(world, incident, runbook)
        return plan_form(view, runbook, made, inputs)
    known = values_of(incident, await situation(world.store, incident))
    values = {}
    for name, asked in runbook.inputs.items():
        try:
            values[name] = filled(asked.default, known) if isinstance(asked.default, str) else asked.default
        except NotFilled:
            values[name] = None
    return inputs_form(view, runbook, values)


async def submit(world: World, actor: Actor, view: Block) -> Card | FormMistakes | NextForm | None:
    """Show the plan; then Run."""
    wanted = read_run(view)
    if isinstance(wanted, FormMistakes):
        return wanted
    incident = await lookup.by_id(world, about(view).incident_id)
    runbook = begin.named(world, wanted.key)
    if not wanted.planned:
        made, inputs, _ = await begin.planned(world, incident, runbook, wanted.inputs)
        return NextForm(plan_form(await lookup.view(world, incident), runbook, made, inputs))
    try:
        return begun(await begin.start(world, incident.id, runbook.key, actor.user, wanted.inputs, wanted.note))
    except AlreadyDone:
        raise
    except Refused as refused:
        # Nothing that was typed in this form is wrong.
        return said(refusal_words(refused.reason))


def _target(context: ActionContext) -> tuple[str, RunTarget]:
    """(the id of the run, what the button carries). Raises Refused."""
    target = carried(context.seen)
    if target is None:
        raise Refused(MenuOutdated())
    return f"{context.incident_id}:run{target.number}", target


async def stop(context: ActionContext) -> None:
    """Stop, Close list"""
    run_id, _ = _target(context)
    await runbooks.stop(context.world, run_id, context.user)


async def undo(context: ActionContext) -> None:
    """Undo…"""
    run_id, _ = _target(context)
    await runbooks.undo(context.world, run_id, context.user)


async def approve(context: ActionContext) -> None:
    """Approve"""
    run_id, target = _target(context)
    await runbooks.approve(context.world, run_id, target.step, target.token, context.user)


async def decline(context: ActionContext) -> None:
    """Decline"""
    run_id, target = _target(context)
    await runbooks.decline(context.world, run_id, target.step, target.token, context.user)


async def answer(context: ActionContext) -> None:
    """One of the answers to a question."""
    run_id, target = _target(context)
    await runbooks.answer(context.world, run_id, target.step, target.token, target.more, context.user)


async def happened(context: ActionContext) -> None:
    """It was done"""
    run_id, target = _target(context)
    await runbooks.clear_up(context.world, run_id, target.step, target.token, True, context.user)


async def not_happened(context: ActionContext) -> None:
    """Not done: do it"""
    run_id, target = _target(context)
    await runbooks.clear_up(context.world, run_id, target.step, target.token, False, context.user)


async def tick(context: ActionContext) -> None:
    """Tick, Undo"""
    run_id, target = _target(context)
    await runbooks.tick(context.world, run_id, {target.step: target.more == "done"}, context.user)


BUTTONS: dict[str, Run] = {
    ids.RUN_CHOOSE: choose,
    ids.RUN_STOP: stop,
    ids.RUN_UNDO: undo,
    ids.RUN_APPROVE: approve,
    ids.RUN_DECLINE: decline,
    ids.RUN_ANSWER: answer,
    ids.RUN_HAPPENED: happened,
    ids.RUN_NOT_HAPPENED: not_happened,
    ids.RUN_TICK: tick,
}

FORMS: dict[str, Submit] = {ids.FORM_RUN: submit}
