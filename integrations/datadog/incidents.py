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
from integrations.datadog.context import EffectContext
from integrations.datadog.failures import UNEXPECTED_SHAPE_ERRORS
from integrations.datadog.fields import fields_in, fill, values_of
from integrations.datadog.people import email_in, email_of, user_id
from warroom.errors import Rejected
from warroom.face import ORIGIN, face, marked, names
from warroom.incident.model import FOLLOWING, DatadogLink, Face, Incident, Origin
from warroom.outbox.effects import MirrorIncident, ReadIncidents
from warroom.outbox.results import IncidentsRead, Mirrored, TheirIncident
from warroom.policy.datadog import Mirroring

log = structlog.get_logger(__name__)

PAGE = 100
CLOCKS = timedelta(minutes=2)
"""How far Datadog's clock may be behind ours when we look for what we made."""
ALERT_KEY = "1:incident:"


async def mirror_incident(context: EffectContext[MirrorIncident]) -> Mirrored | None:
    """Both sides meet. Private incidents are not told; without a room it is too early: its opening asks again."""
    incident = await context.store.incident(context.effect.incident_id or "")
    if incident is None:
        raise Rejected("the incident is not in the record", code="no_incident", advice="Declare it again.")
    if context.policy.datadog.incidents is Mirroring.OFF or incident.private or incident.room.channel_id is None:
        return None
    ours = face(incident, context.policy, await email_of(context, incident.commander))
    if incident.datadog is None:
        return await _link(context, incident, ours)
    return await _meet(context, incident, incident.datadog, ours)


async def _link(context: EffectContext[MirrorIncident], incident: Incident, ours: Face) -> Mirrored:
    found = await _existing(context, incident)
    answer = found or await _made_before(context, incident) or await _create(context, incident, ours)
    data, included = answer["data"], answer.get("included") or []
    theirs = face_of(data, included, names(context.policy))
    # What was there before us is told of our side only when that changes. What we made is as it says it is: the room may
    # have changed since an earlier try made it, and how Datadog wants each field is known when it is read.
    made = {name: theirs.said(name) for name in FOLLOWING}
    known = ours if found else ours.copy_with(fields=()).saying(**made)
    link = DatadogLink(id=str(data["id"]), public_id=_number(data), ours=known, theirs=theirs)
    return Mirrored(link=link, page=page_of(context, data))


async def _existing(context: EffectContext[MirrorIncident], incident: Incident) -> Answer | None:
    """The incident of Datadog's that this one came from: it was read there, or the webhook told of it."""
    names = [incident.origin_key.removeprefix(ORIGIN)] if incident.origin is Origin.DATADOG else []
    for firing in await context.store.firings(incident.id):
        names += [key.removeprefix(ALERT_KEY) for key in firing.keys if key.startswith(ALERT_KEY)]
    for name in names:
        with contextlib.suppress(ValueError):
            return await _get(context, str(uuid.UUID(name)))
    return None


async def _get(context: EffectContext[Any], name: str) -> Answer:
    answer: Answer = await context.datadog.call("Reading an incident", "get_incident", name, include=["users"])
    return answer


async def _made_before(context: EffectContext[MirrorIncident], incident: Incident) -> Answer | None:
    """What an earlier try made: Datadog would make a second one without a word, so it is always looked for."""
    title, since, offset = marked(incident), incident.declared_at - CLOCKS, 0
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


async def search(context: EffectContext[Any], states: str, offset: int, size: int) -> tuple[list[Answer], list[Answer]]:
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


async def _create(context: EffectContext[MirrorIncident], incident: Incident, ours: Face) -> Answer:
    said = f"Warroom opened #{incident.room.channel_name} in Slack for {incident.name}."
    attributes = {
        "title": marked(incident),
        "customer_impacted": False,
        "fields": _fields({"severity": ours.severity, "state": ours.state})
        | _fields({"detection_method": "monitor" if incident.origin is Origin.ALERT else "employee"})
        | ({"summary": {"type": "textbox", "value": incident.description}} if incident.description else {}),
        "initial_cells": [{"cell_type": "markdown", "content": {"content": said}}],
    }
    data = {"type": "incidents", "attributes": attributes} | await _commander(context, ours.commander)
    answer: Answer = await context.datadog.call("Creating an incident", "create_incident", body={"data": data})
    return answer


