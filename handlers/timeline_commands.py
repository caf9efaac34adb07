"""Subcommands that show the record, and add to it."""

from __future__ import annotations

import re

from blocks import lists, postmortem_document, timeline_list
from blocks.answers import said
from blocks.kit import Card
from blocks.usage import ActionUnclear, DateInPast, SearchEmpty, TimelineUnclear
from handlers import parse_people
from handlers.command_context import CommandContext, IncidentCommandContext
from handlers.dates import due_at
from handlers.people_lookup import one_person, readable
from warroom.errors import Refused
from warroom.incident import lookup, record
from warroom.postmortem import usecases as postmortems


async def show_open(context: CommandContext) -> Card:
    """list"""
    shown = await lookup.open_incidents(context.world, context.user)
    return lists.incident_list(shown, context.now)


async def show(context: IncidentCommandContext) -> Card:
    """show [N]"""
    return lists.show(await lookup.view(context.world, context.incident), context.now)


async def search(context: CommandContext) -> Card:
    """find TEXT"""
    text = await readable(context.world, context.text)
    if not text:
        raise Refused(SearchEmpty())
    found = await lookup.matching(context.world, context.user, text)
    return lists.found(text, found, context.now)


async def timeline(context: IncidentCommandContext) -> Card:
    """timeline [add TEXT]"""
    verb, text = _verb(context.text)
    if verb == "add":
        note = await readable(context.world, text)
        incident = await record.add_note(context.world, context.incident.id, context.user, note, context.actor.key)
        return said(f"It is on the timeline of {incident.name}.")
    if context.text:
        raise Refused(TimelineUnclear())
    entries = await record.timeline(context.world, context.incident)
    return timeline_list.timeline(await lookup.view(context.world, context.incident), entries)


async def action(context: IncidentCommandContext) -> Card:
    """action [add TEXT [@owner] [due DATE]]"""
    verb, text = _verb(context.text)
    if verb in ("", "list"):
        return lists.action_items(await lookup.view(context.world, context.incident))
    if verb != "add":
        raise Refused(ActionUnclear())
    zone = context.world.policy.workspace.timezone
    item = parse_people.action(text, lambda date: due_at(date, context.now, zone) is not None)
    owner = await one_person(context.world, item.owner, context.user) if item.owner else None
    due = due_at(item.due, context.now, zone) if item.due else None
    if due is not None and due < context.now:
        raise Refused(DateInPast(said=item.due or ""))
    words = await readable(context.world, item.text)
    incident = await record.add_action(context.world, context.incident.id, context.user, words, owner, due)
    whose = f"<@{owner}>" if owner else "nobody yet"
    when = f"due {due:%A, %d %B %Y, %H:%M} ({zone})" if due else "without a due date"
    if due is None and re.search(r"\sdue\b", text, re.IGNORECASE):
        when += " (none was understood: write due friday, due 3d or due 2026-12-01 at the end)"
    return said(f"{incident.name} has a new action item, for {whose}, {when}.")


async def postmortem(context: IncidentCommandContext) -> Card:
    """postmortem"""
    incident = await postmortems.draft_postmortem(
        context.world, context.incident.id, context.user, postmortem_document.draft
    )
    return said(
        f"The post-mortem of {incident.name} is being shared in its room; it can be edited and published there."
    )


def _verb(text: str) -> tuple[str, str]:
    """(`add` or whatever else comes first, what follows it)."""
    first, *rest = text.split(maxsplit=1) or [""]
    return first.casefold(), rest[0] if rest else ""
