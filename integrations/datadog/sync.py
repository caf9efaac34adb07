"""Incidents that are in Datadog's Incident Management too."""

from __future__ import annotations

from datetime import datetime, timedelta

from warroom import face, mirror
from warroom.alerts.parsing.clean import clean
from warroom.errors import Rejected, Retryable
from warroom.incident.change import done
from warroom.incident.decision import Decision
from warroom.incident.declaration import Declare
from warroom.incident.declare import declare
from warroom.incident.model import Incident, Link, Origin, State
from warroom.outbox.changes import Changeset, Claim
from warroom.outbox.effects import Effect, ReadIncidents
from warroom.outbox.results import IncidentsRead, Mirrored, TheirIncident
from warroom.policy.datadog import Mirroring
from warroom.ports import World

OPEN_INCIDENTS = 500
RECENT = timedelta(days=1)
"""An incident that is open in Datadog for longer opens no room."""


async def ask_incidents(world: World) -> None:
    """What changed in Datadog is read in the background, where the policy wants it. Raises StoreUnavailable."""
    if world.policy.datadog.incidents is not Mirroring.BOTH:
        return
    now = world.clock.now()
    known = await world.store.incidents(limit=OPEN_INCIDENTS)
    effects: list[Effect] = [face.mirror(each) for each in known if each.datadog and _followed(each, now)]
    if world.policy.datadog.open_rooms:
        effects.append(ReadIncidents(priority=80))
    await world.commit(Changeset(now=now, effects=tuple(effects)))


def _followed(incident: Incident, now: datetime) -> bool:
    """While it is open, and for a day after its resolution: it may be reopened in Datadog."""
    lately = incident.resolved_at is not None and now - incident.resolved_at <= RECENT
    return incident.state.open or (incident.state is State.RESOLVED and lately)


async def met(world: World, incident: Incident, result: Mirrored, now: datetime) -> Decision:
    """What follows for the room when both sides met."""
    emails = {result.link.theirs.commander, result.changed_by} - {None}
    people = {email: person for email in emails if email and (person := await _person(world, email))}
    commander = await world.store.person(incident.commander) if incident.commander else None
    email = commander.email if commander else None
    return mirror.mirrored(incident, result, now, world.policy, commander=email, people=people)


async def _person(world: World, email: str) -> str | None:
    try:
        found = [each for each in await world.directory.by_email(email) if not each.deleted and not each.is_bot]
    except (Retryable, Rejected):
        return None  # Slack cannot be asked now; the change itself is followed without a name
    return found[0].id if len(found) == 1 else None


async def heard(world: World, claim: Claim, result: IncidentsRead) -> None:
    """New incidents of Datadog's open rooms, each once, and the claim ends. Raises LeaseLost, StoreUnavailable."""
    for theirs in result.found:
        if await _is_new(world, theirs):
            await declare(world, _declaration(world, theirs))
    await world.commit(Changeset(now=world.clock.now(), claim_result=done(claim)))


async def _is_new(world: World, theirs: TheirIncident) -> bool:
    """Not if it came from here, has a room, or came through the webhook; nor when it is old."""
    if world.clock.now() - theirs.created > RECENT or await world.store.incident_from(origin_key(theirs.id)):
        return False
    if await world.store.firings_for([f"1:incident:{theirs.id}", f"1:incident:{theirs.public_id}"], limit=1):
        return False
    known = await world.store.incidents(open_only=False, limit=OPEN_INCIDENTS)
    return not any(
        (each.datadog and each.datadog.id == theirs.id) or theirs.face.title == face.marked(each) for each in known
    )


def origin_key(theirs: str) -> str:
    """What makes one room of one incident of Datadog's."""
    return f"{face.ORIGIN}{theirs}"


def _declaration(world: World, theirs: TheirIncident) -> Declare:
    return Declare(
        origin=Origin.DATADOG,
        origin_key=origin_key(theirs.id),
        title=clean(theirs.face.title, mirror.TITLE_LIMIT) or f"Datadog incident {theirs.public_id}",
        severity=face.our_severity(theirs.face.severity, world.policy),
        private=theirs.private,
        team=mirror.team_in(theirs.face, world.policy),
        services=mirror.values(theirs.face, face.SERVICES),
        fields=tuple(
            (ours, ", ".join(said))
            for name, ours in world.policy.datadog.fields.items()
            if (said := mirror.values(theirs.face, name))
        ),
        commander=theirs.face.commander,
        people=(theirs.face.commander,) if theirs.face.commander else (),
        links=(Link(title="Datadog incident", url=theirs.page, emoji=":dog:"),),
    )
