"""What releases up to format 1 stored of Datadog, as it is read now."""

from __future__ import annotations

from typing import Any

from integrations.datadog import effects
from integrations.datadog.policy import NAME
from warroom.integration import Upgrades

Body = dict[str, Any]

OPERATIONS = {
    "read_monitors": effects.READ_MONITORS,
    "read_monitor": effects.READ_MONITOR,
    "mute_monitor": effects.MUTE_MONITOR,
    "mirror_incident": effects.SYNC_INCIDENT,
    "read_incidents": effects.READ_INCIDENTS,
}
"""Kinds of effect, before there was one kind for all integrations."""
OUTER = ("v", "incident_id", "key", "priority")


def incident_2(body: Body) -> Body:
    """The link and the mutes are what the integration remembers; the origin names no vendor."""
    if body.get("origin") == "datadog":
        body = body | {"origin": "external"}
    link, until, groups = (body.pop(name, None) for name in ("datadog", "muted", "muted_groups"))
    known: Body = {}
    if link:
        known["link"] = {{"ours": "local", "theirs": "remote"}.get(name, name): value for name, value in link.items()}
    if until:
        only = dict(groups or ())
        known["mutes"] = [{"monitor_id": each, "until": end, "groups": only.get(each, [])} for each, end in until]
    return body | {"external": body.get("external", {}) | {NAME: known}} if known else body


def effect_2(body: Body) -> Body:
    """One kind of effect for each operation became operations of one kind."""
    operation = OPERATIONS.get(body["kind"])
    if operation is None:
        return body
    outer = {name: body[name] for name in OUTER if name in body}
    payload = {name: value for name, value in body.items() if name not in (*OUTER, "kind")}
    known = {"kind": "external", "integration": NAME, "operation": operation, "payload": payload}
    return outer | known | {"coalescing": operation != effects.MUTE_MONITOR}


UPGRADES = Upgrades(steps=(("Incident", 2, incident_2), ("Effect", 2, effect_2)))
