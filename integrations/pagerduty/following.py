"""What people do in PagerDuty is done here: told by webhook, and found by asking for what a webhook missed.

Outside sources: developer.pagerduty.com "Webhooks: Overview" (the events), "List log entries for an incident".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from integrations.pagerduty.client import PagerDutyClient
from integrations.pagerduty.paging import is_ours
from integrations.pagerduty.policy import NAME, TITLE
from integrations.pagerduty.rules import LOOK, WHO, effect
from integrations.pagerduty.state import Remote, alert_key, dedup_key, local_id, state_of
from warroom.errors import Rejected, Retryable
from warroom.incident.model import Incident
from warroom.incident.parts import Link
from warroom.integration import PerformContext
from warroom.outbox.effects import URGENT, ExternalEffect
from warroom.outbox.incoming import Incoming, RemoteAct, RemoteChange
from warroom.ports import World
from warroom.value import Stored

log = structlog.get_logger(__name__)

ACTS = {Remote.ACKNOWLEDGED: RemoteAct.ACKNOWLEDGE, Remote.RESOLVED: RemoteAct.RESOLVE}
FOLLOWED = timedelta(days=1)
"""So long after its end here an incident is still looked at there: it may be reopened."""
MOST = 500
LATEST = timedelta(minutes=2)
"""An incident that does not exist so long after it was triggered is not waited for; the next look finds it."""
LOG = {
    "escalate_log_entry": "escalated",
    "assign_log_entry": "reassigned",
    "delegate_log_entry": "reassigned",
    "unacknowledge_log_entry": "acknowledgement ran out",
}
"""Log entries that are told, by type, and how."""


class RemoteEvent(Stored):
    """What somebody did to an incident: the part of a webhook's event that matters."""

    key: str
    act: RemoteAct
    there: str
    remote_id: str
    dedup_key: str | None = None
    url: str = ""
    user_id: str | None = None
    name: str = ""
    told: bool = False
    """It was done here under the name alone, because the person could not be looked up at once."""


def who(event: RemoteEvent) -> ExternalEffect:
    """Ask for the email of whoever did it, then do it here."""
    key = f"who:{event.key}{':again' if event.told else ''}"
    return effect(WHO, key, payload=event, weight=URGENT)


async def take(client: PagerDutyClient, event: RemoteEvent, context: PerformContext) -> Incoming | None:
    """What somebody did there, with the person. Nobody is paged on because a name could not be looked up: then it is done under
    the name, and the person follows. Raises Retryable or Rejected.
    """
    if event.act is RemoteAct.NOTE:
        event = event.copy_with(dedup_key=(await client.incident(event.remote_id)).get("incident_key"))
    incident = await _incident(event, context)
    if incident is None:
        return None
    if event.act is RemoteAct.NOTE:
        return Incoming(effects=(effect(LOOK, "look", incident, coalescing=True),))
    if state_of(incident).there == event.there and not event.told:
        return None  # known, or our own act
    email: str | None = None
    again: tuple[ExternalEffect, ...] = ()
    try:
        email = await client.email_of(event.user_id) if event.user_id else None
    except Retryable:
        if event.told:
            raise
        again = (who(event.copy_with(told=True)),)
    except Rejected as error:
        log.warning("PagerDuty does not say who it was", error=str(error))
    return Incoming(changes=(change(incident.id, event, email),), effects=again)


async def _incident(event: RemoteEvent, context: PerformContext) -> Incident | None:
    """Ours with that dedup key, or the one that was opened by theirs."""
    if known := local_id(event.dedup_key):
        return await context.store.incident(known)
    for _, incident in await context.store.firings_for([alert_key(event.remote_id)]):
        if state_of(incident).remote_id == event.remote_id:
            return incident
    return None


def change(incident_id: str, event: RemoteEvent, email: str | None = None) -> RemoteChange:
    """The change that the event is here."""
    return RemoteChange(
        integration=NAME,
        incident_id=incident_id,
        act=event.act,
        key=event.key,
        email=email,
        name=event.name,
        source=TITLE,
        link=event.url or None,
        links=card_link(event.url),
        remember={"remote_id": event.remote_id} | ({"there": event.there} if event.there else {}),
    )


def card_link(url: str) -> tuple[Link, ...]:
    """What stands on the card."""
    return (Link(title="PagerDuty", url=url, emoji=":pager:"),) if url.startswith(("https://", "http://")) else ()


