"""Declaring an incident: one use case behind command, form, shortcut, alert and command line."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace

from warroom.errors import Conflict, Refused
from warroom.escalation import page_hours
from warroom.escalation.rules import hurried, levels_at_start
from warroom.incident import lookup, opening
from warroom.incident.change import authorize
from warroom.incident.decision import changeset
from warroom.incident.declaration import Declare
from warroom.incident.model import Incident
from warroom.incident.parts import AlertGroup, Participants
from warroom.incident.title import nearly, similar
from warroom.outbox.changes import AlertDecision, Changeset, Firing
from warroom.people.model import Resolution, Why
from warroom.people.resolution import nobody_on_call, resolve
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import Repeated, TitleMissing, UnknownService, UnknownSeverity, UnknownTeam
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


class FirstCalled(Value):
    """Whom an incident calls when it begins."""

    people: dict[int, tuple[str, ...]]
    """Their ids, by index of the level."""
    missed: tuple[str, ...]
    """Names behind which nobody was found."""
    nobody_on_call: bool
    """Nobody was found at all, because nobody is on call."""


class WouldCall(Value):
    """Whom a declaration would call."""

    people: Resolution
    """Without the declarer, unless there is nobody else."""
    team: str | None
    """The key of the team whose escalation policy is followed."""


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
    people = await resolve(what.people, world.directory, world.policy, only_exact=what.private)
    commander = await _one(world, what.commander, only_exact=what.private)
    draft = _incident(world, what, severity, team, commander, people)
    first = await _first_called(world, draft, unfound(people) if what.by is None else ())

    # A private incident is followed by nobody who is not in its room.
    followers = () if what.private else await _followers(world, team, severity)
    draft = draft.copy_with(subscribers=tuple(person for person in followers if person != what.by))

    def numbered(number: int) -> Changeset:
        incident = draft.copy_with(number=number)
        begun = opening.begin(incident, first.people, incident.declared_at, world.policy, nobody=first.missed)
        if first.nobody_on_call:
            begun = replace(begun, incident=hurried(begun.incident, incident.declared_at))
        decision = replace(
            begun,
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


async def who_is_called(world: World, what: Declare) -> WouldCall:
    """Who would be paged if this were declared now. Changes nothing. Raises Refused for a severity or team that is unknown."""
    people = await resolve(what.people, world.directory, world.policy, only_exact=what.private)
    severity, team = _severity(world, what.severity), _team(world, what)
    draft = _incident(world, what.copy_with(title=what.title or "?"), severity, team, None, people)
    names = [name for level in levels_at_start(draft) for name in draft.escalation.levels[level].notify]
    called = await resolve(names, world.directory, world.policy, only_exact=True)
    left = opening.others(ids(called), what.by)
    others = tuple(match for match in called.found if match.person.id in left)
    return WouldCall(people=called.copy_with(found=others), team=team)


def check_services(world: World, services: Sequence[str], sure: Collection[str] = ()) -> None:
    """Raises Refused for a service that is probably a misspelling of one that the policy knows; `sure` are not looked at."""
    known = [name for names in world.policy.services_by_team().values() for name in names]
    for service in services:
        near = None if service in sure or world.policy.team_for_service(service) else nearly(service, known)
        if near is not None:
            raise Refused(UnknownService(said=service, near=near))


async def similar_open(
    world: World, user: str, title: str, services: Sequence[str] = (), source: str | None = None
) -> list[Incident]:
    """Open incidents that this person may see and that may be the same trouble; first the one from the same message."""
    if not title.strip() and not services and source is None:
        return []
    seen = [view.incident for view in await lookup.open_incidents(world, user, limit=lookup.LOOKED_AT)]
    same = [incident for incident in seen if source and incident.source_message == source]
    return [*same, *(each for each in similar(title, services, seen) if each not in same)]


NEWEST = 30
"""So many of the newest open incidents are compared with one that was declared without a form."""


async def similar_to(world: World, incident: Incident, user: str) -> list[Incident]:
    """Open incidents, among the newest, that this person may see and that may be the same trouble as this one."""
    newest = await world.store.incidents(open_only=True, limit=NEWEST)
    seen = [each for each in newest if each.id != incident.id and each.shown_to(user)]
    return similar(incident.title, incident.services, seen)


async def _followers(world: World, team: str | None, severity: str) -> tuple[str, ...]:
    """Whoever follows the team or the severity, and the team's stakeholders; each once."""
    known = world.policy.teams.get(team) if team else None
    named = await resolve(known.stakeholders if known else (), world.directory, world.policy, only_exact=True)
    return tuple(dict.fromkeys((*await world.store.followers(team, severity), *ids(named))))


