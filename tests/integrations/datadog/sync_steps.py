"""What stories of incidents in both places ask most."""

from __future__ import annotations

from typing import Any

from sandbox.vendors.system import Body
from tests.integrations.datadog.conftest import DatadogWarRoom
from warroom.incident.declaration import Declare
from warroom.incident.declare import declare
from warroom.incident.model import Incident, Origin

INCIDENTS = "/api/v2/incidents"
FULL = {
    "datadog": {"incidents": "both", "open_rooms": True, "severities": {"SEV-4": "SEV-5"}},
    "workspace": {"stale_after": "30d"},
}
"""A policy with both ways and everything on."""


async def declared(night: DatadogWarRoom, title: str = "checkout returns 500s", **more: Any) -> Incident:
    """An incident of Ada's with its room, settled."""
    what = Declare(
        origin=Origin.COMMAND, origin_key=f"command:{title}", title=title, by="UADA", **({"severity": "SEV-2"} | more)
    )
    made = await declare(night.world, what)
    await night.settle()
    return await night.incident(made.incident.number)


def theirs(night: DatadogWarRoom) -> Body:
    """The one incident in Datadog."""
    (found,) = night.datadog.incidents.values()
    return found


def patches(night: DatadogWarRoom) -> list[Body]:
    """What Datadog was told after the creation."""
    return [sent for sent in night.datadog.sent if "id" in sent]


async def followed(night: DatadogWarRoom) -> Incident:
    """After the next look at Datadog."""
    await night.poll("incidents")
    return await night.incident()
