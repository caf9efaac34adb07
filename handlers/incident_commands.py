"""Subcommands that move an incident on."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from blocks import update_form
from blocks.answers import said, understood
from blocks.corrections import WHY_LIMIT, cancel_question, cancelled
from blocks.integration_form import integration_form
from blocks.kit import Card
from blocks.usage import ReasonTooLong, SeverityMissing
from handlers import parse_people, slack_text
from handlers.answers import Actor, open_form
from handlers.command_context import IncidentCommandContext
from handlers.people_lookup import one_person, readable
from warroom.errors import Refused
from warroom.incident import corrections, lookup, record
from warroom.incident import usecases as incidents
from warroom.incident.change import authorize
from warroom.incident.model import Incident, State
from warroom.incident.roles import role_named
from warroom.people.resolution import Resolution
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.postmortem import usecases as postmortems
from warroom.refusals import NoPublicPage
from warroom.text import as_typed


async def acknowledge(context: IncidentCommandContext) -> Card:
    """ack"""
    incident = await incidents.acknowledge(context.world, context.incident.id, context.user)
    return said(f"You acknowledged {incident.name}. Escalation stopped.")


async def escalate(context: IncidentCommandContext) -> Card:
    """escalate [why]"""
    why = await readable(context.world, context.text)
    incident = await incidents.escalate(context.world, context.incident.id, context.user, why)
    return said(f"Paging the next level of {incident.name}.")


async def update(context: IncidentCommandContext) -> Card | None:
    """update [TEXT]"""
    text = await readable(context.world, context.text)
    if not text:
        await open_update_form(context.world, context.client, context.actor, context.incident.id)
        return None
    incident = await incidents.post_update(context.world, context.incident.id, context.user, text)
    announced = context.world.policy.workspace.announce and not incident.private
    where = "its channel and the announcement" if announced else "its channel"
    return said(f"Update of {incident.name} posted to {where}.")


async def open_update_form(world: World, client: AsyncWebClient, actor: Actor, incident_id: str) -> None:
    """The form of an update, with what happened since the last one. Raises NotFound, SlackApiError."""
    incident = await lookup.by_id(world, incident_id)
    view, entries = await lookup.view(world, incident), await record.timeline(world, incident)
    names = await postmortems.names_in(world, view, entries)
    drafted = update_form.draft(incident, entries, names, world.policy.workspace.timezone)
    form = update_form.update_form(view, world.policy, drafted)
    await open_form(world, client, actor, form, instead="/incident update TEXT")


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
    """mitigate [WHY]"""
    why = await readable(context.world, context.text)
    if why:
        # What was done about it is an update that brings the state with it.
        more = corrections.StatusChange(state=State.MITIGATED)
        if context.incident.state is State.MITIGATED:
            more = corrections.StatusChange()
        incident = await corrections.post_status(context.world, context.incident.id, context.user, why, more)
    else:
        incident = await incidents.mitigate(context.world, context.incident.id, context.user)
    return said(f"{incident.name} is mitigated. Keep an eye on it and resolve once stable.")


async def resolve(context: IncidentCommandContext) -> Card:
    """resolve [summary]"""
    summary = await readable(context.world, context.text)
    return await resolved(context.world, context.incident.id, context.user, summary)


async def resolved(world: World, incident_id: str, by: str, summary: str) -> Card:
    """Resolve it, or where it is resolved already, say what fixed it. Raises AlreadyDone without a summary, Refused."""
    result = await corrections.resolve_with(world, incident_id, by, summary)
    name = result.incident.name
    if not result.over_already:
        return said(f"{name} is resolved.")
    was = f" It said: {result.before}" if result.before else ""
    return said(f"{name} was resolved already. What fixed it is now: {result.incident.summary}{was}")


async def reopen(context: IncidentCommandContext) -> Card:
    """reopen"""
    incident = await incidents.reopen(context.world, context.incident.id, context.user)
    if incident.state is State.DETECTED:
        return said(f"{incident.name} is open again and not acknowledged. Escalation continues.")
    return said(f"{incident.name} is open again.")


async def cancel(context: IncidentCommandContext) -> Card:
    """cancel WHY: at once in the incident's own channel; elsewhere a number is soon mistyped, so it is asked first."""
    why = await readable(context.world, context.text)
    if context.actor.channel != context.incident.room.channel_id and context.incident.state.open and why:
        if len(why) > WHY_LIMIT:
            raise Refused(ReasonTooLong(length=len(why), limit=WHY_LIMIT))
        await authorize(context.world, Permission.CANCEL, context.user, context.incident)
        return cancel_question(context.incident, why)
    incident = await incidents.cancel(context.world, context.incident.id, context.user, why)
    return cancelled(incident)


async def role(context: IncidentCommandContext) -> Card:
    """role ROLE @person"""
    wanted = parse_people.role(context.text)
    person = await one_person(context.world, wanted.person, context.user)
    incident = await incidents.assign_role(context.world, context.incident.id, context.user, wanted.role, person)
    return said(f"<@{person}> is {role_named(wanted.role)} of {incident.name} now.")


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
