"""Deployments and releases of which no webhook told ("REST API endpoints for deployments", "… for releases"), by the ids that
their webhooks have. Pushes are told by webhook only: a list of commits does not say what was pushed together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from integrations.github.issues import CHANGES, effect
from integrations.github.policy import section
from integrations.github.webhook import change_in
from integrations.http import HttpClient
from warroom.changes.model import Change
from warroom.integration import PerformContext
from warroom.outbox.effects import ExternalEffect
from warroom.outbox.incoming import Incoming
from warroom.ports import World
from warroom.webhook import WebhookBody

LATELY = timedelta(days=1)
"""So far back what was changed is asked for."""
NEWEST = "30"
"""So many of each are asked for at a time; GitHub shows the newest first."""


async def ask(_world: World) -> Sequence[ExternalEffect]:
    """One look for all repositories."""
    return [effect(CHANGES, "changes", coalescing=True)]


async def look(http: HttpClient, context: PerformContext) -> Incoming:
    """What was changed lately; what is known already is stored once. Raises Retryable or Rejected."""
    found: list[Change] = []
    said, asked = section(context.policy), WebhookBody(b"", "application/json", context.now)
    for name in said.services:
        path = ("repos", *name.split("/"))
        repository = await http.get("Reading the repository", *path)
        deployments = await http.get("Reading the deployments", *path, "deployments", per_page=NEWEST)
        releases = await http.get("Reading the releases", *path, "releases", per_page=NEWEST)
        events: list[dict[str, Any]] = [
            {"deployment": each} for each in deployments if _late(each, "created_at", context)
        ]
        events += [
            {"action": "published", "release": each} for each in releases if _late(each, "published_at", context)
        ]
        for event in events:
            change = change_in(event | {"repository": repository}, asked, said)
            found += [change] if change else []
    return Incoming(service_changes=tuple(found))


def _late(found: Mapping[str, Any], name: str, context: PerformContext) -> bool:
    """Whether that is less than LATELY ago. Drafts were never published."""
    return bool(found.get(name)) and context.now - datetime.fromisoformat(str(found[name])) <= LATELY
