"""Asking why it is broken, looking at all of the answer, and what the answer leads to."""

from __future__ import annotations

from blocks import ids
from blocks.answers import named
from blocks.investigation import RIGHT, asked, cause_answered, everything, page_reason
from blocks.kit import Card
from handlers.actions import ActionContext, Run, show_form
from handlers.command_context import IncidentCommandContext
from handlers.people import readable
from warroom.incident import lookup
from warroom.incident import usecases as incidents
from warroom.investigation import requests
from warroom.text import as_typed


async def command(context: IncidentCommandContext) -> Card:
    """investigate [N] [SERVICE]"""
    service = as_typed(await readable(context.world, context.text)).strip()
    return asked(await requests.investigate(context.world, context.incident.id, context.user, service))


async def investigate(context: ActionContext) -> Card | None:
    """Investigate, Run again: its message says that it is under way."""
    await requests.investigate(context.world, context.incident_id, context.user)
    return None


async def show_everything(context: ActionContext) -> None:
    """Show everything"""
    now = context.world.clock.now()
    await show_form(context, lambda view: everything(view, now), "investigate")


async def page_owner(context: ActionContext) -> Card:
    """Page the team that looks after the service."""
    incident = await lookup.by_id(context.world, context.incident_id)
    why = page_reason(incident)
    people = await incidents.page(context.world, incident.id, context.user, (context.seen,), why)
    return named(incident, people, "Paged", ids.PAGE_CANDIDATE, why)


async def answer_cause(context: ActionContext) -> Card:
    """Yes, No: whether the cause was right."""
    right = context.seen == RIGHT
    return cause_answered(await requests.answer_cause(context.world, context.incident_id, context.user, right=right))


BUTTONS: dict[str, Run] = {
    ids.INVESTIGATE: investigate,
    ids.SHOW_INVESTIGATION: show_everything,
    ids.PAGE_OWNER: page_owner,
    ids.ANSWER_CAUSE: answer_cause,
}
