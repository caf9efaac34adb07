"""The post-mortem: `/incident postmortem`, its buttons and its form."""

from __future__ import annotations

from datetime import UTC, datetime

from blocks import done, ids, postmortem_document, postmortem_form, postmortem_review
from blocks.form_fields import FormMistakes, about
from blocks.kit import Block, Card
from blocks.usage import PostmortemUnclear
from handlers.actions import ActionContext, Run, show_form
from handlers.command_context import IncidentCommandContext
from handlers.dates import moment_in
from handlers.gestures import Actor
from handlers.submissions import NextForm, Submit
from warroom.errors import Refused
from warroom.incident import lookup, record
from warroom.incident.model import State
from warroom.ports import World
from warroom.postmortem import usecases as postmortems
from warroom.postmortem.reminders import TIMES
from warroom.postmortem.span import ImpactSpan, impact_span
from warroom.refusals import NothingToLearn


async def postmortem(context: IncidentCommandContext) -> Card:
    """postmortem [check | history]"""
    match context.text.strip().casefold():
        case "":
            pass
        case "check" | "checklist":
            found = await postmortems.check_postmortem(context.world, context.incident, postmortem_document.draft)
            return postmortem_review.checklist_card(await lookup.view(context.world, context.incident), found)
        case "history" | "versions":
            entries = await record.timeline(context.world, context.incident)
            return postmortem_review.history(await lookup.view(context.world, context.incident), entries)
        case _:
            raise Refused(PostmortemUnclear())
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
    parts = postmortem_form.parts_of(await postmortems.current_postmortem(world, incident, postmortem_document.draft))
    if incident.postmortem is None:
        seen = await lookup.view(world, incident)
        summary, impact = postmortem_document.draft(seen, await record.timeline(world, incident), world.clock.now())
        parts |= {"summary": summary, "impact": impact}
    await show_form(context, lambda view: postmortem_form.postmortem_form(view, parts), "postmortem")


async def publish_postmortem(context: ActionContext) -> Card | None:
    """Publish: when the checklist finds something missing or weak, all of it is shown first."""
    world = context.world
    incident = await lookup.by_id(world, context.incident_id)
    written = incident.postmortem
    if context.seen != postmortem_review.ANYWAY and written and not written.published_at:
        found = await postmortems.check_postmortem(world, incident, postmortem_document.draft)
        if (found.missing or found.weak) and incident.state is State.RESOLVED:
            return postmortem_review.checklist_card(await lookup.view(world, incident), found, asked=True)
    await postmortems.publish_postmortem(world, incident.id, context.user, postmortem_document.draft)
    return None


async def submit(world: World, actor: Actor, view: Block) -> NextForm | FormMistakes | None:
    """Post-mortem: parts that others changed meanwhile are shown with both texts, and nothing is saved until they are sent again."""
    incident = await lookup.by_id(world, about(view).incident_id)
    seen = await lookup.view(world, incident)
    written = await postmortems.current_postmortem(world, incident, postmortem_document.draft)
    parts = postmortem_form.read_postmortem(view, written, postmortem_form.times_of(seen))
    if isinstance(parts, postmortem_form.PartsConflict):
        return NextForm(postmortem_form.postmortem_form(seen, postmortem_form.parts_of(written), parts))
    unclear = _with_times(parts, impact_span(incident, seen.firings), world.clock.now(), seen.timezone)
    if unclear:
        return postmortem_form.time_unclear(unclear, view)
    words = postmortem_document.draft
    await postmortems.edit_postmortem(world, incident.id, actor.user, parts, words, incident.postmortem)
    return None


def _with_times(parts: dict[str, str], span: ImpactSpan, now: datetime, timezone: str) -> str:
    """Puts the times that were typed into `parts` as they are kept; returns the name of one that is none, "" where all are."""
    times = dict(zip(TIMES, span, strict=True))
    changed = [part for part in TIMES if part in parts]
    for part in changed:
        at = moment_in(parts[part], now, timezone) if parts[part] else None
        if parts[part] and at is None:
            return part
        parts[part] = at.astimezone(UTC).isoformat() if at else ""
        times[part] = at or times[part]
    began, ended = times.values()
    return changed[-1] if changed and began and ended and ended < began else ""


BUTTONS: dict[str, Run] = {
    ids.EDIT_POSTMORTEM: edit_postmortem,
    ids.PUBLISH_POSTMORTEM: publish_postmortem,
}


FORMS: dict[str, Submit] = {ids.FORM_POSTMORTEM: submit}
