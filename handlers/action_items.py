"""Action items: `/incident action` (add, done, reopen, edit, assign, due, delete, and the lists), their menu and their form."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from blocks import action_items, done, ids
from blocks.form_fields import FormMistakes
from blocks.kit import Block, Card
from blocks.usage import ActionNumberMissing, ActionUnclear, DateInPast, DateUnclear
from handlers import gestures
from handlers.actions import ActionContext, Run
from handlers.command_context import CommandContext, CommandSubject, IncidentCommandContext, incident_of
from handlers.dates import due_at, moment_ahead
from handlers.gestures import Actor, answer, open_form
from handlers.people import action_in, one_person, priority_named, readable
from handlers.submissions import Submit, answered_elsewhere, meant
from warroom.errors import NotFound, Refused
from warroom.incident import corrections, lookup
from warroom.incident.action_items import item_of
from warroom.people import usecases as replies
from warroom.ports import World
from warroom.refusals import MenuOutdated
from warroom.text import as_typed
from warroom.value import Value

NOBODY = ("none", "nobody", "-")
MINE = ("mine", "me", "my")
_DUE = re.compile(r"(?:^|\s)due:?\s+(?P<said>\S+(?:\s+\S+){0,2})\s*$", re.IGNORECASE)
"""A date at the end of an action item; more words than a date has are part of the text."""


class Stretch(Value):
    """An action item's number, and the words after it."""

    number: int
    rest: str


async def action(context: CommandContext) -> Card:
    """action [list [@who | TEAM]] | add TEXT … | done N | reopen N | edit N TEXT | assign N @who | due N DATE | priority N high | …"""
    verb, text = split_verb(context.text)
    if verb == "list" and text:
        return await listed(context, text)
    try:
        incident, rest = await incident_of(context, CommandSubject.INCIDENT_AND_TEXT)
    except NotFound:
        if context.text.strip().casefold() in ("", "list"):
            return await listed(context, "")
        raise
    gestures.about(incident)
    verb, text = split_verb(rest)
    inner = IncidentCommandContext(context.world, context.client, context.actor, text, incident)
    match verb:
        case "" | "list":
            if text:
                return await listed(context, text)
            return action_items.action_items(await lookup.view(context.world, incident), context.now)
        case "add":
            return await add(inner)
        case "done" | "close" | "finish":
            return await _mark(inner, verb="done", finished=True)
        case "reopen" | "undone":
            return await _mark(inner, verb="reopen", finished=False)
        case "edit" | "change":
            return await edit(inner)
        case "assign" | "give":
            return await assign(inner)
        case "due":
            return await due(inner)
        case "priority" | "prio":
            return await priority(inner)
        case "delete" | "remove":
            return await delete(inner)
        case _:
            raise Refused(ActionUnclear())


def split_verb(text: str) -> tuple[str, str]:
    """(the first word in lower case, what follows it)."""
    first, *rest = text.split(maxsplit=1) or [""]
    return first.casefold(), rest[0] if rest else ""


async def listed(context: CommandContext, text: str) -> Card:
    """action list [mine | @who | TEAM]: what is not done, of every incident that may be seen."""
    world, tz = context.world, context.world.policy.workspace.timezone
    word = as_typed(text).strip()
    if word.casefold() in ("", "all", "open"):
        return action_items.all_action_items(await corrections.open_actions(world, context.user), tz, context.now)
    team = world.policy.team_named(word) if not text.startswith("<@") else None
    if team is not None:
        found = await corrections.open_actions(world, context.user, team=team)
        return action_items.all_action_items(found, tz, context.now, team=team)
    owner = context.user if word.casefold() in MINE else await one_person(world, text.strip(), context.user)
    found = await corrections.open_actions(world, context.user, owner=owner)
    return action_items.all_action_items(found, tz, context.now, owner=owner)


async def add(context: IncidentCommandContext) -> Card:
    """action add TEXT [@owner] [due DATE] [priority high]"""
    world, zone = context.world, context.world.policy.workspace.timezone
    item = action_in(context.text, lambda date: due_at(date, context.now, zone) is not None)
    unclear = _DUE.search(item.text) if item.due is None else None
    if unclear and unclear["said"].split()[0].casefold() not in ("to", "for", "by", "from"):
        raise Refused(DateUnclear(said=unclear["said"]))
    owner = await one_person(world, item.owner, context.user) if item.owner else None
    when = _date(item.due, context.now, zone) if item.due else None
    words = await readable(world, item.text)
    incident = await corrections.add_action(world, context.incident.id, context.user, words, owner, when, item.priority)
    return done.action_added(incident, incident.actions[-1], zone)


def _date(text: str, now: datetime, zone: str) -> datetime:
    """The date to come that is meant. Raises Refused."""
    found = due_at(text, now, zone)
    if found is None:
        raise Refused(DateUnclear(said=text))
    if found < now:
        raise Refused(DateInPast(said=text))
    return found


def _numbered(context: IncidentCommandContext, verb: str) -> Stretch:
    """The number at the start. Raises Refused."""
    found = re.match(r"^#?(?P<number>\d{1,6})(?=$|[\s:.])[:.]?\s*(?P<rest>.*)$", context.text.strip(), re.DOTALL)
    if found is None:
        raise Refused(ActionNumberMissing(verb=verb))
    return Stretch(number=int(found["number"]), rest=found["rest"].strip())


async def _mark(context: IncidentCommandContext, *, verb: str, finished: bool) -> Card:
    number = _numbered(context, verb).number
    incident = await corrections.mark_action(context.world, context.incident.id, context.user, number, done=finished)
    return done.action_settled(incident, item_of(incident, number))


