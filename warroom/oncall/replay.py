"""What would have happened under a policy: what was stored is decided again, by the same rules, on a clock that is moved. Nothing is
sent and nothing is written: the record of the replay is in memory, and ends with it.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from warroom.alerts.model import AlertState, Transition
from warroom.alerts.rules import Drop, match_rules
from warroom.alerts.severity import severity_in
from warroom.alerts.usecases import decide_alert
from warroom.errors import Refused
from warroom.escalation.timers import fire
from warroom.incident import events
from warroom.incident import usecases as incidents
from warroom.incident.declaration import Declare
from warroom.incident.declare import declare
from warroom.incident.model import Incident, Origin
from warroom.incident.timeline import Entry
from warroom.outbox.changes import AlertDecision, AlertOutcome, Changeset, Claim, Firing, ReceivedAlert
from warroom.people.model import Directory, Person
from warroom.policy import Policy
from warroom.ports import Rooms, World
from warroom.stores import IncidentTurn, Store

TIMERS = ("page", "ack", "update", "auto_resolve")
"""What pages people or ends an incident; reminders and redrawing do neither."""
ASKED_AGAIN = "sync"
"""The alert source of what was asked for: it is compared with what is known, always."""


class MovedClock:
    """The clock of a replay."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Aware UTC."""
        return self.at


@dataclass
class ReplayTurn:
    """Nobody else changes anything: the incident is as the record has it."""

    incident: Incident | None

    async def certain(self) -> bool:
        """Always."""
        return True


