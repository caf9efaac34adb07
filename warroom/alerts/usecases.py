"""Alerts: accepted first, decided one after another afterwards, each exactly once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from warroom.alerts import attach_rules
from warroom.alerts.attach import AlertMatch, attach, attach_together
from warroom.alerts.model import Alert, AlertState, Transition
from warroom.alerts.rules import AttachOnly, AttachOrDeclare, Drop, OpenIncident, RuleAction, group_key, match_rules
from warroom.errors import Conflict, StoreUnavailable
from warroom.incident.declaration import Declare
from warroom.incident.declare import declare
from warroom.incident.model import Incident, Origin
from warroom.outbox.changes import AlertDecision, AlertOutcome, Changeset, Firing, Quarantined, ReceivedAlert
from warroom.outbox.effects import DecideAlerts
from warroom.ports import World

log = structlog.get_logger(__name__)

BATCH = 200
"""How many pending alerts are read at a time."""

AT_WORK = timedelta(seconds=5)
"""Well within the lease of an effect."""

LATELY = 200
"""So many alerts are looked through for a recovery that overtook its trigger."""

REMEMBERED = timedelta(hours=24)
"""So long after the end of an incident a mere repeat of its alert is counted there and opens nothing."""


async def receive(world: World, alerts: tuple[Alert, ...], source: str, unusable: tuple[Quarantined, ...] = ()) -> int:
    """The alerts are stored; what becomes of them is decided at once, elsewhere. Returns how many deliveries were accepted, known
    ones too.

    `unusable` is what could not be read, kept in the same transaction. Raises StoreUnavailable: then nothing is stored
    and the sender should try again.
    """
    if not alerts and not unusable:
        return 0
    now = world.clock.now()
    received = tuple(ReceivedAlert(alert=alert, received_at=now, source=source) for alert in alerts)
    effects = (DecideAlerts(priority=1),) if received else ()
    await world.commit(Changeset(now=now, received=received, quarantined=unusable, effects=effects))
    return len(alerts)


async def decide_pending(world: World, on_decided: Callable[[AlertDecision], None] = lambda _: None) -> int:
    """Pending alerts find their incidents, in order of arrival, for at most AT_WORK; then the rest is asked for anew, so
    that a storm does not outlive the lease under which it is decided. Returns how many were decided, and calls `on_decided` with each.

    One that cannot be decided because of a fault of our own keeps none of the others waiting. Once they are decided the fault
    is raised, so that this one is tried again. Raises StoreUnavailable, Conflict.
    """
    until = world.clock.now() + AT_WORK
    count = 0
    faults: dict[str, Exception] = {}
    while batch := await _pending(world, faults):
        left = batch
        while left:
            try:
                decisions = await _decide_next(world, left)
            except (StoreUnavailable, Conflict):
                raise
            except Exception:
                # Of any kind. One of them is at fault: the first is tried alone, and then all are read anew. It may go well alone,
                # so this is the only word of the fault.
                log.exception("several alerts could not be decided together", alerts=len(left))
                decisions, left = await _decide_first(world, faults), []
            for alert_decision in decisions:
                on_decided(alert_decision)
            count, left = count + len(decisions), left[len(decisions) :]
            if world.clock.now() >= until:
                await world.commit(Changeset(now=world.clock.now(), effects=(DecideAlerts(priority=1),)))
                return count
    for error in faults.values():
        raise error
    return count


async def _pending(world: World, faults: Collection[str]) -> list[ReceivedAlert]:
    """The next alerts, without those that could not be decided just now."""
    found = await world.store.pending_alerts(BATCH + len(faults))
    return [received for received in found if received.alert.delivery_id not in faults]


async def _decide_first(world: World, faults: dict[str, Exception]) -> list[AlertDecision]:
    """Decides the first alert alone; where that fails by a fault of our own, the fault is added to `faults`."""
    pending = await _pending(world, faults)
    if not pending:
        return []
    try:
        return [await decide_alert(world, pending[0])]
    except (StoreUnavailable, Conflict):
        raise
    except Exception as error:
        # Of any kind: it is raised once the others are decided.
        faults[pending[0].alert.delivery_id] = error
        return []


async def _decide_next(world: World, pending: Sequence[ReceivedAlert]) -> list[AlertDecision]:
    """Decides the first of them, with all that follow it and merely repeat something known."""
    matches: dict[tuple[str, ...], AlertMatch | None] = {}
    repeats: dict[str, list[AlertMatch]] = {}
    for received in pending:
        match = await _repeat(world, received, matches)
        if match is None:
            break
        repeats.setdefault(match.incident.id, []).append(match)
    if not repeats:
        return [await decide_alert(world, pending[0])]
    decisions: list[AlertDecision] = []
    for incident_id, those in repeats.items():
        decisions += await attach_together(world, incident_id, those)
    return decisions


async def _repeat(
    world: World, received: ReceivedAlert, known: dict[tuple[str, ...], AlertMatch | None]
) -> AlertMatch | None:
    """Its home, where the alert says again what fires there already; None when it is anything more than that.

    `known` remembers the answers by the alert's keys: repeats change nothing that would make them wrong.
    """
    alert = received.alert
    if alert.transition is Transition.RECOVER or received.source == attach_rules.POLLED:
        return None
    action = match_rules(alert, world.policy, received.received_at)
    if isinstance(action, Drop):
        return None
    keys = alert.keys or (alert.dedup_key,)
    if keys not in known:
        match = await _find_incident(world, alert, action, received.received_at)
        known[keys] = AlertMatch(received, action, match[0], match[1]) if match and match[1] else None
    found = known[keys]
    if found is None or not found.incident.state.open or found.firing.state is AlertState.OK:
        return None
    return replace(found, received=received, action=action)


async def decide_alert(world: World, received: ReceivedAlert) -> AlertDecision:
    """What becomes of one alert; stored together with what it causes."""
    alert = received.alert
    action = match_rules(alert, world.policy, received.received_at)
    if isinstance(action, Drop):
        return await _settle(world, received, AlertOutcome.DROPPED, action)
    if received.source == attach_rules.POLLED and await _known(world, alert):
        return await _settle(
            world, received, AlertOutcome.IGNORED, action, why="another alert source brought it before"
        )
    match = await _find_incident(world, alert, action, received.received_at)
    if match is not None:
        return await attach(world, received, action, *match)
    if alert.transition is Transition.RECOVER:
        return await _settle(
            world, received, AlertOutcome.IGNORED, action, why="it recovers nothing that is known here"
        )
    if isinstance(action, AttachOnly):
        return await _settle(world, received, AlertOutcome.IGNORED, action, why="no open incident to attach it to")
    if await _recovered_already(world, alert):
        return await _settle(world, received, AlertOutcome.IGNORED, action, why="it had recovered before it arrived")
    return await _open(world, received, action)


async def _recovered_already(world: World, alert: Alert) -> bool:
    """Whether its recovery overtook it on the way here, by the sender's own times."""
    if alert.occurred_at is None:
        return False
    mine = set(alert.keys)
    for received, known in await world.store.alerts(LATELY):
        other = received.alert
        if known is None:
            continue  # it came after this one, and is decided after it
        later = other.occurred_at is not None and other.occurred_at > alert.occurred_at
        if later and other.transition is Transition.RECOVER and mine & set(other.keys):
            return True
    return False


