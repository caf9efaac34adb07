"""Subcommands that move an incident on."""

from __future__ import annotations

from blocks.answers import said, understood
from blocks.integration_form import integration_form
from blocks.kit import Card
from blocks.usage import SeverityMissing
from handlers import parse_people, slack_text
from handlers.answers import open_form
from handlers.command_context import IncidentCommandContext
from handlers.people_lookup import one_person, readable
from warroom.errors import Refused
from warroom.incident import lookup
from warroom.incident import usecases as incidents
from warroom.incident.model import Incident
from warroom.people.resolution import Resolution
from warroom.refusals import NoPublicPage
from warroom.text import as_typed


async def acknowledge(context: IncidentCommandContext) -> Card:
    """ack"""
    incident = await incidents.acknowledge(context.world, context.incident.id, context.user)
    return said(f"You acknowledged {incident.name}; paging stopped.")


async def escalate(context: IncidentCommandContext) -> Card:
    """escalate [why]"""
    why = await readable(context.world, context.text)
    incident = await incidents.escalate(context.world, context.incident.id, context.user, why)
    return said(f"The next level of {incident.name} is being called.")


async def update(context: IncidentCommandContext) -> Card:
    """update TEXT"""
    text = await readable(context.world, context.text)
    incident = await incidents.post_update(context.world, context.incident.id, context.user, text)
    announced = context.world.policy.workspace.announce and not incident.private
    where = "the room and the announcement" if announced else "the room"
    return said(f"Your update of {incident.name} is on its way to {where}.")


async def severity(context: IncidentCommandContext) -> Card:
    """severity LEVEL"""
    level = as_typed(slack_text.unquote(context.text))
    if not level:
        incident, known = context.incident, tuple(context.world.policy.severities)
        raise Refused(SeverityMissing(incident=incident.name, number=incident.number, known=known))
    incident = await incidents.set_severity(context.world, context.incident.id, context.user, level)
    return said(f"{incident.name} is {incident.severity} now.")


async def status(context: IncidentCommandContext) -> None:
    """status: the form of the public status page"""
    world, incident = context.world, context.incident
    chosen = world.integrations.commanded("status", world.policy)
    asked = await world.integrations.choose(world, incident.id, chosen, context.user) if chosen else None
    if asked is None:
        raise Refused(NoPublicPage())
    form = integration_form(await lookup.view(world, incident), asked)
    await open_form(world, context.client, context.actor, form, instead="/incident status")


async def mitigate(context: IncidentCommandContext) -> Card:
    """mitigate"""
    incident = await incidents.mitigate(context.world, context.incident.id, context.user)
    return said(f"{incident.name} is mitigated. Watch it, and resolve it when it stays so.")


async def resolve(context: IncidentCommandContext) -> Card:
    """resolve [summary]"""
    summary = await readable(context.world, context.text)
    incident = await incidents.resolve_incident(context.world, context.incident.id, context.user, summary)
    return said(f"{incident.name} is resolved.")


async def reopen(context: IncidentCommandContext) -> Card:
    """reopen"""
    incident = await incidents.reopen(context.world, context.incident.id, context.user)
    return said(f"{incident.name} is open again, and you have it.")


async def cancel(context: IncidentCommandContext) -> Card:
    """cancel WHY"""
    why = await readable(context.world, context.text)
    incident = await incidents.cancel(context.world, context.incident.id, context.user, why)
    return said(f"{incident.name} is cancelled.")


async def role(context: IncidentCommandContext) -> Card:
    """role ROLE @person"""
    wanted = parse_people.role(context.text)
    person = await one_person(context.world, wanted.person, context.user)
    incident = await incidents.assign_role(context.world, context.incident.id, context.user, wanted.role, person)
    return said(f"{incident.name}: <@{person}> is {wanted.role} now.")


async def invite(context: IncidentCommandContext) -> Card:
    """invite WHO…"""
    people = await incidents.invite(context.world, context.incident.id, context.user, parse_people.names(context.text))
    return understood(context.incident, people, _done("invited to", context.incident, people))


async def page(context: IncidentCommandContext) -> Card:
    """page TEAM"""
    team = context.world.policy.team_named(as_typed(slack_text.unquote(context.text)))
    names = (team,) if team else parse_people.names(context.text)
    people = await incidents.page(context.world, context.incident.id, context.user, names)
    return understood(context.incident, people, _done("paged for", context.incident, people))


def _done(did: str, incident: Incident, people: Resolution) -> str:
    return f"{did.capitalize()} {incident.name}:" if people.found else f"Nobody was {did} {incident.name} yet."