async def _commander(context: EffectContext[Any], email: str | None) -> Answer:
    user = await user_id(context, email) if email else None
    return {"relationships": {"commander_user": {"data": {"type": "users", "id": user}}}} if user else {}


def _fields(values: dict[str, str]) -> Answer:
    return {name: {"type": "dropdown", "value": value} for name, value in values.items()}


async def _meet(context: EffectContext[MirrorIncident], incident: Incident, link: DatadogLink, ours: Face) -> Mirrored:
    answer = await _get(context, link.id)
    data = answer["data"]
    theirs = face_of(data, answer.get("included") or [], names(context.policy))
    changed = [name for name in names(context.policy) if ours.said(name) != link.ours.said(name)]
    pushed = [name for name in changed if ours.said(name) != theirs.said(name)]
    plain = [name for name in pushed if name in FOLLOWING]
    if plain and (body := await _told(context, link.id, ours, plain)):
        await _update(context, body)
        told = [name for name in plain if name != "commander" or "relationships" in body]
        theirs = theirs.saying(**{name: ours.said(name) for name in told})
    filled, refused = await fill(context, data, {name: ours.said(name) for name in pushed if name not in FOLLOWING})
    link = link.copy_with(ours=ours, theirs=theirs.saying(**filled))
    link = await keep_room(context, incident, link)
    link = await keep_todos(context, incident, link)
    return Mirrored(
        link=link,
        page=page_of(context, data),
        pushed=tuple(changed),
        refused=refused,
        changed_by=email_in(data, "last_modified_by_user", answer.get("included") or []),
    )


async def _update(context: EffectContext[Any], body: Answer) -> None:
    await context.datadog.call("Updating the incident", "update_incident", body["id"], body={"data": body})


async def _told(context: EffectContext[Any], name: str, ours: Face, pushed: list[str]) -> Answer | None:
    """The request that says only what changed; None when nothing of it can be said (nobody there has that email)."""
    fields = _fields({each: getattr(ours, each) for each in pushed if each != "commander"})
    body: Answer = {"attributes": {"fields": fields}} if fields else {}
    if "commander" in pushed and ours.commander:
        body |= await _commander(context, ours.commander)
    return {"type": "incidents", "id": name} | body if body else None


def face_of(data: Answer, included: list[Answer], wanted: tuple[str, ...]) -> Face:
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
    return Face(
        title=str(attributes.get("title") or ""),
        severity=said("severity") or "UNKNOWN",
        state=state,
        commander=email_in(data, "commander_user", included),
        fields=tuple((name, values_of(fields.get(name))) for name in wanted if name not in FOLLOWING),
    )


def page_of(context: EffectContext[Any], data: Answer) -> str:
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


async def read_incidents(context: EffectContext[ReadIncidents]) -> IncidentsRead:
    """The newest open incidents."""
    page, included = await search(context, "active OR stable", 0, PAGE)
    found = (_their_incident(context, data, included) for data in page)
    return IncidentsRead(found=tuple(each for each in found if each))


def _their_incident(
    context: EffectContext[ReadIncidents], data: Answer, included: list[Answer]
) -> TheirIncident | None:
    """One of many; None for a test, and for one that is not understood, which keeps no other away."""
    try:
        attributes = data.get("attributes") or {}
        if attributes.get("is_test"):
            return None
        return TheirIncident(
            id=str(data["id"]),
            public_id=_number(data),
            face=face_of(data, included, names(context.policy)),
            created=_created(data) or context.now,
            page=page_of(context, data),
            private=str(attributes.get("visibility") or "").casefold() == "private",
        )
    except UNEXPECTED_SHAPE_ERRORS as error:
        log.warning("an incident of Datadog's is not understood and left out", error=repr(error))
        return None
