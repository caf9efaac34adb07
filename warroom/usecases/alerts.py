"""Alerts: accepted first, judged one after another afterwards, each exactly once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from warroom import intake
from warroom.alert import Alert, AlertState, Transition
from warroom.changes import AlertOutcome, Changeset, Firing, Judgement, Quarantined, ReceivedAlert
from warroom.effects import JudgeAlerts
from warroom.incident import Incident, Origin
from warroom.ports import World
from warroom.rules import AttachOnly, AttachOrDeclare, Drop, Verdict, group_key, judge
from warroom.rules import Declare as DeclareRule
from warroom.usecases.attaching import Home, attach, attach_together
from warroom.usecases.declare import Declare, declare

BATCH = 200
"""How many pending alerts are read at a time."""

AT_WORK = timedelta(seconds=5)
"""Well within the lease of an effect."""

LATELY = 200
"""So many alerts are looked through for a recovery that overtook its trigger."""

REMEMBERED = timedelta(hours=24)
"""So long after the end of an incident a mere repeat of its alert is counted there and opens nothing."""


async def receive(world: World, alerts: tuple[Alert, ...], door: str, unusable: tuple[Quarantined, ...] = ()) -> int:
    """The alerts are stored; judging follows at once, elsewhere. Returns how many deliveries were accepted (known ones too).

    `unusable` is what could not be read, kept in the same transaction. Raises StoreUnavailable: then nothing is stored
    and the sender should try again.
    """
    if not alerts and not unusable:
        return 0
    now = world.clock.now()
    received = tuple(ReceivedAlert(alert=alert, received_at=now, door=door) for alert in alerts)
    effects = (JudgeAlerts(priority=1),) if received else ()
    await world.commit(Changeset(now=now, received=received, quarantined=unusable, effects=effects))
    return len(alerts)


async def judge_pending(world: World, told: Callable[[Judgement], None] = lambda _: None) -> int:
    """Pending alerts find their incidents, in order of arrival, for at most AT_WORK; then the rest is asked for anew, so
    that a storm does not outlive the lease under which it is judged. Returns how many were judged, and tells of each.
    Raises StoreUnavailable.
    """
    until = world.clock.now() + AT_WORK
    count = 0
    while batch := await world.store.pending_alerts(BATCH):
        left = list(batch)
        while left:
            judged = await _judge_next(world, left)
            for judgement in judged:
                told(judgement)
            count, left = count + len(judged), left[len(judged) :]
            if world.clock.now() >= until:
                await world.commit(Changeset(now=world.clock.now(), effects=(JudgeAlerts(priority=1),)))
                return count
    return count


async def _judge_next(world: World, pending: Sequence[ReceivedAlert]) -> list[Judgement]:
    """Judges the first of them, with all that follow it and merely repeat something known."""
    homes: dict[tuple[str, ...], Home | None] = {}
    repeats: dict[str, list[Home]] = {}
    for received in pending:
        home = await _repeat(world, received, homes)
        if home is None:
            break
        repeats.setdefault(home.incident.id, []).append(home)
    if not repeats:
        return [await judge_one(world, pending[0])]
    judged: list[Judgement] = []
    for incident_id, those in repeats.items():
        judged += await attach_together(world, incident_id, those)
    return judged


async def _repeat(world: World, received: ReceivedAlert, known: dict[tuple[str, ...], Home | None]) -> Home | None:
    """Its home, where the alert says again what fires there already; None when it is anything more than that.

    `known` remembers the answers by the alert's keys: repeats change nothing that would make them wrong.
    """
    alert = received.alert
    if alert.transition is Transition.RECOVER or received.door == intake.POLLED:
        return None
    verdict = judge(alert, world.policy, received.received_at)
    if isinstance(verdict, Drop):
        return None
    keys = alert.keys or (alert.dedup_key,)
    if keys not in known:
        home = await _home(world, alert, verdict, received.received_at)
        known[keys] = Home(received, verdict, home[0], home[1]) if home and home[1] else None
    found = known[keys]
    if found is None or not found.incident.state.open or found.firing.state is AlertState.OK:
        return None
    return replace(found, received=received, verdict=verdict)


async def judge_one(world: World, received: ReceivedAlert) -> Judgement:
    """What becomes of one alert; stored together with what it causes."""
    alert = received.alert
    verdict = judge(alert, world.policy, received.received_at)
    if isinstance(verdict, Drop):
        return await _settle(world, received, AlertOutcome.DROPPED, verdict)
    if received.door == intake.POLLED and await _known(world, alert):
        return await _settle(world, received, AlertOutcome.IGNORED, verdict, why="another door told of it before")
    home = await _home(world, alert, verdict, received.received_at)
    if home is not None:
        return await attach(world, received, verdict, *home)
    if alert.transition is Transition.RECOVER:
        return await _settle(
            world, received, AlertOutcome.IGNORED, verdict, why="it recovers nothing that is known here"
        )
    if isinstance(verdict, AttachOnly):
        return await _settle(world, received, AlertOutcome.IGNORED, verdict, why="no open incident to attach it to")
    if await _recovered_already(world, alert):
        return await _settle(world, received, AlertOutcome.IGNORED, verdict, why="it had recovered before it was told")
    return await _open(world, received, verdict)


async def _recovered_already(world: World, alert: Alert) -> bool:
    """Whether its recovery overtook it on the way here, by the sender's own times."""
    if alert.occurred_at is None:
        return False
    mine = set(alert.keys)
    for received, judged in await world.store.alerts(LATELY):
        other = received.alert
        if judged is None:
            continue  # it came after this one, and is judged after it
        later = other.occurred_at is not None and other.occurred_at > alert.occurred_at
        if later and other.transition is Transition.RECOVER and mine & set(other.keys):
            return True
    return False


