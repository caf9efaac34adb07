"""Subcommands that move an incident on."""

from __future__ import annotations

from blocks import ids
from blocks.answers import named, said, unclear
from blocks.kit import Card
from blocks.refusals import refusal_words
from blocks.usage import SeverityMissing
from handlers import parse_people, slack_text
from handlers.command_context import IncidentCommandContext
from handlers.people_lookup import WhoIsMeant, names_and_reason, one_person, readable
from warroom.errors import AlreadyDone, Refused
from warroom.incident import usecases as incidents
from warroom.refusals import Repeated
from warroom.text import as_typed


async def acknowledge(context: IncidentCommandContext) -> Card:
    """ack"""
    incident = await incidents.acknowledge(context.world, context.incident.id, context.user)
    return said(f"You acknowledged {incident.name}. Escalation stopped.")


async def escalate(context: IncidentCommandContext) -> Card:
    """escalate [TEAM] [why]"""
    team, rest = await _other_team(context)
    if team:
        why = await readable(context.world, rest)
        people = await incidents.page(context.world, context.incident.id, context.user, (team,), why)
        return named(context.incident, people, "Paged", ids.PAGE_CANDIDATE, why)
    why = await readable(context.world, context.text)
    incident = await incidents.escalate(context.world, context.incident.id, context.user, why)
    return said(f"The next level of {incident.name} is being paged.")


async def update(context: IncidentCommandContext) -> Card:
    """update TEXT"""
    text = await readable(context.world, context.text)
    incident = await incidents.post_update(context.world, context.incident.id, context.user, text)
    announced = context.world.policy.workspace.announce and not incident.private
    where = "the room and the announcement" if announced else "the room"
    return said(f"Your update of {incident.name} is on its way to {where}.")


async def severity(context: IncidentCommandContext) -> Card:
    """severity LEVEL"""
    level, why = _level_and_reason(context)
    if not level:
        incident, known = context.incident, tuple(context.world.policy.severities)
        raise Refused(SeverityMissing(incident=incident.name, number=incident.number, known=known))
    incident = await incidents.set_severity(context.world, context.incident.id, context.user, level, why=why)
    return said(f"{incident.name} is {incident.severity} now.")


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
    try:
        person = await one_person(context.world, wanted.person, context.user, only_exact=context.incident.private)
    except WhoIsMeant as asked:
        answer = unclear(context.incident, asked.people, ids.ROLE_CANDIDATE, wanted.role)
        assert answer is not None, "there are candidates"
        return answer
    incident = await incidents.assign_role(context.world, context.incident.id, context.user, wanted.role, person)
    return said(f"{incident.name}: <@{person}> is {wanted.role} now.")


async def invite(context: IncidentCommandContext) -> Card:
    """invite WHO…"""
    people = await incidents.invite(context.world, context.incident.id, context.user, parse_people.names(context.text))
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
    except AlreadyDone as done:
        if isinstance(done, Repeated):
            raise
        return said(refusal_words(done.reason))
    return said(f"You are being added to {incident.name}.")


async def _other_team(context: IncidentCommandContext) -> tuple[str | None, str]:
    """(the team or group at the start of the text, when it is another one than the incident's; the text after it)."""
    typed = slack_text.words(context.text)
    if not typed:
        return None, ""
    first, rest = slack_text.unquote(typed[0][0].rstrip(",:;")), context.text[typed[0].end() :].strip(" ,:;")
    team = context.world.policy.team_named(as_typed(first))
    if team is not None:
        return (None, rest) if team == context.incident.team else (team, rest)
    return (first, rest) if slack_text.person(first) else (None, context.text)


def _level_and_reason(context: IncidentCommandContext) -> tuple[str, str]:
    """(the severity, the reason after it): `sev-3 only EU`. The whole text where no severity stands at its start."""
    text = as_typed(slack_text.unquote(context.text))
    typed = text.split()
    for length in range(min(len(typed), 3), 0, -1):
        level = " ".join(typed[:length]).rstrip(",:;")
        if context.world.policy.severity_named(level):
            return level, " ".join(typed[length:]).strip(" ,:;–—-")
    return text, ""