@dataclass
class ReplayRecord:
    """As much of `warroom.stores.Store` as deciding needs, in memory."""

    directory: Directory
    by_id: dict[str, Incident] = field(default_factory=dict)
    by_origin: dict[str, str] = field(default_factory=dict)
    by_group: dict[str, str] = field(default_factory=dict)
    lately: list[tuple[ReceivedAlert, AlertDecision | None]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    timers: list[tuple[datetime, int, str, str]] = field(default_factory=list)
    """A heap of (due, priority, incident, kind), as the outbox orders what is due; a moved one is recognised when it is due."""
    _firings: dict[tuple[str, str], Firing] = field(default_factory=dict)
    _by_key: dict[str, dict[tuple[str, str], None]] = field(default_factory=lambda: defaultdict(dict))

    async def incident(self, incident_id: str) -> Incident | None:
        return self.by_id.get(incident_id)

    async def person(self, user_id: str) -> Person | None:
        return await self.directory.person(user_id)

    async def followers(self, team: str | None, severity: str) -> list[str]:
        return []  # direct messages to followers are no pages

    async def timeline(self, incident_id: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.incident_id == incident_id]

    async def incident_from(self, origin_key: str) -> Incident | None:
        return self.by_id.get(self.by_origin.get(origin_key, ""))

    async def incident_grouped(self, group_key: str) -> Incident | None:
        return self.by_id.get(self.by_group.get(group_key, ""))

    async def alerts(self, limit: int) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
        return self.lately[: -limit - 1 : -1]

    async def firings(self, incident_id: str, limit: int = 100) -> list[Firing]:
        return [firing for (of, _), firing in self._firings.items() if of == incident_id][:limit]

    async def firings_for(self, keys: Sequence[str], limit: int = 10) -> list[tuple[Firing, Incident]]:
        found = {place: None for key in keys for place in self._by_key.get(key, ())}
        pairs = [(self._firings[place], self.by_id[place[0]]) for place in found]
        return sorted(pairs, key=lambda pair: (pair[1].number, pair[0].last_seen_at), reverse=True)[:limit]

    @asynccontextmanager
    async def in_turn(
        self, incident_id: str, *, urgent: bool = False, alone: bool = False
    ) -> AsyncIterator[IncidentTurn]:
        yield ReplayTurn(self.by_id.get(incident_id))

    async def commit_new(self, build: Callable[[int], Changeset]) -> Changeset | None:
        change = build(len(self.by_id) + 1)
        await self.commit(change)
        return change

    async def commit(self, change: Changeset) -> bool:
        if incident := change.incident:
            self.by_id[incident.id] = incident.model_copy(update={"version": incident.version + 1})
            self.by_origin[incident.origin_key] = incident.id
            if incident.alert_group.key:
                self.by_group[incident.alert_group.key] = incident.id
        self.entries += change.entries
        for timer in change.timers:
            if timer.due_at is not None and timer.kind in TIMERS:
                heapq.heappush(self.timers, (timer.due_at, timer.priority, timer.incident_id, timer.kind))
        for firing in change.firings:
            place = (firing.incident_id, firing.dedup_key)
            self._firings[place] = firing
            for key in firing.keys:
                self._by_key[key][place] = None
        return True

    def keep(self, received: ReceivedAlert, decision: AlertDecision) -> None:
        """Remember what became of an alert, for recoveries that overtook their triggers."""
        self.lately.append((received, decision))
        if len(self.lately) > 1000:
            del self.lately[:500]


@dataclass
class ReplayedIncident:
    """An incident as it happened."""

    incident: Incident
    entries: Sequence[Entry]


class Replay:
    """One run. `incidents` are those that began in the time that is replayed."""

    def __init__(
        self, policy: Policy, directory: Directory, clock: MovedClock, rooms: Rooms, past: Sequence[ReplayedIncident]
    ) -> None:
        self.record = ReplayRecord(directory)
        self.alerts = 0
        self.opened_by: dict[str, str] = {}
        """Incident that happened to the delivery that opened it."""
        self._clock = clock
        self._world = World(
            store=cast(Store, self.record),
            directory=directory,
            policy=policy,
            clock=clock,
            rooms=rooms,
            nudge=lambda: None,
        )
        self._now_in: dict[str, str] = {}
        """Delivery, or incident that people declared, to the incident of the replay in which it is now."""
        self._past = {each.incident.id: each.incident for each in past}
        self._acts = sorted(
            ((entry.at, place, each.incident.id, entry) for each in past for place, entry in enumerate(each.entries)),
            key=lambda act: act[:2],
        )
        self._next_act = 0

    async def alert(self, received: ReceivedAlert, decision: AlertDecision | None) -> None:
        """One alert after all that happened before it. One that belonged to an incident from before this time is left out."""
        belonged = decision.incident_id if decision else None
        if belonged is not None and belonged not in self._past:
            return
        await self.until(received.received_at)
        self.alerts += 1
        if decision and decision.outcome is AlertOutcome.OPENED and belonged:
            self.opened_by[belonged] = received.alert.delivery_id
        if not await self._repeats(received):
            again = await decide_alert(self._world, received)
            self.record.keep(received, again)
            if again.incident_id:
                self._now_in[received.alert.delivery_id] = again.incident_id

    async def until(self, at: datetime) -> None:
        """Everything that people did and that was due before that time, in order."""
        while True:
            act = self._acts[self._next_act] if self._next_act < len(self._acts) else None
            due = self.record.timers[0][0] if self.record.timers else None
            if act is not None and act[0] <= at and (due is None or act[0] <= due):
                self._next_act += 1
                self._clock.at = max(self._clock.at, act[0])
                await self._act(act[2], act[3])
            elif due is not None and due <= at:
                _, _, incident_id, kind = heapq.heappop(self.record.timers)
                self._clock.at = max(self._clock.at, due)
                await self._fire(incident_id, kind, due)
            else:
                break
        self._clock.at = max(self._clock.at, at)

    def present(self, incident_id: str) -> Incident | None:
        """The incident of the replay that is what that incident was, where there is one."""
        origin = self.opened_by.get(incident_id, incident_id)
        return self.record.by_id.get(self._now_in.get(origin, ""))

    async def _repeats(self, received: ReceivedAlert) -> bool:
        """Whether it only says again what fires in an open incident: then nobody is called, and nothing is decided."""
        alert, world = received.alert, self._world
        if alert.transition is Transition.RECOVER or received.source == ASKED_AGAIN:
            return False
        found = await self.record.firings_for(alert.keys or (alert.dedup_key,), limit=1)
        if not found or not found[0][1].state.open or found[0][0].state is AlertState.OK:
            return False
        action = match_rules(alert, world.policy, received.received_at)
        if isinstance(action, Drop):
            return True
        incident = found[0][1]
        worst = world.policy.rank(incident.alerts.worst or incident.severity)
        if world.policy.rank(severity_in(action) or incident.severity) < worst:
            return False
        self._now_in[alert.delivery_id] = incident.id
        return True

    async def _fire(self, incident_id: str, kind: str, due: datetime) -> None:
        claim = Claim(
            key=f"{incident_id}:timer:{kind}", fence=0, rev=0, attempts=1, outcome_unknown=False, created_at=due,
            due_at=due, incident_id=incident_id, timer=kind,
        )  # fmt: skip
        await fire(self._world, claim)

    async def _act(self, incident_id: str, entry: Entry) -> None:
        """What a person did to an incident, done to what it is now. What does not apply there is left out."""
        try:
            if isinstance(entry.event, events.Declared):
                await self._declare(self._past[incident_id], entry)
            elif present := self.present(incident_id):
                await self._again(present.id, entry)
        except Refused:
            return

    async def _declare(self, incident: Incident, entry: Entry) -> None:
        if incident.origin is Origin.ALERT:
            return
        policy = self._world.policy
        what = Declare(
            origin=incident.origin,
            origin_key=incident.origin_key,
            title=incident.title,
            severity=policy.severity_named(_first_severity(incident, self._acts)),
            team=policy.team_named(incident.team) if incident.team else None,
            services=incident.services,
            private=incident.private,
            by=entry.by,
        )
        declared = await declare(self._world, what)
        self._now_in[incident.id] = declared.incident.id

    async def _again(self, present: str, entry: Entry) -> None:
        world, event = self._world, entry.event
        by = entry.by or ""
        match event:
            case events.Acknowledged():
                await incidents.acknowledge(world, present, by)
            case events.Mitigated():
                await incidents.mitigate(world, present, by)
            case events.Reopened():
                await incidents.reopen(world, present, by)
            case events.UpdatePosted():
                await incidents.post_update(world, present, by, event.text)
            case events.Snoozed():
                await incidents.snooze(world, present, by)
            case events.Cancelled():
                await incidents.cancel(world, present, by, event.why)
            case events.Resolved() if entry.by:
                await incidents.resolve_incident(world, present, entry.by)
            case events.SeverityChanged() if entry.by:
                await incidents.set_severity(world, present, entry.by, event.after)
            case events.PeoplePaged(reason=events.PageReason.BUTTON):
                await incidents.escalate(world, present, by, event.why)
            case events.PeoplePaged(reason=events.PageReason.TEAM):
                await incidents.page(world, present, by, event.names, event.why)
            case _:
                return


def _first_severity(incident: Incident, acts: Sequence[tuple[datetime, int, str, Entry]]) -> str:
    """The severity with which it was declared."""
    mine = (entry.event for _, _, of, entry in acts if of == incident.id)
    return next((each.before for each in mine if isinstance(each, events.SeverityChanged)), incident.severity)
