"""The timeline: `/incident timeline` and its form show it, add to it and correct it."""

from __future__ import annotations

import re

from blocks import correction_forms, ids, timeline_list
from blocks.answers import said
from blocks.form_fields import FormMistakes
from blocks.kit import Block, Card
from blocks.usage import EntryNumberMissing, TimelineUnclear
from handlers.action_items import split_verb
from handlers.actions import ActionContext
from handlers.command_context import IncidentCommandContext
from handlers.dates import happened_at, moment_in
from handlers.gestures import Actor, open_form
from handlers.people import readable
from handlers.submissions import Submit, meant
from warroom.errors import Refused
from warroom.incident import corrections, lookup, record
from warroom.ports import World


async def timeline(context: IncidentCommandContext) -> Card:
    """timeline [add [17:20] TEXT | edit N [17:20] TEXT | remove N]"""
    verb, text = split_verb(context.text)
    match verb:
        case "add":
            return await _add(context, text)
        case "edit" | "change":
            return await _edit(context, text)
        case "remove" | "delete":
            return await _remove(context, text)
        case "":
            entries = await record.timeline(context.world, context.incident)
            return timeline_list.timeline(await lookup.view(context.world, context.incident), entries, context.user)
        case _:
            raise Refused(TimelineUnclear())


async def _add(context: IncidentCommandContext, text: str) -> Card:
    world, zone = context.world, context.world.policy.workspace.timezone
    happened, rest = happened_at(await readable(world, text), context.now, zone)
    incident = await corrections.add_note(
        world, context.incident.id, context.user, rest, context.actor.key, happened_at=happened
    )
    at = f" at {happened:%A, %d %B, %H:%M} ({zone})" if happened else ""
    return said(f"Added to the timeline of {incident.name}{at} as entry {incident.notes}.")


async def _edit(context: IncidentCommandContext, text: str) -> Card:
    world, zone = context.world, context.world.policy.workspace.timezone
    number, rest = _numbered(text, "edit")
    happened, words = happened_at(await readable(world, rest), context.now, zone)
    incident = await corrections.edit_entry(
        world, context.incident.id, context.user, number, words, happened_at=happened
    )
    at = f" It happened at {happened:%A, %d %B, %H:%M} ({zone})." if happened else ""
    return said(f"Changed entry {number} of the timeline of {incident.name}.{at}")


async def _remove(context: IncidentCommandContext, text: str) -> Card:
    number, _ = _numbered(text, "remove")
    incident = await corrections.remove_entry(context.world, context.incident.id, context.user, number)
    return said(f"Removed entry {number} from the timeline of {incident.name}.")


def _numbered(text: str, verb: str) -> tuple[int, str]:
    found = re.match(r"^#?(?P<number>\d{1,6})(?=$|\s)\s*(?P<rest>.*)$", text.strip(), re.DOTALL)
    if found is None:
        raise Refused(EntryNumberMissing(verb=verb))
    return int(found["number"]), found["rest"]


async def add_note(context: ActionContext) -> None:
    """Add to timeline…"""
    view = await lookup.view(context.world, await lookup.by_id(context.world, context.incident_id))
    form = correction_forms.note_form([view], context.actor.channel)
    await open_form(context.world, context.client, context.actor, form, instead="/incident timeline add 17:20 TEXT")


async def submit(world: World, actor: Actor, view: Block) -> Card | FormMistakes:
    """Add to timeline"""
    incident = await meant(world, actor, view)
    wanted = correction_forms.read_note(view)
    if isinstance(wanted, FormMistakes):
        return wanted
    happened = moment_in(wanted.time, world.clock.now(), world.policy.workspace.timezone) if wanted.time else None
    if wanted.time and happened is None:
        return correction_forms.time_unclear(wanted.time)
    incident = await corrections.add_note(world, incident.id, actor.user, wanted.text, actor.key, happened)
    return said(f"Added to the timeline of {incident.name} as entry {incident.notes}.")


FORMS: dict[str, Submit] = {ids.FORM_NOTE: submit}
