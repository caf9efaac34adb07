"""An alert becomes part of an incident that is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from warroom.alerts import attach_rules
from warroom.alerts.model import Transition
from warroom.alerts.rules import RuleAction
from warroom.alerts.severity import raise_for_alert, severity_in
from warroom.incident.change import change
from warroom.incident.decision import Decision
from warroom.incident.model import Incident, State
from warroom.outbox.changes import AlertDecision, AlertOutcome, Firing, ReceivedAlert
from warroom.ports import World
from warroom.runbooks.automatic import with_automatic_runbooks


@dataclass(frozen=True, slots=True)
class AlertMatch:
    """Where an alert belongs: its incident, and its firing there."""

    received: ReceivedAlert
    action: RuleAction
    incident: Incident
    firing: Firing


async def attach(
    world: World, received: ReceivedAlert, action: RuleAction, incident: Incident, firing: Firing | None
) -> AlertDecision:
    """One more alert of an incident: new there, again, or recovered."""
    alert = received.alert
    recovers = alert.transition is Transition.RECOVER
    alert_decision = _attached(received, action, incident.id)

    async def decide(found: Incident, now: datetime) -> Decision:
        before = await _firing_now(world, found, firing)
        if before is None:
            after = attach_rules.first(found.id, alert, received.received_at, received.source)
        else:
            after = attach_rules.again(before, alert, received.received_at)
        if recovers and before is not None:
            decision = attach_rules.recover(found, alert, before, after, now, world.policy)
        else:
            decision = attach_rules.attach(found, alert, before, after, now, world.policy)
        if not recovers:
            decision = raise_for_alert(decision, alert, severity_in(action), now, world.policy)
            if before is None or decision.incident.severity != found.severity:
                decision = with_automatic_runbooks(decision, world.library)  # what it says may be what they are for
        quiet = decision.quiet or found.state in (State.CLOSED, State.CANCELLED)
        return replace(
            decision, firings=(after,), alert_decisions=(alert_decision,), decides=(alert.delivery_id,), quiet=quiet
        )

    await change(world, incident.id, decide, alone=True)
    return alert_decision


def _attached(received: ReceivedAlert, action: RuleAction, incident_id: str) -> AlertDecision:
    recovers = received.alert.transition is Transition.RECOVER
    return AlertDecision(
        delivery_id=received.alert.delivery_id,
        outcome=AlertOutcome.RECOVERED if recovers else AlertOutcome.ATTACHED,
        incident_id=incident_id,
        rule=action.rule,
        why=action.why,
    )


async def attach_together(world: World, incident_id: str, repeats: Sequence[AlertMatch]) -> tuple[AlertDecision, ...]:
    """Repeats of one incident's alerts, counted in one transaction. Returns what became of each.

    When another process decided one of them meanwhile nothing is written, and the next look finds those that are left.
    """
    decisions = tuple(_attached(each.received, each.action, incident_id) for each in repeats)

    async def decide(found: Incident, now: datetime) -> Decision:
        firings: dict[str, Firing] = {}
        decision = Decision(found)
        for each in repeats:
            alert, key = each.received.alert, each.firing.dedup_key
            before = firings.get(key) or await _firing_now(world, found, each.firing) or each.firing
            firings[key] = attach_rules.again(before, alert, each.received.received_at)
            decision = decision.and_then(
                attach_rules.attach(decision.incident, alert, before, firings[key], now, world.policy)
            )
        worst = min(repeats, key=lambda each: _rank(world, each.action))
        decision = raise_for_alert(decision, worst.received.alert, severity_in(worst.action), now, world.policy)
        if decision.incident.severity != found.severity:
            decision = with_automatic_runbooks(decision, world.library)
        quiet = decision.quiet or found.state in (State.CLOSED, State.CANCELLED)
        delivered = tuple(each.delivery_id for each in decisions)
        return replace(
            decision, firings=tuple(firings.values()), alert_decisions=decisions, decides=delivered, quiet=quiet
        )

    await change(world, incident_id, decide, alone=True)
    return decisions


def _rank(world: World, action: RuleAction) -> int:
    return world.policy.rank(severity_in(action) or "")


async def _firing_now(world: World, incident: Incident, firing: Firing | None) -> Firing | None:
    """The firing as stored now: it may have changed since it was looked up."""
    if firing is None:
        return None
    for known, home in await world.store.firings_for((firing.dedup_key,)):
        if home.id == incident.id and known.dedup_key == firing.dedup_key:
            return known
    return firing
