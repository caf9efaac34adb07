"""What hangs on an incident of Datadog's: the room, and action items as to-dos. Looked for before they are made."""

from __future__ import annotations

from typing import Any

from integrations.datadog.client import Answer
from integrations.datadog.context import DatadogContext, email_of
from integrations.datadog.state import IncidentLink
from warroom.incident.model import Incident
from warroom.incident.parts import ActionItem

SLACK = 1
"""Datadog's number for Slack among integrations."""
MANUAL = 3
"""Status "manually created"."""


async def keep_room(context: DatadogContext[Any], incident: Incident, link: IncidentLink) -> IncidentLink:
    """Datadog knows the channel."""
    if link.room_told or incident.room.channel_id is None:
        return link
    known = await _listed(context, "Reading integrations", "list_incident_integrations", link.id)
    if not any(incident.room.channel_id in _channels(each) for each in known):
        channel = {
            "channel_id": incident.room.channel_id,
            "channel_name": f"#{incident.room.channel_name}",
            "redirect_url": f"https://slack.com/app_redirect?channel={incident.room.channel_id}",
        }
        attributes = {"integration_type": SLACK, "status": MANUAL, "metadata": {"channels": [channel]}}
        body = {"data": {"type": "incident_integrations", "attributes": attributes}}
        await context.datadog.call("Naming the room", "create_incident_integration", link.id, body=body)
    return link.copy_with(room_told=True)


def _channels(integration: Answer) -> list[str]:
    metadata = (integration.get("attributes") or {}).get("metadata") or {}
    return [str(channel.get("channel_id")) for channel in metadata.get("channels") or ()]


async def keep_todos(context: DatadogContext[Any], incident: Incident, link: IncidentLink) -> IncidentLink:
    """Every action item is a to-do, done when it is done."""
    kept = {item: (todo, completed) for item, todo, completed in link.todos}
    new = [item for item in incident.actions if item.id not in kept]
    listed = await _listed(context, "Reading to-dos", "list_incident_todos", link.id) if new else []
    # Two items may say the same: what is matched once is not matched again.
    free = [each for each in listed if str(each["id"]) not in {todo for todo, _ in kept.values()}]
    for item in new:
        same = next((each for each in free if (each.get("attributes") or {}).get("content") == item.text), None)
        if same is not None:
            free.remove(same)
            kept[item.id] = (str(same["id"]), bool((same.get("attributes") or {}).get("completed")))
        else:
            made = await _todo(context, "create_incident_todo", item, link.id)
            kept[item.id] = (str(made["data"]["id"]), item.done_at is not None)
    for item in incident.actions:
        todo, completed = kept[item.id]
        if item.done_at and not completed:
            await _todo(context, "update_incident_todo", item, link.id, todo)
            kept[item.id] = (todo, True)
    return link.copy_with(todos=tuple((item, *rest) for item, rest in kept.items()))


async def _todo(context: DatadogContext[Any], operation: str, item: ActionItem, *ids: str) -> Answer:
    owner = await email_of(context, item.owner)
    attributes: Answer = {"content": item.text, "assignees": [f"@{owner}"] if owner else []}
    if item.due_at:
        attributes["due_date"] = item.due_at.isoformat()
    if item.done_at:
        attributes["completed"] = item.done_at.isoformat()
    body = {"data": {"type": "incident_todos", "attributes": attributes}}
    answer: Answer = await context.datadog.call("Keeping a to-do", operation, *ids, body=body)
    return answer


async def _listed(context: DatadogContext[Any], what: str, operation: str, incident: str) -> list[Answer]:
    answer = await context.datadog.call(what, operation, incident)
    return list(answer.get("data") or [])
