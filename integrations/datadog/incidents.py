"""Incident Management: one incident of Datadog's for one of ours, found before it is made, told what changed.

There is no public way to the timeline: `initial_cells` at creation are the only words in it
(docs.datadoghq.com/api/latest/incidents).
"""

from __future__ import annotations

import contextlib
import uuid
from datetime import datetime, timedelta
from typing import Any

import structlog

from integrations.datadog.attachments import keep_room, keep_todos
from integrations.datadog.client import Answer
from integrations.datadog.context import DatadogContext, email_in, email_of, user_id
from integrations.datadog.effects import SyncResult
from integrations.datadog.fields import fields_in, fill, values_of
from integrations.datadog.policy import SyncMode
from integrations.datadog.snapshot import ATTRIBUTES, ORIGIN, IncidentSnapshot, marked_title, names, snapshot
from integrations.datadog.state import IncidentLink, state_of
from warroom.errors import UNEXPECTED_SHAPE_ERRORS
from warroom.incident.model import Incident, Origin
from warroom.outbox.remote import person_behind
from warroom.value import Value

log = structlog.get_logger(__name__)

PAGE = 100
CLOCKS = timedelta(minutes=2)
"""How far Datadog's clock may be behind ours when we look for what we made."""
ALERT_KEY = "1:incident:"


class RemoteIncident(Value):
    """An incident that is open in Datadog."""

    id: str
    public_id: int
    snapshot: IncidentSnapshot
    created: datetime
    page: str
    private: bool = False
    """Only some people of the organisation may see it."""


async def sync_incident(context: DatadogContext[Any]) -> SyncResult | None:
    """Both sides are made equal. Private incidents are not told; without a room it is too early: its opening asks again."""
    incident = await context.incident()
    if context.section.incidents is SyncMode.OFF or incident.private or incident.room.channel_id is None:
        return None
    local = snapshot(incident, context.policy, await email_of(context, incident.commander))
    link = state_of(incident).link
    result = await (_update(context, incident, link, local) if link else _link(context, incident, local))
    emails = {result.link.remote.commander, result.changed_by} - {None}
    people = {email: person for email in emails if email and (person := await person_behind(context.directory, email))}
    return result.copy_with(commander=incident.commander, people=people)


async def _link(context: DatadogContext[Any], incident: Incident, local: IncidentSnapshot) -> SyncResult:
    found = await _existing(context, incident)
    answer = found or await _made_before(context, incident) or await _create(context, incident, local)
    data, included = answer["data"], answer.get("included") or []
    remote = snapshot_of(data, included, names(context.policy))
    # What was there before us is told of our side only when that changes. What we made is as it says it is: the room may
    # have changed since an earlier try made it, and how Datadog wants each field is known when it is read.
    made = {name: remote.value(name) for name in ATTRIBUTES}
    known = local if found else local.copy_with(fields=()).with_values(**made)
    link = IncidentLink(id=str(data["id"]), public_id=_number(data), local=known, remote=remote)
    return SyncResult(link=link, page=page_of(context, data))


async def _existing(context: DatadogContext[Any], incident: Incident) -> Answer | None:
    """The incident of Datadog's that this one came from: it was read there, or the webhook told of it."""
    names = [incident.origin_key.removeprefix(ORIGIN)] if incident.origin_key.startswith(ORIGIN) else []
    for firing in await context.store.firings(incident.id):
        names += [key.removeprefix(ALERT_KEY) for key in firing.keys if key.startswith(ALERT_KEY)]
    for name in names:
        with contextlib.suppress(ValueError):
            return await _get(context, str(uuid.UUID(name)))
    return None


async def _get(context: DatadogContext[Any], name: str) -> Answer:
    answer: Answer = await context.datadog.call("Reading an incident", "get_incident", name, include=["users"])
    return answer


async def _made_before(context: DatadogContext[Any], incident: Incident) -> Answer | None:
    """What an earlier try made: Datadog would make a second one without a word, so it is always looked for."""
    title, since, offset = marked_title(incident), incident.declared_at - CLOCKS, 0
    while True:
        page, _ = await search(context, "active OR stable OR resolved", offset, PAGE)
        for data in page:
            created = _created(data)
            if created and created < since:
                return None
            if (data.get("attributes") or {}).get("title") == title:
                return {"data": data}
        if len(page) < PAGE:
            return None
        offset += PAGE


async def search(
    context: DatadogContext[Any], states: str, offset: int, size: int
) -> tuple[list[Answer], list[Answer]]:
    """(incidents in those states, newest first; people they name)."""
    answer = await context.datadog.call(
        "Looking for incidents",
        "search_incidents",
        query=f"state:({states})",
        sort="-created",
        include="users",
        page_size=size,
        page_offset=offset,
    )
    found = ((answer.get("data") or {}).get("attributes") or {}).get("incidents") or []
    return [each["data"] for each in found], answer.get("included") or []


