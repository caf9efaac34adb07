"""Subcommands that show the record, and add to it."""

from __future__ import annotations

import re

from blocks import lists, past
from blocks.answers import said
from blocks.kit import Card
from handlers import naming
from handlers.ask import Ask, AskAbout
from handlers.dates import due_at
from handlers.people import one_person, readable
from warroom.errors import Refused
from warroom.usecases import afterwards, find, record


async def show_open(ask: Ask) -> Card:
    """list"""
    shown = await find.open_incidents(ask.world, ask.user)
    return lists.incident_list(shown, ask.now)


async def show(ask: AskAbout) -> Card:
    """show [N]"""
    return lists.show(await find.view(ask.world, ask.incident), ask.now)


async def search(ask: Ask) -> Card:
    """find TEXT"""
    text = await readable(ask.world, ask.text)
    if not text:
        raise Refused("Say what to look for, for example: find checkout")
    found = await find.matching(ask.world, ask.user, text)
    return lists.found(text, found, ask.now)


async def timeline(ask: AskAbout) -> Card:
    """timeline [add TEXT]"""
    verb, text = _verb(ask.text)
    if verb == "add":
        note = await readable(ask.world, text)
        incident = await record.add_note(ask.world, ask.incident.id, ask.user, note, ask.asker.key)
        return said(f"It is on the timeline of {incident.name}.")
    if ask.text:
        raise Refused("The timeline can be shown, or added to: timeline add deployed 1.4.2 to production")
    entries = await record.timeline(ask.world, ask.incident)
    return past.timeline(await find.view(ask.world, ask.incident), entries)


async def action(ask: AskAbout) -> Card:
    """action [add TEXT [@owner] [due DATE]]"""
    verb, text = _verb(ask.text)
    if verb in ("", "list"):
        return lists.action_items(await find.view(ask.world, ask.incident))
    if verb != "add":
        raise Refused("An action item is added like this: action add raise the memory limit @ada due friday")
    zone = ask.world.policy.workspace.timezone
    item = naming.action(text, lambda date: due_at(date, ask.now, zone) is not None)
    owner = await one_person(ask.world, item.owner, ask.user) if item.owner else None
    due = due_at(item.due, ask.now, zone) if item.due else None
    if due is not None and due < ask.now:
        raise Refused(
            f"“{item.due}” is in the past. Write a date to come, for example: due friday, due 3d, due 2026-12-01."
        )
    words = await readable(ask.world, item.text)
    incident = await record.add_action(ask.world, ask.incident.id, ask.user, words, owner, due)
    whose = f"<@{owner}>" if owner else "nobody yet"
    when = f"due {due:%A, %d %B %Y, %H:%M} ({zone})" if due else "without a due date"
    if due is None and re.search(r"\sdue\b", text, re.IGNORECASE):
        when += " (none was understood: write due friday, due 3d or due 2026-12-01 at the end)"
    return said(f"{incident.name} has a new action item, for {whose}, {when}.")


async def postmortem(ask: AskAbout) -> Card:
    """postmortem"""
    incident = await afterwards.draft_postmortem(ask.world, ask.incident.id, ask.user)
    return said(
        f"The post-mortem of {incident.name} is being shared in its room; it can be edited and published there."
    )


def _verb(text: str) -> tuple[str, str]:
    """(`add` or whatever else comes first, what follows it)."""
    first, *rest = text.split(maxsplit=1) or [""]
    return first.casefold(), rest[0] if rest else ""
