"""An alert becomes part of an incident that is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from warroom import intake
from warroom.alert import Transition
from warroom.changes import AlertOutcome, Firing, Judgement, ReceivedAlert
from warroom.decision import Decision
from warroom.incident import Incident, State
from warroom.ports import World
from warroom.rules import Verdict
from warroom.usecases.change import change
from warroom.worse import severity_in, worsened


@dataclass(frozen=True, slots=True)
class Home:
    """Where an alert belongs: its incident, and its firing there."""

    received: ReceivedAlert
    verdict: Verdict
    incident: Incident
    firing: Firing


async def attach(
    world: World, received: ReceivedAlert, verdict: Verdict, incident: Incident, firing: Firing | None
) -> Judgement:
    """One more alert of an incident: new there, again, or recovered."""
    alert = received.alert
    recovers = alert.transition is Transition.RECOVER
    judgement = _attached(received, verdict, incident.id)

    async def decide(found: Incident, now: datetime) -> Decision:
        before = await _firing_now(world, found, firing)
        if before is None:
            after = intake.first(found.id, alert, received.received_at, received.door)
        else:
            after = intake.again(before, alert, received.received_at)
        if recovers and before is not None:
            decision = intake.recover(found, alert, before, after, now, world.policy)
        else:
            decision = intake.attach(found, alert, before, after, now)
        if not recovers:
            decision = worsened(decision, alert, severity_in(verdict), now, world.policy)
        quiet = decision.quiet or found.state in (State.CLOSED, State.CANCELLED)
        return replace(decision, firings=(after,), judged=(judgement,), judges=(alert.delivery_id,), quiet=quiet)

    await change(world, incident.id, decide)
    return judgement


def _attached(received: ReceivedAlert, verdict: Verdict, incident_id: str) -> Judgement:
    recovers = received.alert.transition is Transition.RECOVER
    return Judgement(
        delivery_id=received.alert.delivery_id,
        outcome=AlertOutcome.RECOVERED if recovers else AlertOutcome.ATTACHED,
        incident_id=incident_id,
        rule=verdict.rule,
        why=verdict.why,
    )


async def attach_together(world: World, incident_id: str, repeats: Sequence[Home]) -> tuple[Judgement, ...]:
    """Repeats of one incident's alerts, counted in one transaction. Returns what became of each.

    When another process judged one of them meanwhile nothing is written, and the next look finds those that are left.
    """
    judged = tuple(_attached(each.received, each.verdict, incident_id) for each in repeats)

    async def decide(found: Incident, now: datetime) -> Decision:
        firings: dict[str, Firing] = {}
        decision = Decision(found)
        for each in repeats:
            alert, key = each.received.alert, each.firing.dedup_key
            before = firings.get(key) or await _firing_now(world, found, each.firing) or each.firing
            firings[key] = intake.again(before, alert, each.received.received_at)
            decision = decision.and_then(intake.attach(decision.incident, alert, before, firings[key], now))
        worst = min(repeats, key=lambda each: _rank(world, each.verdict))
        decision = worsened(decision, worst.received.alert, severity_in(worst.verdict), now, world.policy)
        quiet = decision.quiet or found.state in (State.CLOSED, State.CANCELLED)
        delivered = tuple(each.delivery_id for each in judged)
        return replace(decision, firings=tuple(firings.values()), judged=judged, judges=delivered, quiet=quiet)

    await change(world, incident_id, decide)
    return judged


def _rank(world: World, verdict: Verdict) -> int:
    return world.policy.rank(severity_in(verdict) or "")


async def _firing_now(world: World, incident: Incident, firing: Firing | None) -> Firing | None:
    """The firing as stored now: it may have changed since it was looked up."""
    if firing is None:
        return None
    for known, home in await world.store.firings_for((firing.dedup_key,)):
        if home.id == incident.id and known.dedup_key == firing.dedup_key:
            return known
    return firing
