"""Correcting an incident: `/incident edit`, one thing at a time or with its form; private or public."""

from __future__ import annotations

from collections.abc import Sequence

from blocks import (
    correction_forms,
    corrections,
    declare_form,
    done,
    ids,
)
from blocks.declare_form import services_written
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
from warroom.incident.declare import check_services
from warroom.incident.edit import Corrections
from warroom.incident.events import DetailChanged
from warroom.incident.model import Incident, State
from warroom.ports import World
from warroom.refusals import UnknownService, VisibilityUnchanged

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
    fields = correction_forms.fields_of(context.incident, context.world.policy)
    what, typed = _what(context.text, [each.name for each in fields])
    if what in ("private", "public"):
        return ask_visibility(context.incident, private=what == "private")
    text = await readable(context.world, typed)
    if not text:
        raise Refused(EditValueMissing(what=what))
    if what == "severity":
        incident = await incidents.set_severity(
            context.world, context.incident.id, context.user, parse_command.unquote(text)
        )
        return done.severity_set(incident)
    if text.casefold() in NONE and what != "title":
        text = ""
    if what == "services":
        services, sure = services_written(text)
        check_new_services(context.world, context.incident, services, sure)
        return await apply(context.world, context.actor, context.incident, Corrections(services=services))
    wanted = _wanted(what, text)
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
        case "description" | "impact" | "team" | "summary":
            return Corrections.model_validate({what: parse_command.unquote(text) if what == "team" else text})
        case _:
            return Corrections(fields=((what, text),))


def check_new_services(world: World, incident: Incident, services: Sequence[str], sure: Sequence[str]) -> None:
    """Raises Refused for a service that the incident does not have yet and that is probably misspelt."""
    check_services(world, [each for each in services if each not in incident.services], sure)


async def apply(world: World, actor: Actor, before: Incident, wanted: Corrections, severity: str | None = None) -> Card:
    """Make the corrections and say what was changed. Raises AlreadyDone, Refused."""
    made = await usecases.edit(world, before.id, actor.user, wanted, severity)
    return corrections.edited(made.incident, made.changes, _consequence(made.incident, made.changes))


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
    return done.visibility_set(incident)


async def submit(world: World, actor: Actor, view: Block) -> Card | FormMistakes:
    """Edit: what was changed is stored; whether the incident is private is asked again first."""
    incident = await lookup.by_id(world, about(view).incident_id)
    wanted = correction_forms.read_edit(view, incident, world.policy)
    if isinstance(wanted, FormMistakes):
        return wanted
    try:
        check_new_services(world, incident, wanted.wanted.services or (), wanted.sure)
    except Refused as refused:
        if isinstance(refused.reason, UnknownService):
            return declare_form.unknown_service(refused.reason.said, refused.reason.near)
        raise
    asked = ask_visibility(incident, private=wanted.private) if wanted.private is not None else None
    if asked is not None and wanted.wanted == Corrections() and wanted.severity is None:
        return asked
    edited = await apply(world, actor, incident, wanted.wanted, wanted.severity)
    return Card(f"{edited.text} {asked.text}", [*edited.blocks, *asked.blocks]) if asked else edited


BUTTONS: dict[str, Run] = {
    ids.VISIBILITY: set_visibility,
}


FORMS: dict[str, Submit] = {ids.FORM_EDIT: submit}
