"""Subcommands that move an incident on."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from blocks import done, ids, update_form
from blocks.answers import named, role_list, said, unclear
from blocks.corrections import WHY_LIMIT, cancel_question, cancelled
from blocks.integration_form import integration_form
from blocks.kit import Card
from blocks.refusals import refusal_words
from blocks.usage import ReasonTooLong, SeverityMissing
from handlers import parse_command
from handlers.command_context import IncidentCommandContext
from handlers.gestures import Actor, open_form
from handlers.people import WhoIsMeant, names_and_reason, names_in, one_person, readable, role_in
from warroom.errors import AlreadyDone, Refused
from warroom.incident import corrections, handover, lookup, record
from warroom.incident import usecases as incidents
from warroom.incident.change import authorize
from warroom.incident.model import State
from warroom.incident.roles import role_meant
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.postmortem import usecases as postmortems
from warroom.refusals import NoPublicPage, Repeated
from warroom.text import as_typed


async def acknowledge(context: IncidentCommandContext) -> Card:
    """ack"""
    incident = await incidents.acknowledge(context.world, context.incident.id, context.user)
    return done.acknowledged(incident)


async def escalate(context: IncidentCommandContext) -> Card:
    """escalate [TEAM] [why]"""
    team, rest = await _other_team(context)
    if team:
        why = await readable(context.world, rest)
        people = await incidents.page(context.world, context.incident.id, context.user, (team,), why)
        return named(context.incident, people, "Paged", ids.PAGE_CANDIDATE, why)
    why = await readable(context.world, context.text)
    coming = (await lookup.view(context.world, context.incident, next_page=True)).next_page
    incident = await incidents.escalate(context.world, context.incident.id, context.user, why)
    return done.escalated(incident, coming)


async def update(context: IncidentCommandContext) -> Card | None:
    """update [TEXT]"""
    text = await readable(context.world, context.text)
    if not text:
        await open_update_form(context.world, context.client, context.actor, context.incident.id)
        return None
    incident = await incidents.post_update(context.world, context.incident.id, context.user, text)
    announced = bool(context.world.policy.workspace.announce) and not incident.private
    return done.update_posted(incident, announced=announced)


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
    level, why = _level_and_reason(context)
    if not level:
        incident, known = context.incident, tuple(context.world.policy.severities)
        raise Refused(SeverityMissing(incident=incident.name, number=incident.number, known=known))
    incident = await incidents.set_severity(context.world, context.incident.id, context.user, level, why=why)
    return done.severity_set(incident)


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
    return done.mitigated(incident)


async def resolve(context: IncidentCommandContext) -> Card:
    """resolve [summary]"""
    summary = await readable(context.world, context.text)
    return await resolved(context.world, context.incident.id, context.user, summary)


async def resolved(world: World, incident_id: str, by: str, summary: str) -> Card:
    """Resolve it, or where it is resolved already, say what fixed it. Raises AlreadyDone without a summary, Refused."""
    result = await corrections.resolve_with(world, incident_id, by, summary)
    if not result.over_already:
        return done.resolved(result.incident)
    return done.summary_replaced(result.incident, result.before)


async def reopen(context: IncidentCommandContext) -> Card:
    """reopen"""
    incident = await incidents.reopen(context.world, context.incident.id, context.user)
    return done.reopened(incident)


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
    """role [ROLE @person]"""
    if not context.text.strip():
        return role_list(await lookup.view(context.world, context.incident))
    wanted = role_in(context.text, context.world.policy)
    try:
        person = await one_person(context.world, wanted.person, context.user, only_exact=context.incident.private)
    except WhoIsMeant as asked:
        answer = unclear(context.incident, asked.people, ids.ROLE_CANDIDATE, wanted.role)
        assert answer is not None, "there are candidates"
        return answer
    incident = await incidents.assign_role(context.world, context.incident.id, context.user, wanted.role, person)
    view = await lookup.view(context.world, incident)
    return done.role_given(view, role_meant(wanted.role, context.world.policy), person)


async def hand_over(context: IncidentCommandContext) -> Card:
    """handover @person"""
    person = await one_person(context.world, context.text, context.user)
    incident = await handover.hand_over(context.world, context.incident.id, context.user, person)
    return done.handed_over(incident, person)


async def invite(context: IncidentCommandContext) -> Card:
    """invite WHO…"""
    people = await incidents.invite(context.world, context.incident.id, context.user, names_in(context.text))
    return named(context.incident, people, "Invited", ids.INVITE_CANDIDATE)


async def page(context: IncidentCommandContext) -> Card:
    """page WHO… [why]"""
    wanted = await names_and_reason(context.world, context.text)
    people = await incidents.page(context.world, context.incident.id, context.user, wanted.names, wanted.why)
    return named(context.incident, people, "Paged", ids.PAGE_CANDIDATE, wanted.why)


async def join(context: IncidentCommandContext) -> Card:
    """join"""
    try:
        incident = await incidents.join(context.world, context.incident.id, context.user)
    except AlreadyDone as already:
        if isinstance(already, Repeated):
            raise
        return said(refusal_words(already.reason))
    return done.joining(incident)


async def _other_team(context: IncidentCommandContext) -> tuple[str | None, str]:
    """(the team or group at the start of the text, when it is another one than the incident's; the text after it)."""
    typed = parse_command.words(context.text)
    if not typed:
        return None, ""
    first, rest = parse_command.unquote(typed[0][0].rstrip(",:;")), context.text[typed[0].end() :].strip(" ,:;")
    team = context.world.policy.team_named(as_typed(first))
    if team is not None:
        return (None, rest) if team == context.incident.team else (team, rest)
    return (first, rest) if parse_command.person(first) else (None, context.text)


def _level_and_reason(context: IncidentCommandContext) -> tuple[str, str]:
    """(the severity, the reason after it): `sev-3 only EU`. The whole text where no severity stands at its start."""
    text = as_typed(parse_command.unquote(context.text))
    typed = text.split()
    for length in range(min(len(typed), 3), 0, -1):
        level = " ".join(typed[:length]).rstrip(",:;")
        if context.world.policy.severity_named(level):
            return level, " ".join(typed[length:]).strip(" ,:;–—-")
    return text, ""