async def ask(world: World) -> Sequence[ExternalEffect]:
    """A look at every incident that is in both places. Raises StoreUnavailable."""
    now = world.clock.now()
    known = await world.store.incidents(limit=MOST)
    return [
        effect(LOOK, "look", each, coalescing=True)
        for each in known
        if state_of(each).there and (each.state.open or now - each.touched_at <= FOLLOWED)
    ]


async def look(client: PagerDutyClient, incident: Incident, context: PerformContext) -> Incoming | None:
    """Everything that happened there since the last look. Raises Retryable or Rejected."""
    state = state_of(incident)
    found = await (client.incident(state.remote_id) if state.adopted else client.incident_with(dedup_key(incident)))
    if found is None:
        if incident.state.open and context.now - incident.touched_at < LATEST:
            raise Retryable("PagerDuty has not made the incident yet", after=5)
        return None
    changes = [each async for each in _changes(client, incident, found, context)]
    return Incoming(changes=tuple(changes))


async def _changes(
    client: PagerDutyClient, incident: Incident, found: Mapping[str, Any], context: PerformContext
) -> Any:
    state, remote_id, url = state_of(incident), str(found["id"]), str(found.get("html_url") or "")
    base = RemoteEvent(key="", act=RemoteAct.REMEMBER, there=str(found["status"]), remote_id=remote_id, url=url)
    if state.remote_id != remote_id or any(
        link.url not in {each.url for each in incident.links} for link in card_link(url)
    ):
        yield change(incident.id, base.copy_with(key=f"found:{remote_id}"))
    if found["status"] != state.there:
        yield await _status(client, incident, found, base)
    told = {entry.key for entry in await context.store.timeline(incident.id)}
    for each in await _notes(client, incident, base):
        if f"{NAME}:{each.key}" not in told:
            yield each


async def _status(
    client: PagerDutyClient, incident: Incident, found: Mapping[str, Any], base: RemoteEvent
) -> RemoteChange:
    """The state there is another one than is remembered."""
    status = found["status"]
    doer: Mapping[str, Any] = {}
    if status == Remote.ACKNOWLEDGED and found.get("acknowledgements"):
        doer = found["acknowledgements"][-1]["acknowledger"]
    elif status != Remote.ACKNOWLEDGED:
        doer = found.get("last_status_change_by") or {}
    person = str(doer.get("type", "")).startswith("user")
    email = doer.get("email") or (await client.email_of(doer["id"]) if person and doer.get("id") else None)
    reopened = state_of(incident).there == Remote.RESOLVED and not incident.state.open
    act = RemoteAct.REOPEN if reopened else ACTS.get(status, RemoteAct.REMEMBER)
    name = str(doer.get("name") or doer.get("summary") or "") if person else ""
    key = f"{status}:{found.get('last_status_change_at') or base.remote_id}"
    return change(incident.id, base.copy_with(key=key, act=act, name=name), email)


async def _notes(client: PagerDutyClient, incident: Incident, base: RemoteEvent) -> list[RemoteChange]:
    """Lines for the timeline: notes, escalations, reassignments."""
    answer = await client.rest.get("Reading the notes", "incidents", base.remote_id, "notes")
    found = [
        note(incident.id, base, each["id"], "note", each["content"], (each.get("user") or {}).get("summary"))
        for each in answer["notes"]
        if not is_ours(each["content"])
    ]
    since = incident.declared_at.isoformat()
    entries = await client.listed(
        "Reading the log", "incidents", base.remote_id, "log_entries", key="log_entries", since=since
    )
    for each in reversed(entries):
        if what := LOG.get(each["type"]):
            text = ", ".join(assignee["summary"] for assignee in each.get("assignees") or ())
            key = happened(what, each["created_at"])
            found.append(note(incident.id, base, key, what, f"to {text}" if text else "", _person(each.get("agent"))))
    return found


def note(incident_id: str, base: RemoteEvent, key: str, what: str, text: str, name: str | None) -> RemoteChange:
    """A line on the timeline."""
    known = change(incident_id, base.copy_with(key=key, act=RemoteAct.NOTE, name=name or ""))
    return known.copy_with(what=what, text=text, remember={}, links=())


def happened(what: str, at: str) -> str:
    """The key of something that webhook and log tell with the same time, which the webhook knows more exactly."""
    return f"{what}:{at[:19]}"


def _person(agent: Mapping[str, Any] | None) -> str | None:
    """The name of a person; of a service or an integration nothing."""
    return str(agent.get("summary") or "") if agent and str(agent.get("type", "")).startswith("user") else None