async def _known(world: World, alert: Alert) -> bool:
    """Whether the newest incident with that firing knows all that a polled alert says."""
    found = await world.store.firings_for(alert.keys, limit=1)
    return bool(found) and attach_rules.told_before(*found[0], alert)


async def _settle(
    world: World, received: ReceivedAlert, outcome: AlertOutcome, action: RuleAction, why: str = ""
) -> AlertDecision:
    alert_decision = AlertDecision(
        delivery_id=received.alert.delivery_id, outcome=outcome, rule=action.rule, why=why or action.why
    )
    await world.commit(
        Changeset(now=world.clock.now(), alert_decisions=(alert_decision,), decides=(alert_decision.delivery_id,))
    )
    return alert_decision


async def _find_incident(
    world: World, alert: Alert, action: RuleAction, received_at: datetime
) -> tuple[Incident, Firing | None] | None:
    """The incident this alert belongs to, with its firing there if it has one."""
    for firing, incident in await world.store.firings_for(alert.keys or (alert.dedup_key,)):
        if incident.state.open or attach_rules.overtaken(firing, alert):
            return incident, firing
        ended = incident.resolved_at or incident.cancelled_at or incident.touched_at
        if alert.transition in attach_rules.REPEATS and received_at - ended <= REMEMBERED:
            return incident, firing
    if alert.transition is Transition.RECOVER:
        return None
    group = group_key(alert, action)
    if group is None:
        return await _with_siblings(world, alert, action)
    incident_found = await world.store.incident_grouped(group)
    if incident_found is not None and incident_found.merged is not None:
        return await _where_it_went(world, incident_found, received_at)
    if incident_found is None or not incident_found.state.open:
        return None
    if incident_found.alert_group.until and received_at > incident_found.alert_group.until:
        return None
    return incident_found, None