async def _first_called(world: World, incident: Incident, missed: tuple[str, ...]) -> FirstCalled:
    """Who is paged first; `missed` are names that led to nobody before."""
    first = {i: incident.escalation.levels[i].notify for i in levels_at_start(incident)}
    found = {i: await resolve(names, world.directory, world.policy, only_exact=True) for i, names in first.items()}
    nobody = tuple(name for resolution in found.values() for name in unfound(resolution)) + missed
    off_call = not any(each.found for each in found.values()) and any(map(nobody_on_call, found.values()))
    now, called = world.clock.now(), dict[int, tuple[str, ...]]()
    for index, resolution in found.items():
        people = [match.person for match in resolution.found]
        asleep = page_hours.asleep(people, incident.severity, world.policy, now)
        awake = tuple(person for person in ids(resolution) if person not in asleep)
        # A level of which nobody is paged at this hour is not told: its timer is due at once and says so.
        if awake or not asleep:
            called[index] = awake
    return FirstCalled(people=called, missed=nobody, nobody_on_call=off_call)


def _severity(world: World, said: str | None) -> str:
    policy = world.policy
    if said is None:
        return policy.default_severity()
    known = policy.severity_named(said)
    if known is None:
        raise Refused(UnknownSeverity(said=said, known=tuple(policy.severities)))
    return known


def _team(world: World, what: Declare) -> str | None:
    """The key of the team whose escalation policy is followed. A person's private incident calls only a team that was named."""
    policy = world.policy
    if what.team:
        known = policy.team_named(what.team)
        if known is None:
            raise Refused(UnknownTeam(said=what.team, known=tuple(policy.teams)))
        return known
    if what.private and what.by is not None:
        return None
    for service in what.services:
        if team := policy.team_for_service(service):
            return team
    return policy.workspace.default_team


def _incident(
    world: World, what: Declare, severity: str, team: str | None, commander: str | None, asked: Resolution
) -> Incident:
    """The incident without its number."""
    now = world.clock.now()
    title = " ".join(what.title.split())
    if not title:
        raise Refused(TitleMissing())
    description = what.description
    if len(title) > TITLE_LIMIT:
        description = f"{title}\n\n{description}".strip()
        title = cut(title, TITLE_LIMIT)
    people = (commander, *ids(asked))
    named = tuple(person for person in people if person) if what.private and what.by is not None else ()
    template = what.template if what.template in world.policy.templates else None
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
        commander=commander,
        declared_at=now,
        touched_at=now,
        escalation=opening.escalation_of(team, what.by, world.policy, named),
        alerts=what.alerts,
        source_message=what.source_message,
        source_channel=what.source_channel,
        source_ts=what.source_ts,
        reply_to=what.reply_to and what.reply_to.copy_with(ambiguous=asked.ambiguous, unknown=asked.unknown),
        template=template or world.policy.template_for(team, severity),
        participants=Participants(invitees=tuple(dict.fromkeys(person for person in (what.by, *people) if person))),
        alert_group=AlertGroup(
            key=what.group_key,
            until=now + what.group_window if what.group_window else None,
            auto_resolve_after=what.auto_resolve_after,
        ),
    )


async def _one(world: World, name: str | None, *, only_exact: bool) -> str | None:
    found = ids(await resolve((name,), world.directory, world.policy, only_exact=only_exact)) if name else ()
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
