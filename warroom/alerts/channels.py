"""Channels in which other systems' apps post alerts: read, and declared from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from warroom.alerts import attach_rules
from warroom.alerts.app_messages import SOURCE, MessageReader, is_from, parse_message
from warroom.alerts.model import Alert
from warroom.alerts.parsing.parse import Parsed
from warroom.alerts.quarantine import unusable
from warroom.alerts.rules import match_rules
from warroom.alerts.severity import severity_in
from warroom.alerts.usecases import receive
from warroom.incident.declaration import Declare
from warroom.incident.declare import DeclareResult, declare
from warroom.incident.model import Incident
from warroom.outbox.changes import AlertDecision, AlertOutcome, Changeset, Quarantined
from warroom.outbox.effects import ReadAlertChannels
from warroom.policy import Policy
from warroom.ports import World

LONGEST_LINK = 600
LONGEST_TITLE = 200
"""Characters of them that a form carries."""
CONTENT_TYPE = "application/json; what=slack-message"


async def read_alert_channels(world: World) -> None:
    """They are read soon, from where reading stopped last. Does nothing when the policy names none."""
    if world.policy.workspace.alert_channels:
        await world.commit(Changeset(now=world.clock.now(), effects=(ReadAlertChannels(priority=5),)))


async def on_message(world: World, channel_id: str, message: Mapping[str, Any]) -> int:
    """A message was posted or edited. Returns how many alerts of it were accepted; 0 in any other channel and for any
    other author. Raises StoreUnavailable.
    """
    names = world.policy.workspace.alert_channels
    readers = world.integrations.message_readers
    if not names or not is_from(message, readers, world.policy.workspace.alert_bots):
        return 0
    if not any(each.channel_id == channel_id and each.name in names for each in await world.store.read_cursors()):
        return 0
    parsed, kept = read_message(message, channel_id, readers, world.policy, world.clock.now())
    return await receive(world, parsed.alerts, SOURCE, kept)


def read_message(
    message: Mapping[str, Any], channel_id: str, readers: Sequence[MessageReader], policy: Policy, now: datetime
) -> tuple[Parsed, tuple[Quarantined, ...]]:
    """(what the message says, what of it could not be used). Nothing for authors that do not count."""
    if not is_from(message, readers, policy.workspace.alert_bots):
        return Parsed(), ()
    parsed = parse_message(message, channel_id, readers, now)
    if not parsed.refused:
        return parsed, ()
    body = json.dumps({"channel": channel_id, "message": message}, sort_keys=True).encode()
    return parsed, (unusable(body, CONTENT_TYPE, parsed.refused, SOURCE, now),)


def alert_in(world: World, message: Mapping[str, Any], channel_id: str) -> Alert | None:
    """The first alert in a message, None when it is none or its author does not count."""
    readers = world.integrations.message_readers
    parsed, _ = read_message(message, channel_id, readers, world.policy, world.clock.now())
    return next(iter(parsed.alerts), None)


def carried(alert: Alert) -> Alert:
    """The alert without what a form has no room for."""
    link = alert.link if alert.link and len(alert.link) <= LONGEST_LINK else None
    nothing: dict[str, Any] = dict.fromkeys(("query", "metric", "snapshot", "group"))
    return alert.copy_with(
        text="", title=alert.title[:LONGEST_TITLE], link=link, tags=(), facts=(), hosts=(), people=(), **nothing
    )


async def open_incident_of(world: World, alert: Alert) -> Incident | None:
    """The open incident to which the alert belongs already. Raises StoreUnavailable."""
    known = await world.store.firings_for(alert.keys or (alert.dedup_key,))
    return next((incident for _, incident in known if incident.state.open), None)


async def declare_with(world: World, what: Declare, alert: Alert) -> DeclareResult:
    """Declares with the alert attached, so that its repeats and its recovery come to this incident. Raises as `declare`."""
    now = world.clock.now()
    services = what.services or ((alert.service,) if alert.service else ())
    what = what.copy_with(
        services=services,
        links=(*what.links, *attach_rules.alert_links(alert)),
        alerts=attach_rules.summary_of_one(alert, now).copy_with(
            worst=severity_in(match_rules(alert, world.policy, now))
        ),
    )
    alert_decision = AlertDecision(
        delivery_id=alert.delivery_id, outcome=AlertOutcome.OPENED, why="declared by hand from its message"
    )
    return await declare(world, what, firing=attach_rules.first("", alert, now), alert_decision=alert_decision)


def read_kept(kept: Quarantined, readers: Sequence[MessageReader]) -> Parsed:
    """What is in a message out of the quarantine."""
    said = json.loads(kept.body)
    return parse_message(said["message"], said["channel"], readers, kept.received_at)
