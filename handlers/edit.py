"""Correcting an incident: `/incident edit`, one thing at a time or with its form; private or public."""

from __future__ import annotations

from collections.abc import Sequence

from blocks import correction_forms, corrections, ids
from blocks.answers import said
from blocks.form_fields import FormMistakes, about
from blocks.kit import Block, Card
from blocks.usage import EditUnclear, EditValueMissing
from handlers import parse_command
from handlers.actions import ActionContext, Run, show_form
from handlers.command_context import IncidentCommandContext
from handlers.gestures import Actor, open_form
from handlers.people import readable
from handlers.submissions import Submit
from warroom.errors import AlreadyDone, Refused
from warroom.incident import corrections as usecases
from warroom.incident import lookup
from warroom.incident import usecases as incidents
from warroom.incident.edit import Corrections
from warroom.incident.events import DetailChanged
from warroom.incident.model import Incident, State
from warroom.ports import World
from warroom.refusals import VisibilityUnchanged

NONE = ("none", "nothing", "-", "–")
_WORDS = {
    "title": "title",
    "name": "title",
    "description": "description",
    "impact": "impact",
    "services": "services",
    "service": "services",
    "affected": "services",
    "team": "team",
    "severity": "severity",
    "sev": "severity",
    "summary": "summary",
    "fix": "summary",
    "private": "private",
    "public": "public",
}
"""Every word for something that can be edited, and what it is."""
KNOWN = ("title", "description", "impact", "services", "team", "severity", "summary", "private", "public")


async def edit(context: IncidentCommandContext) -> Card | None:
    """edit [WHAT] [TEXT]"""
    if not context.text.strip():
        view = await lookup.view(context.world, context.incident)
        form = correction_forms.edit_form(view, context.world.policy)
        await open_form(context.world, context.client, context.actor, form, instead="/incident edit title …")
        return None
    what, typed = _what(context.text, [name for name, _ in context.incident.fields])
    if what in ("private", "public"):
        return ask_visibility(context.incident, private=what == "private")
    text = await readable(context.world, typed)
    if not text:
        raise Refused(EditValueMissing(what=what))
    if what == "severity":
        incident = await incidents.set_severity(
            context.world, context.incident.id, context.user, parse_command.unquote(text)
        )
        return said(f"{incident.name} is {incident.severity} now.")
    wanted = _wanted(what, "" if text.casefold() in NONE and what != "title" else text)
    return await apply(context.world, context.actor, context.incident, wanted)


def _what(text: str, fields: Sequence[str]) -> tuple[str, str]:
    """(what is to be edited, the text after it). Raises Refused."""
    for name in sorted(fields, key=len, reverse=True):
        if text.casefold().startswith(name.casefold()) and text[len(name) :][:1] in ("", " ", ":"):
            return name, text[len(name) :].lstrip(": ").strip()
    first, *rest = text.split(maxsplit=1)
    what = _WORDS.get(first.casefold().rstrip(":"))
    if what is None:
        raise Refused(EditUnclear(said=first, known=(*KNOWN, *fields)))
    return what, rest[0].strip() if rest else ""


def _wanted(what: str, text: str) -> Corrections:
    match what:
        case "title":
            return Corrections(title=parse_command.unquote(text))
        case "services":
            return Corrections(services=correction_forms.services_in(text))
        case "description" | "impact" | "team" | "summary":
            return Corrections.model_validate({what: parse_command.unquote(text) if what == "team" else text})
        case _:
            return Corrections(fields=((what, text),))


async def apply(world: World, actor: Actor, before: Incident, wanted: Corrections, severity: str | None = None) -> Card:
    """Make the corrections and say what was changed. Raises AlreadyDone, Refused."""
    done = await usecases.edit(world, before.id, actor.user, wanted, severity)
    return corrections.edited(done.incident, done.changes, _consequence(done.incident, done.changes))


def _consequence(incident: Incident, changes: Sequence[DetailChanged]) -> str:
    """What follows from another team."""
    if not any(change.detail == "team" for change in changes) or not incident.state.open:
        return ""
    return corrections.team_changed(incident.team, paging=incident.state is State.DETECTED)


def ask_visibility(incident: Incident, *, private: bool) -> Card:
    """The question before it is made private or public. Raises AlreadyDone."""
    if incident.private is private:
        raise AlreadyDone(VisibilityUnchanged(incident=incident.name, private=private))
    return corrections.visibility_question(incident, private)


async def choose_edit(context: ActionContext) -> None:
    """Edit…"""
    policy = context.world.policy
    await show_form(context, lambda view: correction_forms.edit_form(view, policy), "edit title …")


async def set_visibility(context: ActionContext) -> Card:
    """Make it public, Make it private: the answer to the question."""
    private = context.seen == "private"
    incident = await usecases.set_visibility(context.world, context.incident_id, context.user, private=private)
    return said(f"{incident.name} is {'private' if incident.private else 'public'} now.")


async def submit(world: World, actor: Actor, view: Block) -> Card | FormMistakes:
    """Edit: what was changed is stored; whether the incident is private is asked again first."""
    incident = await lookup.by_id(world, about(view).incident_id)
    wanted = correction_forms.read_edit(view, incident)
    if isinstance(wanted, FormMistakes):
        return wanted
    asked = ask_visibility(incident, private=wanted.private) if wanted.private is not None else None
    if asked is not None and wanted.wanted == Corrections() and wanted.severity is None:
        return asked
    done = await apply(world, actor, incident, wanted.wanted, wanted.severity)
    return Card(f"{done.text} {asked.text}", [*done.blocks, *asked.blocks]) if asked else done


BUTTONS: dict[str, Run] = {
    ids.VISIBILITY: set_visibility,
}


FORMS: dict[str, Submit] = {ids.FORM_EDIT: submit}
