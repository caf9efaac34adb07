"""`/incident edit`: the form, or one thing at a time."""

from __future__ import annotations

from collections.abc import Sequence

from blocks import correction_forms, corrections, done
from blocks.declare_form import services_written
from blocks.kit import Card
from blocks.usage import EditUnclear, EditValueMissing
from handlers import slack_text
from handlers.answers import Actor, open_form
from handlers.command_context import IncidentCommandContext
from handlers.people_lookup import readable
from warroom.errors import AlreadyDone, Refused
from warroom.incident import corrections as usecases
from warroom.incident import lookup
from warroom.incident import usecases as incidents
from warroom.incident.declare import check_services
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
    fields = correction_forms.fields_of(context.incident, context.world.policy)
    what, typed = _what(context.text, [each.name for each in fields])
    if what in ("private", "public"):
        return ask_visibility(context.incident, private=what == "private")
    text = await readable(context.world, typed)
    if not text:
        raise Refused(EditValueMissing(what=what))
    if what == "severity":
        incident = await incidents.set_severity(
            context.world, context.incident.id, context.user, slack_text.unquote(text)
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
            return Corrections(title=slack_text.unquote(text))
        case "description" | "impact" | "team" | "summary":
            return Corrections.model_validate({what: slack_text.unquote(text) if what == "team" else text})
        case _:
            return Corrections(fields=((what, text),))


def check_new_services(world: World, incident: Incident, services: Sequence[str], sure: Sequence[str]) -> None:
    """Raises Refused for a service that the incident does not have yet and that is probably misspelt."""
    check_services(world, [each for each in services if each not in incident.services], sure)


async def apply(world: World, actor: Actor, before: Incident, wanted: Corrections, severity: str | None = None) -> Card:
    """Make the corrections and say what was changed. Raises AlreadyDone, Refused."""
    incident, changes = await usecases.edit(world, before.id, actor.user, wanted, severity)
    return corrections.edited(incident, changes, _consequence(incident, changes))


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
