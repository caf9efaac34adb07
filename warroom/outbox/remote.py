"""Changes that were made in another system are made here too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import structlog

from warroom.alerts.usecases import receive
from warroom.changes.usecases import told_of
from warroom.errors import NotFound, Refused, Rejected, Retryable
from warroom.escalation import rules as escalation
from warroom.incident import action_items as actions
from warroom.incident import lifecycle
from warroom.incident.change import change, done
from warroom.incident.decision import Decision
from warroom.incident.declare import declare
from warroom.incident.events import Reported
from warroom.incident.model import Incident
from warroom.incident.parts import action_number
from warroom.outbox.changes import Changeset, Claim
from warroom.outbox.effects import Effect
from warroom.outbox.incoming import Incoming, RemoteAct, RemoteChange
from warroom.people.model import Directory
from warroom.ports import World

log = structlog.get_logger(__name__)


async def take(world: World, incoming: Incoming, source: str, *, ends: Claim | None = None) -> None:
    """Everything in it is stored and done; doing it twice changes nothing. `source` is the source of its alerts. The claim, if
    there is one, ends last. Raises Conflict, LeaseLost, StoreUnavailable.
    """
    await receive(world, incoming.alerts, source)
    await follow(world, incoming.changes)
    for wanted in incoming.declares:
        try:
            await declare(world, wanted)
        except Refused as error:
            log.warning("an incident of another system opens no room", system=source, why=str(error))
    if incoming.effects or incoming.service_changes or ends:
        effects = (*await _known(world, incoming.effects), *await told_of(world, incoming.service_changes))
        known = Changeset(now=world.clock.now(), effects=effects, service_changes=incoming.service_changes)
        await world.commit(known.copy_with(claim_result=done(ends)) if ends else known)


async def _known(world: World, effects: Iterable[Effect]) -> list[Effect]:
    """Those about incidents that are in the record, and those about none: an id in a ticket's text may be anything."""
    there = {each.incident_id for each in effects if each.incident_id}
    gone = {each for each in there if await world.store.incident(each) is None}
    return [each for each in effects if each.incident_id not in gone]


async def follow(world: World, changes: tuple[RemoteChange, ...]) -> None:
    """Each change is made here, in order. Raises Conflict, StoreUnavailable."""
    for each in changes:
        by = await person_behind(world.directory, each.email)
        try:
            await _follow(world, each, by)
        except NotFound:
            log.info("a change is about an incident that is not in the record", system=each.integration)


async def _follow(world: World, remote: RemoteChange, by: str | None) -> None:
    async def decide(incident: Incident, now: datetime) -> Decision | None:
        state = incident.external.get(remote.integration, {})
        known = incident.copy_with(external=incident.external | {remote.integration: state | remote.remember})
        try:
            decision = _followed(world, known, remote, by, now)
        except Refused:
            # It was done here before, or makes no sense any more; what the other side knows is remembered all the same.
            decision = Decision(known, quiet=True)
        for number, link in enumerate(remote.links):
            if link.url not in {each.url for each in incident.links}:
                decision = replace(decision, quiet=False).add_link(link, f"{remote.integration}:{remote.key}:{number}")
        return decision if decision.entries or decision.incident != incident else None

    await change(world, remote.incident_id, decide)


def _followed(world: World, incident: Incident, remote: RemoteChange, by: str | None, now: datetime) -> Decision:
    match remote.act:
        case RemoteAct.ACKNOWLEDGE:
            decision = lifecycle.identify(incident, by, now, world.policy) or lifecycle.acknowledge(
                incident, by, now, world.policy
            )
        case RemoteAct.MITIGATE:
            decision = lifecycle.mitigate(incident, by, now, world.policy)
        case RemoteAct.RESOLVE:
            decision = lifecycle.resolve(incident, by, now, world.policy, remote.text)
        case RemoteAct.REOPEN:
            decision = lifecycle.reopen_from_elsewhere(incident, by, now, world.policy)
        case RemoteAct.NOTE:
            key = f"{remote.integration}:{remote.key}"
            note = Reported(integration=remote.integration, what=remote.what, text=remote.text)
            return Decision(incident).record(note, now, by=by, key=key).done_in(remote.source, remote.link, remote.name)
        case RemoteAct.ACTION_DONE:
            decision = _settled(incident, remote.item, by, now, done=True)
        case RemoteAct.ACTION_REOPENED:
            decision = _settled(incident, remote.item, by, now, done=False)
        case RemoteAct.REMEMBER:
            return Decision(incident, quiet=True)
    decision = decision.with_effects(*escalation.invite_new(incident, decision.incident))
    return decision.done_in(remote.source, remote.link, remote.name)


def _settled(incident: Incident, item_id: str, by: str | None, now: datetime, *, done: bool) -> Decision:
    """The action item is done, or open again; one that was deleted here stays deleted. Raises Refused."""
    known = [action_number(each) for each in incident.actions if each.id == item_id]
    return actions.mark(incident, by, now, known[0] if known else 0, done=done)


async def person_behind(directory: Directory, email: str | None) -> str | None:
    """The id of the one person here with that email; None when there is none, or the chat cannot be asked now."""
    if not email:
        return None
    try:
        found = [each for each in await directory.by_email(email) if not each.deleted and not each.is_bot]
    except (Retryable, Rejected):
        return None
    return found[0].id if len(found) == 1 else None