async def edit(context: IncidentCommandContext) -> Card:
    """action edit N TEXT [@owner] [due DATE]"""
    wanted, zone = _numbered(context, "edit"), context.world.policy.workspace.timezone
    item = action_in(wanted.rest, lambda date: due_at(date, context.now, zone) is not None)
    changes: dict[str, object] = {"text": await readable(context.world, item.text)}
    if item.owner:
        changes["owner"] = await one_person(context.world, item.owner, context.user)
    if item.due:
        changes["due_at"] = _date(item.due, context.now, zone)
    if item.priority:
        changes["priority"] = item.priority
    return await _changed(context, wanted.number, changes)


async def assign(context: IncidentCommandContext) -> Card:
    """action assign N @who"""
    wanted = _numbered(context, "assign")
    who = wanted.rest.removeprefix("to ").strip()
    if not who:
        raise Refused(ActionUnclear())
    owner = None if who.casefold() in NOBODY else await one_person(context.world, who, context.user)
    return await _changed(context, wanted.number, {"owner": owner})


async def due(context: IncidentCommandContext) -> Card:
    """action due N DATE"""
    wanted, zone = _numbered(context, "due"), context.world.policy.workspace.timezone
    if not wanted.rest:
        raise Refused(ActionUnclear())
    when = None if wanted.rest.casefold() in NOBODY else _date(wanted.rest, context.now, zone)
    return await _changed(context, wanted.number, {"due_at": when})


async def priority(context: IncidentCommandContext) -> Card:
    """action priority N high"""
    wanted = _numbered(context, "priority")
    if wanted.rest.casefold() in NOBODY:
        return await _changed(context, wanted.number, {"priority": None})
    level = priority_named(wanted.rest)
    if level is None:
        raise Refused(ActionUnclear())
    return await _changed(context, wanted.number, {"priority": level})


async def _changed(context: IncidentCommandContext, number: int, changes: dict[str, object]) -> Card:
    incident = await corrections.edit_action(context.world, context.incident.id, context.user, number, **changes)
    zone = context.world.policy.workspace.timezone
    return done.action_changed(incident, item_of(incident, number), zone)


async def delete(context: IncidentCommandContext) -> Card:
    """action delete N"""
    number = _numbered(context, "delete").number
    item = item_of(context.incident, number)
    incident = await corrections.remove_action(context.world, context.incident.id, context.user, number)
    return done.action_deleted(incident, item)


async def action_menu(context: ActionContext) -> None:
    """The menu of an action item."""
    what, _, number = context.seen.partition(":")
    if not number.isdecimal():
        raise Refused(MenuOutdated())
    world, incident_id, by, n = context.world, context.incident_id, context.user, int(number)
    match what:
        case ids.ACTION_DONE | ids.ACTION_REOPEN:
            await corrections.mark_action(world, incident_id, by, n, done=what == ids.ACTION_DONE)
        case ids.ACTION_TAKE:
            await corrections.edit_action(world, incident_id, by, n, owner=by)
        case ids.ACTION_DELETE:
            await corrections.remove_action(world, incident_id, by, n)
        case ids.ACTION_EDIT:
            await _action_form(context, n)
            return
        case _:
            raise Refused(MenuOutdated())
    await _redrawn(context)


async def _redrawn(context: ActionContext) -> None:
    """Where the menu was, the list as it is now: a private answer is replaced, the App Home is drawn anew."""
    world = context.world
    if context.actor.channel is None:
        await replies.open_home(world, context.user)
        return
    view = await lookup.view(world, await lookup.by_id(world, context.incident_id))
    card = action_items.action_items(view, world.clock.now())
    await answer(world, context.actor, card, replace=True)


async def add_action(context: ActionContext) -> None:
    """Add action item"""
    await _action_form(context)


async def _action_form(context: ActionContext, number: int = 0) -> None:
    incident = await lookup.by_id(context.world, context.incident_id)
    item = item_of(incident, number) if number else None
    view, now, here = await lookup.view(context.world, incident), context.world.clock.now(), context.actor.channel
    form = action_items.action_form([view], here, item=item, now=now)
    await open_form(context.world, context.client, context.actor, form, instead="/incident action add TEXT")


async def submit(world: World, actor: Actor, view: Block) -> Card | FormMistakes:
    """Add action item, Edit action item"""
    incident = await meant(world, actor, view)
    wanted = action_items.read_action(view)
    if isinstance(wanted, FormMistakes):
        return wanted
    now, zone = world.clock.now(), world.policy.workspace.timezone
    due = moment_ahead(wanted.due, now, zone) if wanted.due else None
    before = item_of(incident, wanted.number) if wanted.number else None
    if wanted.due and due is None:
        overdue = before.due_at.astimezone(ZoneInfo(zone)) if before and before.due_at else None
        if overdue is None or f"{overdue:%Y-%m-%d %H:%M}" != wanted.due:
            return action_items.due_unclear(wanted.due, now.date())
        due = before.due_at if before else None
    if before is None:
        incident = await corrections.add_action(
            world, incident.id, actor.user, wanted.text, wanted.owner, due, wanted.priority
        )
        return answered_elsewhere(view, incident, done.action_added(incident, incident.actions[-1], zone))
    if before.due_at and due and abs(before.due_at - due) < timedelta(minutes=1):
        due = before.due_at
    changes = {"text": wanted.text, "owner": wanted.owner, "due_at": due, "priority": wanted.priority}
    incident = await corrections.edit_action(world, incident.id, actor.user, wanted.number, **changes)
    return done.action_changed(incident, item_of(incident, wanted.number), zone)


BUTTONS: dict[str, Run] = {
    ids.ACTION_MENU: action_menu,
    ids.ACTION_ADD: add_action,
}


FORMS: dict[str, Submit] = {ids.FORM_ACTION: submit}