async def _create(context: DatadogContext[Any], incident: Incident, local: IncidentSnapshot) -> Answer:
    text = f"Warroom opened #{incident.room.channel_name} in Slack for {incident.name}."
    attributes = {
        "title": marked_title(incident),
        "customer_impacted": False,
        "fields": _fields({"severity": local.severity, "state": local.state})
        | _fields({"detection_method": "monitor" if incident.origin is Origin.ALERT else "employee"})
        | ({"summary": {"type": "textbox", "value": incident.description}} if incident.description else {}),
        "initial_cells": [{"cell_type": "markdown", "content": {"content": text}}],
    }
    data = {"type": "incidents", "attributes": attributes} | await _commander(context, local.commander)
    answer: Answer = await context.datadog.call("Creating an incident", "create_incident", body={"data": data})
    return answer


async def _commander(context: DatadogContext[Any], email: str | None) -> Answer:
    user = await user_id(context, email) if email else None
    return {"relationships": {"commander_user": {"data": {"type": "users", "id": user}}}} if user else {}


def _fields(values: dict[str, str]) -> Answer:
    return {name: {"type": "dropdown", "value": value} for name, value in values.items()}


async def _update(
    context: DatadogContext[Any], incident: Incident, link: IncidentLink, local: IncidentSnapshot
) -> SyncResult:
    answer = await _get(context, link.id)
    data = answer["data"]
    remote = snapshot_of(data, answer.get("included") or [], names(context.policy))
    changed = [name for name in names(context.policy) if local.value(name) != link.local.value(name)]
    pushed = [name for name in changed if local.value(name) != remote.value(name)]
    plain = [name for name in pushed if name in ATTRIBUTES]
    if plain and (body := await _attributes(context, link.id, local, plain)):
        await context.datadog.call("Updating the incident", "update_incident", link.id, body={"data": body})
        told = [name for name in plain if name != "commander" or "relationships" in body]
        remote = remote.with_values(**{name: local.value(name) for name in told})
    filled, refused = await fill(context, data, {name: local.value(name) for name in pushed if name not in ATTRIBUTES})
    link = link.copy_with(local=local, remote=remote.with_values(**filled))
    link = await keep_room(context, incident, link)
    link = await keep_todos(context, incident, link)
    return SyncResult(
        link=link,
        page=page_of(context, data),
        pushed=tuple(changed),
        refused=refused,
        changed_by=email_in(data, "last_modified_by_user", answer.get("included") or []),
    )


async def _attributes(
    context: DatadogContext[Any], name: str, local: IncidentSnapshot, pushed: list[str]
) -> Answer | None:
    """The request that says only what changed; None when nothing of it can be said (nobody there has that email)."""
    fields = _fields({each: getattr(local, each) for each in pushed if each != "commander"})
    body: Answer = {"attributes": {"fields": fields}} if fields else {}
    if "commander" in pushed and local.commander:
        body |= await _commander(context, local.commander)
    return {"type": "incidents", "id": name} | body if body else None


def snapshot_of(data: Answer, included: list[Answer], wanted: tuple[str, ...]) -> IncidentSnapshot:
    """What Datadog says of an incident; severity and state stand beside the fields, and in older answers only there.

    Raises LookupError without a state: whoever takes that for active reopens rooms.
    """
    attributes = data.get("attributes") or {}
    fields = fields_in(data)

    def said(name: str) -> str:
        return str(attributes.get(name) or next(iter(values_of(fields.get(name))), ""))

    state = said("state")
    if not state:
        raise LookupError("an incident without a state")
    return IncidentSnapshot(
        title=str(attributes.get("title") or ""),
        severity=said("severity") or "UNKNOWN",
        state=state,
        commander=email_in(data, "commander_user", included),
        fields=tuple((name, values_of(fields.get(name))) for name in wanted if name not in ATTRIBUTES),
    )


def page_of(context: DatadogContext[Any], data: Answer) -> str:
    """The address of the incident's page."""
    return f"{context.datadog.page}/incidents/{_number(data)}"


def _number(data: Answer) -> int:
    return int((data.get("attributes") or {}).get("public_id") or 0)


def _created(data: Answer) -> datetime | None:
    created = (data.get("attributes") or {}).get("created")
    # The library leaves times as text wherever it meets one value that it does not know.
    with contextlib.suppress(ValueError, TypeError):
        created = datetime.fromisoformat(str(created))
    return created if isinstance(created, datetime) and created.tzinfo else None


async def newest_incidents(context: DatadogContext[Any]) -> list[RemoteIncident]:
    """The newest open incidents."""
    page, included = await search(context, "active OR stable", 0, PAGE)
    found = (_remote_incident(context, data, included) for data in page)
    return [each for each in found if each]


def _remote_incident(context: DatadogContext[Any], data: Answer, included: list[Answer]) -> RemoteIncident | None:
    """One of many; None for a test, and for one that is not understood, which keeps no other away."""
    try:
        attributes = data.get("attributes") or {}
        if attributes.get("is_test"):
            return None
        return RemoteIncident(
            id=str(data["id"]),
            public_id=_number(data),
            snapshot=snapshot_of(data, included, names(context.policy)),
            created=_created(data) or context.now,
            page=page_of(context, data),
            private=str(attributes.get("visibility") or "").casefold() == "private",
        )
    except UNEXPECTED_SHAPE_ERRORS as error:
        log.warning("an incident of Datadog's is not understood and left out", error=repr(error))
        return None
