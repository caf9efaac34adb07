"""Incidents that were created or changed in Datadog are looked for every minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from integrations.datadog.context import DatadogContext, Nothing
from integrations.datadog.effects import read_incidents, sync_incident
from integrations.datadog.incidents import RemoteIncident, newest_incidents
from integrations.datadog.policy import section
from integrations.datadog.reconcile import TITLE_LIMIT, team_in, values
from integrations.datadog.snapshot import ORIGIN, SERVICES, local_severity, marked_title
from integrations.datadog.state import state_of
from warroom.alerts.parsing.values import clean
from warroom.incident.declaration import Declare
from warroom.incident.model import Incident, Origin, State
from warroom.incident.parts import Link
from warroom.outbox.effects import ExternalEffect
from warroom.outbox.incoming import Incoming
from warroom.policy import Policy
from warroom.ports import World

OPEN_INCIDENTS = 500
RECENT = timedelta(days=1)
"""An incident that is open in Datadog for longer opens no room."""


async def ask_incidents(world: World) -> Sequence[ExternalEffect]:
    """Every incident that is in both places, and, where the policy wants it, the new ones. Raises StoreUnavailable."""
    now = world.clock.now()
    known = await world.store.incidents(limit=OPEN_INCIDENTS)
    effects = [
        sync_incident(each)
        for each in known
        if state_of(each).link and (each.state.open or (each.state is State.RESOLVED and _lately(each, now)))
    ]
    if section(world.policy).open_rooms:
        effects.append(read_incidents())
    return effects


def _lately(incident: Incident, now: datetime) -> bool:
    """Whether its resolution is not long ago: it may be reopened in Datadog."""
    return incident.resolved_at is not None and now - incident.resolved_at <= RECENT


async def take_incidents(context: DatadogContext[Nothing]) -> Incoming:
    """New incidents of Datadog's open rooms, each once."""
    found = [each for each in await newest_incidents(context) if await _is_new(context, each)]
    return Incoming(declares=tuple(_declaration(context.policy, each) for each in found))


async def _is_new(context: DatadogContext[Nothing], remote: RemoteIncident) -> bool:
    """Not if it came from here, has a room, or came through the webhook; nor when it is old."""
    store = context.store
    if context.now - remote.created > RECENT or await store.incident_from(origin_key(remote.id)):
        return False
    if await store.firings_for([f"1:incident:{remote.id}", f"1:incident:{remote.public_id}"], limit=1):
        return False
    known = await store.incidents(open_only=False, limit=OPEN_INCIDENTS)
    return not any(_linked_to(each, remote) or remote.snapshot.title == marked_title(each) for each in known)


def _linked_to(incident: Incident, remote: RemoteIncident) -> bool:
    link = state_of(incident).link
    return link is not None and link.id == remote.id


def origin_key(remote_id: str) -> str:
    """What makes one room of one incident of Datadog's."""
    return f"{ORIGIN}{remote_id}"


def _declaration(policy: Policy, remote: RemoteIncident) -> Declare:
    there = remote.snapshot
    return Declare(
        origin=Origin.EXTERNAL,
        origin_key=origin_key(remote.id),
        title=clean(there.title, TITLE_LIMIT) or f"Datadog incident {remote.public_id}",
        severity=local_severity(there.severity, policy),
        private=remote.private,
        team=team_in(there, policy),
        services=values(there, SERVICES),
        fields=tuple(
            (local, ", ".join(written))
            for name, local in section(policy).fields.items()
            if (written := values(there, name))
        ),
        commander=there.commander,
        people=(there.commander,) if there.commander else (),
        links=(Link(title="Datadog incident", url=remote.page, emoji=":dog:"),),
    )