async def _known(world: World, alert: Alert) -> bool:
    """Whether the newest incident with that firing knows all that a polled alert says."""
    found = await world.store.firings_for(alert.keys, limit=1)
    return bool(found) and intake.told_before(*found[0], alert)


async def _settle(
    world: World, received: ReceivedAlert, outcome: AlertOutcome, verdict: Verdict, why: str = ""
) -> Judgement:
    judgement = Judgement(
        delivery_id=received.alert.delivery_id, outcome=outcome, rule=verdict.rule, why=why or verdict.why
    )
    await world.commit(Changeset(now=world.clock.now(), judged=(judgement,), judges=(judgement.delivery_id,)))
    return judgement


async def _home(
    world: World, alert: Alert, verdict: Verdict, received_at: datetime
) -> tuple[Incident, Firing | None] | None:
    """The incident this alert belongs to, with its firing there if it has one."""
    for firing, incident in await world.store.firings_for(alert.keys or (alert.dedup_key,)):
        if incident.state.open or intake.overtaken(firing, alert):
            return incident, firing
        ended = incident.resolved_at or incident.cancelled_at or incident.touched_at
        if alert.transition in intake.REPEATS and received_at - ended <= REMEMBERED:
            return incident, firing
    if alert.transition is Transition.RECOVER:
        return None
    group = group_key(alert, verdict)
    if group is None:
        return await _with_siblings(world, alert, verdict)
    incident_found = await world.store.incident_grouped(group)
    if incident_found is None or not incident_found.state.open:
        return None
    if incident_found.group_until and received_at > incident_found.group_until:
        return None
    return incident_found, None


async def _with_siblings(world: World, alert: Alert, verdict: Verdict) -> tuple[Incident, None] | None:
    """The open incident of the same monitor: its other groups are the same trouble, unless a rule groups otherwise."""
    private = not isinstance(verdict, Drop) and verdict.private
    for _, incident in await world.store.firings_for(intake.siblings(alert)):
        if incident.state.open and (incident.private == private or isinstance(verdict, AttachOnly)):
            return incident, None
    return None


async def _open(world: World, received: ReceivedAlert, verdict: DeclareRule | AttachOrDeclare) -> Judgement:
    """A new incident. Its origin key names its predecessor, so that two who open it at once open one."""
    alert = received.alert
    group = group_key(alert, verdict)
    before = await _predecessor(world, alert, group)
    judgement = Judgement(
        delivery_id=alert.delivery_id, outcome=AlertOutcome.OPENED, rule=verdict.rule, why=verdict.why
    )
    what = Declare(
        origin=Origin.ALERT,
        origin_key=f"alert:{group or alert.dedup_key}:{before.number if before else 0}",
        title=verdict.title,
        severity=verdict.severity,
        team=verdict.team,
        services=(alert.service,) if alert.service else (),
        description=alert.text,
        people=(*([verdict.commander] if verdict.commander else []), *verdict.people, *alert.people),
        commander=verdict.commander,
        private=verdict.private,
        fields=(*verdict.fields, *alert.facts),
        links=(*verdict.links, *intake.alert_links(alert)),
        group_key=group,
        group_window=verdict.window,
        auto_resolve_after=verdict.auto_resolve_after,
        alerts=intake.summary_of_one(alert, received.received_at).but(worst=verdict.severity),
    )
    firing = intake.first("", alert, received.received_at, received.door)
    declared = await declare(world, what, firing=firing, judged=judgement, judges=True)
    if declared.existed:
        return await judge_one(world, received)
    return judgement.but(incident_id=declared.incident.id)


async def _predecessor(world: World, alert: Alert, group: str | None) -> Incident | None:
    if group is not None:
        return await world.store.incident_grouped(group)
    known = await world.store.firings_for(alert.keys or (alert.dedup_key,), limit=1)
    return known[0][1] if known else None
