"""Subcommands that show the record, and add to it or correct it."""

from __future__ import annotations

import re

from blocks import lists, postmortem_document, postmortem_review, timeline_list
from blocks.answers import said
from blocks.catch_up import catch_up_card
from blocks.kit import Card
from blocks.usage import EntryNumberMissing, PostmortemUnclear, SearchEmpty, TimelineUnclear
from handlers.action_commands import split_verb
from handlers.command_context import CommandContext, IncidentCommandContext
from handlers.moments import happened_at
from handlers.people_lookup import readable
from warroom.errors import Refused
from warroom.incident import corrections, lookup, record
from warroom.postmortem import usecases as postmortems


async def show(context: IncidentCommandContext) -> Card:
    """show [N]"""
    return lists.show(await lookup.view(context.world, context.incident), context.now)


async def catch_up(context: IncidentCommandContext) -> Card:
    """catchup [N]"""
    found = await record.catch_up(context.world, context.incident.id, context.user)
    return catch_up_card(found.view, found.entries, found.since, context.now)


async def search(context: CommandContext) -> Card:
    """find TEXT"""
    text = await readable(context.world, context.text)
    if not text:
        raise Refused(SearchEmpty())
    found = await lookup.matching(context.world, context.user, text)
    return lists.found(text, found, context.now)


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


async def postmortem(context: IncidentCommandContext) -> Card:
    """postmortem [check | history]"""
    match context.text.strip().casefold():
        case "":
            pass
        case "check" | "checklist":
            found = await postmortems.check_postmortem(context.world, context.incident)
            return postmortem_review.checklist_card(await lookup.view(context.world, context.incident), found)
        case "history" | "versions":
            entries = await record.timeline(context.world, context.incident)
            return postmortem_review.history(await lookup.view(context.world, context.incident), entries)
        case _:
            raise Refused(PostmortemUnclear())
    incident = await postmortems.draft_postmortem(
        context.world, context.incident.id, context.user, postmortem_document.draft
    )
    return said(f"Sharing the post-mortem of {incident.name} in its channel, where it can be edited and published.")
