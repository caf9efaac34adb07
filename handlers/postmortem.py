"""The post-mortem: `/incident postmortem`, its buttons and its form."""

from __future__ import annotations

from blocks import done, ids, postmortem_document, postmortem_form
from blocks.form_fields import FormMistakes, about
from blocks.kit import Block, Card
from handlers.actions import ActionContext, Run, show_form
from handlers.command_context import IncidentCommandContext
from handlers.gestures import Actor
from handlers.submissions import Submit
from warroom.errors import Refused
from warroom.incident import lookup, record
from warroom.incident.model import State
from warroom.ports import World
from warroom.postmortem import usecases as postmortems
from warroom.refusals import NothingToLearn


async def postmortem(context: IncidentCommandContext) -> Card:
    """postmortem"""
    incident = await postmortems.draft_postmortem(
        context.world, context.incident.id, context.user, postmortem_document.draft
    )
    return done.postmortem_shared(incident)


async def write_postmortem(context: ActionContext) -> None:
    """The menu's Post-mortem: the draft the first time, the form once there is one."""
    incident = await lookup.by_id(context.world, context.incident_id)
    if incident.postmortem is not None:
        await edit_postmortem(context)
        return
    # Two presses of the same menu both find no draft; only one of them writes it.
    world = context.world.for_gesture(f"draft:{incident.id}")
    await postmortems.draft_postmortem(world, incident.id, context.user, postmortem_document.draft)


async def edit_postmortem(context: ActionContext) -> None:
    """Post-mortem, Edit post-mortem, Write post-mortem: the form, with what the record says until somebody wrote it."""
    world = context.world
    incident = await lookup.by_id(world, context.incident_id)
    if incident.state is State.CANCELLED:
        raise Refused(NothingToLearn(incident=incident.name))
    parts = postmortem_form.parts_of(incident.postmortem)
    if incident.postmortem is None:
        seen = await lookup.view(world, incident)
        summary, impact = postmortem_document.draft(seen, await record.timeline(world, incident), world.clock.now())
        parts |= {"summary": summary, "impact": impact}
    await show_form(context, lambda view: postmortem_form.postmortem_form(view, parts), "postmortem")


async def publish_postmortem(context: ActionContext) -> None:
    """Publish"""
    await postmortems.publish_postmortem(context.world, context.incident_id, context.user)


async def submit(world: World, actor: Actor, view: Block) -> FormMistakes | None:
    """Post-mortem"""
    incident = await lookup.by_id(world, about(view).incident_id)
    parts = postmortem_form.read_postmortem(view, incident.postmortem)
    if isinstance(parts, FormMistakes):
        return parts
    await postmortems.edit_postmortem(world, incident.id, actor.user, parts)
    return None


BUTTONS: dict[str, Run] = {
    ids.EDIT_POSTMORTEM: edit_postmortem,
    ids.PUBLISH_POSTMORTEM: publish_postmortem,
}


FORMS: dict[str, Submit] = {ids.FORM_POSTMORTEM: submit}