async def _where_it_went(world: World, incident: Incident, received_at: datetime) -> tuple[Incident, None] | None:
    """The incident into which it was merged, where that is open and the window of its group lasts."""
    until = incident.alert_group.until
    went = await world.store.incident(incident.merged.into) if incident.merged else None
    if went is None or not went.state.open or (until and received_at > until):
        return None
    return went, None


async def _with_siblings(world: World, alert: Alert, action: RuleAction) -> tuple[Incident, None] | None:
    """The open incident of the same monitor: its other groups are the same trouble, unless a rule groups otherwise."""
    private = not isinstance(action, Drop) and action.private
    for _, incident in await world.store.firings_for(attach_rules.siblings(alert)):
        if incident.state.open and (incident.private == private or isinstance(action, AttachOnly)):
            return incident, None
    return None


async def _open(world: World, received: ReceivedAlert, action: OpenIncident | AttachOrDeclare) -> AlertDecision:
    """A new incident. Its origin key names its predecessor, so that two who open it at once open one."""
    alert = received.alert
    group = group_key(alert, action)
    before = await _predecessor(world, alert, group)
    alert_decision = AlertDecision(
        delivery_id=alert.delivery_id, outcome=AlertOutcome.OPENED, rule=action.rule, why=action.why
    )
    what = Declare(
        origin=Origin.ALERT,
        origin_key=f"alert:{group or alert.dedup_key}:{before.number if before else 0}",
        title=action.title,
        severity=action.severity,
        team=action.team,
        services=(alert.service,) if alert.service else (),
        description=alert.text,
        people=(*([action.commander] if action.commander else []), *action.people, *alert.people),
        commander=action.commander,
        private=action.private,
        fields=(*action.fields, *alert.facts),
        template=action.template,
        links=(*action.links, *attach_rules.alert_links(alert)),
        group_key=group,
        group_window=action.window,
        auto_resolve_after=action.auto_resolve_after,
        alerts=attach_rules.summary_of_one(alert, received.received_at).copy_with(worst=action.severity),
    )
    firing = attach_rules.first("", alert, received.received_at, received.source)
    declared = await declare(world, what, firing=firing, alert_decision=alert_decision, decides=True)
    if declared.existed:
        return await decide_alert(world, received)
    return alert_decision.copy_with(incident_id=declared.incident.id)


async def _predecessor(world: World, alert: Alert, group: str | None) -> Incident | None:
    if group is not None:
        return await world.store.incident_grouped(group)
    known = await world.store.firings_for(alert.keys or (alert.dedup_key,), limit=1)
    return known[0][1] if known else None
