"""Declaring an incident: one use case behind command, form, shortcut, alert and command line."""

from __future__ import annotations

import uuid
from dataclasses import replace

from warroom.errors import Conflict, Refused
from warroom.escalation.rules import levels_at_start
from warroom.incident import opening
from warroom.incident.change import authorize
from warroom.incident.decision import changeset
from warroom.incident.declaration import Declare
from warroom.incident.model import AlertGroup, Incident, Participants
from warroom.outbox.changes import AlertDecision, Changeset, Firing
from warroom.people.resolution import Resolution, Why, resolve
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import Repeated, TitleMissing, UnknownSeverity, UnknownTeam
from warroom.text import cut
from warroom.value import Value

TITLE_LIMIT = 500
"""Characters of a title that are kept; the rest goes to the description, so that nothing typed is lost."""
IN_VAIN = 5
"""Attempts that were refused although nobody declared the same; then something else is wrong."""


class DeclareResult(Value):
    """The incident, and how the names were understood. `existed` when the same gesture came a second time."""

    incident: Incident
    people: Resolution
    existed: bool = False


async def declare(
    world: World,
    what: Declare,
    *,
    firing: Firing | None = None,
    alert_decision: AlertDecision | None = None,
    decides: bool = False,
) -> DeclareResult:
    """The new incident, stored together with the wish for its room. Raises Refused when it cannot be understood.

    `firing` and `alert_decision` belong to the alert that caused it and are stored in the same transaction; with `decides` nothing
    is declared when the alert was decided meanwhile, and the incident returned is none that is stored (`existed`).
    """
    await authorize(world, Permission.DECLARE, what.by)
    severity, team = _severity(world, what.severity), _team(world, what)
    people = await resolve(what.people, world.directory, world.policy)
    commander = await _one(world, what.commander)
    draft = _incident(world, what, severity, team, (commander, *ids(people)))
    called, nobody = await _first_called(world, draft, unfound(people) if what.by is None else ())

    def numbered(number: int) -> Changeset:
        incident = draft.copy_with(number=number)
        decision = replace(
            opening.begin(incident, called, incident.declared_at, world.policy, nobody=nobody),
            firings=(firing.copy_with(incident_id=incident.id),) if firing else (),
            alert_decisions=(alert_decision.copy_with(incident_id=incident.id),) if alert_decision else (),
            decides=(alert_decision.delivery_id,) if alert_decision and decides else (),
        )
        return world.marked(
            changeset(None, decision, now=incident.declared_at, policy=world.policy, react=world.integrations.on_event)
        )

    for _ in range(IN_VAIN):
        known = await world.store.incident_from(what.origin_key)
        if known is not None:
            return DeclareResult(incident=known, people=people, existed=True)
        try:
            written = await world.commit_new(numbered)
        except Conflict:
            continue
        if written is None and world.gesture is not None:
            raise Repeated(world.gesture)
        if written is None:
            return DeclareResult(incident=draft, people=people, existed=True)
        assert written.incident is not None
        return DeclareResult(incident=written.incident.copy_with(version=1), people=people)
    raise Conflict(f"“{draft.title}” cannot be stored, although nobody else declared it.")


async def _first_called(
    world: World, incident: Incident, missed: tuple[str, ...]
) -> tuple[dict[int, tuple[str, ...]], tuple[str, ...]]:
    """(who is paged first, by index of the level; the names in it behind which nobody was found, and `missed`)."""
    first = {i: incident.escalation.levels[i].notify for i in levels_at_start(incident)}
    found = {i: await resolve(names, world.directory, world.policy) for i, names in first.items()}
    nobody = tuple(name for resolution in found.values() for name in unfound(resolution)) + missed
    return {i: ids(resolution) for i, resolution in found.items()}, nobody


def _severity(world: World, said: str | None) -> str:
    policy = world.policy
    if said is None:
        return policy.default_severity()
    known = policy.severity_named(said)
    if known is None:
        raise Refused(UnknownSeverity(said=said, known=tuple(policy.severities)))
    return known


def _team(world: World, what: Declare) -> str | None:
    policy = world.policy
    if what.team:
        known = policy.team_named(what.team)
        if known is None:
            raise Refused(UnknownTeam(said=what.team, known=tuple(policy.teams)))
        return known
    for service in what.services:
        if team := policy.team_for_service(service):
            return team
    return policy.workspace.default_team


def _incident(world: World, what: Declare, severity: str, team: str | None, people: tuple[str | None, ...]) -> Incident:
    """The incident without its number."""
    now = world.clock.now()
    title = " ".join(what.title.split())
    if not title:
        raise Refused(TitleMissing())
    description = what.description
    if len(title) > TITLE_LIMIT:
        description = f"{title}\n\n{description}".strip()
        title = cut(title, TITLE_LIMIT)
    return Incident(
        id=uuid.uuid4().hex,
        number=0,
        origin=what.origin,
        origin_key=what.origin_key,
        title=title,
        description=description,
        severity=severity,
        private=what.private,
        team=team,
        services=what.services,
        fields=what.fields,
        links=what.links,
        declared_by=what.by,
        commander=people[0],
        declared_at=now,
        touched_at=now,
        escalation=opening.escalation_of(team, what.by, world.policy),
        alerts=what.alerts,
        source_message=what.source_message,
        participants=Participants(invitees=tuple(dict.fromkeys(person for person in (what.by, *people) if person))),
        alert_group=AlertGroup(
            key=what.group_key,
            until=now + what.group_window if what.group_window else None,
            auto_resolve_after=what.auto_resolve_after,
        ),
    )


async def _one(world: World, name: str | None) -> str | None:
    found = ids(await resolve((name,), world.directory, world.policy)) if name else ()
    return found[0] if len(found) == 1 else None


def ids(people: Resolution) -> tuple[str, ...]:
    """The ids of everybody who was found."""
    return tuple(match.person.id for match in people.found)


def unfound(people: Resolution) -> tuple[str, ...]:
    """What was said of everybody who was not found, or could be several people.

    Bots and closed accounts in a user group are not missed while the group leads to somebody.
    """
    reached = {match.via for match in people.found if match.via and match.via[-1].startswith("@")}
    missed = (each for each in people.unknown if each.via not in reached or each.why not in (Why.DEACTIVATED, Why.BOT))
    return (*(unknown.said for unknown in missed), *(unclear.said for unclear in people.ambiguous))
