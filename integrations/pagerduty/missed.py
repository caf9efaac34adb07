"""Incidents that began in PagerDuty and of which no webhook told ("List incidents"): asked for, they are the same alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from integrations.pagerduty.client import PagerDutyClient
from integrations.pagerduty.policy import NAME, section
from integrations.pagerduty.rules import ALERTS, effect
from integrations.pagerduty.state import Remote, alert_key, local_id
from integrations.pagerduty.webhook import alert
from warroom.alerts.model import Alert, AlertState
from warroom.alerts.parsing.formats import Arrival
from warroom.alerts.parsing.values import OLDEST
from warroom.integration import PerformContext
from warroom.outbox.effects import ExternalEffect
from warroom.outbox.incoming import Incoming
from warroom.ports import World

CREATED_WITHIN = timedelta(days=1)
"""So far back incidents are asked for."""


async def ask(_world: World) -> Sequence[ExternalEffect]:
    """One look for all services."""
    return [effect(ALERTS, "alerts", coalescing=True)]


async def look(client: PagerDutyClient, context: PerformContext) -> Incoming:
    """The alerts of the policy's services which are not known here. Raises Retryable or Rejected."""
    since = (context.now - CREATED_WITHIN).isoformat()
    found: list[Alert] = []
    for service in section(context.policy).alert_services:
        params = {
            "service_ids[]": service,
            "since": since,
            "until": context.now.isoformat(),
            "sort_by": "created_at:asc",
        }
        for each in await client.listed("Looking for incidents", "incidents", key="incidents", **params):
            if local_id(each.get("incident_key")) is None:
                found += await _missed(each, context)
    return Incoming(alerts=tuple(found))


async def _missed(incident: Mapping[str, Any], context: PerformContext) -> list[Alert]:
    """The alert of an incident that is not known here; its end, where that is not known."""
    over, remote_id = incident["status"] == Remote.RESOLVED, str(incident["id"])
    known = await context.store.firings_for([alert_key(remote_id)])
    firing = any(each.state is not AlertState.OK for each, _ in known)
    if over != firing:
        return []  # it is over on both sides, or goes on in both
    happened = "resolved" if over else "triggered"
    at = str(incident["last_status_change_at"] if over else incident["created_at"])
    told = alert(incident, f"{remote_id}:{happened}:{at}", at, happened, Arrival(context.now, OLDEST, NAME))
    return [told]
