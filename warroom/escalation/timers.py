"""What happens when a timer comes due. Each ends its claim in the same transaction as what it caused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from warroom.alerts import storms
from warroom.escalation import cadence, page_hours, silence
from warroom.escalation import rules as escalation
from warroom.incident import archiving, lead, lifecycle
from warroom.incident.change import change
from warroom.incident.deadlines import next_late_redraw
from warroom.incident.decision import Decision, elsewhere, show_card, timers_of
from warroom.incident.events import PageReason
from warroom.incident.model import Incident, State
from warroom.incident.usecases import page_next
from warroom.outbox.changes import Claim
from warroom.ports import World
from warroom.postmortem import reminders
from warroom.runbooks import usecases as runbooks
from warroom.similar import usecases as similar


async def fire(world: World, claim: Claim) -> Incident:
    """The incident after its timer was looked at. A timer that was moved meanwhile, or is not due, changes nothing.

    Raises NotFound, Conflict, LeaseLost.
    """
    assert claim.timer is not None
    assert claim.incident_id is not None
    kind = claim.timer

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        due = timers_of(incident).get(kind)
        if due is None or due > now:
            return None
        if kind.startswith("action:"):
            return reminders.action_due(incident, kind.removeprefix("action:"), now)
        return await RULES[kind](world, incident, now)

    return await change(world, claim.incident_id, decide, ends=claim, alone=True)


Rule = Callable[[World, Incident, datetime], Awaitable[Decision | None]]
"""What a timer that is due does to its incident."""


async def _page(world: World, incident: Incident, now: datetime) -> Decision:
    return await page_next(world, incident, now, reason=PageReason.ESCALATION)


async def _overdue(world: World, incident: Incident, now: datetime) -> Decision:
    known = [await world.directory.person(each) for each in incident.escalation.paged]
    asleep = page_hours.asleep((each for each in known if each), incident.severity, world.policy, now)
    return escalation.overdue(incident, now, asleep)


async def _update_missed(world: World, incident: Incident, now: datetime) -> Decision:
    if incident.state is State.DETECTED:
        # Armed by an earlier release: there is nobody yet to remind.
        return Decision(incident.with_deadlines(update=None), quiet=True)
    decision = cadence.missed(incident, now, world.policy)
    if not cadence.calls_for_help(decision.incident, now, world.policy):
        return decision
    return decision.and_then(await page_next(world, decision.incident, now, reason=PageReason.NO_UPDATE))


async def _stale(_world: World, incident: Incident, now: datetime) -> Decision:
    return cadence.stale(incident, now)


async def _postmortem(world: World, incident: Incident, now: datetime) -> Decision:
    return reminders.chase(incident, now, world.policy)


async def _close(_world: World, incident: Incident, now: datetime) -> Decision:
    return lifecycle.close(incident, None, now)


async def _auto_resolve(world: World, incident: Incident, now: datetime) -> Decision:
    return lifecycle.resolve(incident, None, now, world.policy, automatic=True)


async def _redraw(_world: World, incident: Incident, _now: datetime) -> Decision:
    return Decision(incident.with_deadlines(redraw=None))


async def _late(world: World, incident: Incident, now: datetime) -> Decision:
    """What says how late something is says it anew. Nothing has happened, so nothing else follows."""
    after = incident.with_deadlines(late=None)
    due = next_late_redraw(after, now)
    redrawn = Decision(after.with_deadlines(late=due), quiet=True)
    if due is None or incident.room.channel_id is None:
        return redrawn
    return redrawn.with_effects(show_card(incident), *elsewhere(incident, world.policy))


async def _undo(_world: World, incident: Incident, _now: datetime) -> Decision:
    return Decision(incident.with_deadlines(undo=None))


async def _archive(world: World, incident: Incident, now: datetime) -> Decision:
    return archiving.due(incident, now, world.policy)


async def _lead(_world: World, incident: Incident, now: datetime) -> Decision:
    return lead.ask(incident, now)


async def _storm(world: World, incident: Incident, now: datetime) -> Decision:
    return storms.announce(incident, await world.store.firings(incident.id, storms.LOOKED_AT), now)


RULES: dict[str, Rule] = {
    "page": _page,
    "ack": _overdue,
    "update": _update_missed,
    "stale": _stale,
    "postmortem": _postmortem,
    "close": _close,
    "auto_resolve": _auto_resolve,
    "redraw": _redraw,
    "storm": _storm,
    "late": _late,
    "similar": similar.look,
    "undo": _undo,
    "runbook": runbooks.due,
    "silence": silence.look,
    "archive": _archive,
    "lead": _lead,
}
"""Every field of `Deadlines` and what happens when it is due. Action items have timers of their own ("action:ID")."""
