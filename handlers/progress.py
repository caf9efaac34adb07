"""Subcommands that move an incident on."""

from __future__ import annotations

from blocks.answers import said, understood
from blocks.kit import Card
from handlers import naming, words
from handlers.ask import AskAbout
from handlers.people import one_person, readable
from warroom.errors import Refused
from warroom.incident import Incident
from warroom.responders import Resolution
from warroom.usecases import progress


async def acknowledge(ask: AskAbout) -> Card:
    """ack"""
    incident = await progress.acknowledge(ask.world, ask.incident.id, ask.user)
    return said(f"You have {incident.name}. Nobody else is called.")


async def escalate(ask: AskAbout) -> Card:
    """escalate [why]"""
    why = await readable(ask.world, ask.text)
    incident = await progress.escalate(ask.world, ask.incident.id, ask.user, why)
    return said(f"The next level of {incident.name} is being called.")


async def update(ask: AskAbout) -> Card:
    """update TEXT"""
    text = await readable(ask.world, ask.text)
    incident = await progress.post_update(ask.world, ask.incident.id, ask.user, text)
    announced = ask.world.policy.workspace.announce and not incident.private
    where = "the room and the announcement" if announced else "the room"
    return said(f"Your update of {incident.name} is on its way to {where}.")


async def severity(ask: AskAbout) -> Card:
    """severity LEVEL"""
    level = words.plain(words.unquote(ask.text))
    if not level:
        levels = ", ".join(ask.world.policy.severities)
        raise Refused(
            f"Say the new severity of {ask.incident.name}: {levels}. For example: severity #{ask.incident.number} 2"
        )
    incident = await progress.set_severity(ask.world, ask.incident.id, ask.user, level)
    return said(f"{incident.name} is {incident.severity} now.")


async def mitigate(ask: AskAbout) -> Card:
    """mitigate"""
    incident = await progress.mitigate(ask.world, ask.incident.id, ask.user)
    return said(f"{incident.name} is mitigated. Watch it, and resolve it when it stays so.")


async def resolve(ask: AskAbout) -> Card:
    """resolve [summary]"""
    summary = await readable(ask.world, ask.text)
    incident = await progress.resolve_incident(ask.world, ask.incident.id, ask.user, summary)
    return said(f"{incident.name} is resolved.")


async def reopen(ask: AskAbout) -> Card:
    """reopen"""
    incident = await progress.reopen(ask.world, ask.incident.id, ask.user)
    return said(f"{incident.name} is open again, and you have it.")


async def cancel(ask: AskAbout) -> Card:
    """cancel WHY"""
    why = await readable(ask.world, ask.text)
    incident = await progress.cancel(ask.world, ask.incident.id, ask.user, why)
    return said(f"{incident.name} is cancelled.")


async def role(ask: AskAbout) -> Card:
    """role ROLE @person"""
    wanted = naming.role(ask.text)
    person = await one_person(ask.world, wanted.person, ask.user)
    incident = await progress.assign_role(ask.world, ask.incident.id, ask.user, wanted.role, person)
    return said(f"{incident.name}: <@{person}> is {wanted.role} now.")


async def invite(ask: AskAbout) -> Card:
    """invite WHO…"""
    people = await progress.invite(ask.world, ask.incident.id, ask.user, naming.names(ask.text))
    return understood(ask.incident, people, _deed("invited to", ask.incident, people))


async def page(ask: AskAbout) -> Card:
    """page TEAM"""
    team = ask.world.policy.team_named(words.plain(words.unquote(ask.text)))
    names = (team,) if team else naming.names(ask.text)
    people = await progress.page(ask.world, ask.incident.id, ask.user, names)
    return understood(ask.incident, people, _deed("paged to", ask.incident, people))


def _deed(did: str, incident: Incident, people: Resolution) -> str:
    return f"{did.capitalize()} {incident.name}:" if people.found else f"Nobody was {did} {incident.name} yet."
