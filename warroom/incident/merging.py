"""Merging an incident into another one, and taking that back. Both change in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from warroom.alerts.model import AlertState
from warroom.errors import AlreadyDone, NotFound, Refused
from warroom.escalation import rules as escalation
from warroom.incident import events, lifecycle
from warroom.incident.change import Both, authorize, change_both
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.incident.notices import MergedHere, MergeUndoneNotice
from warroom.incident.parts import ActionItem, AlertSummary, Merged, action_number
from warroom.incident.timeline import Entry, current, merged_key
from warroom.outbox.changes import Firing
from warroom.policy import Policy
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import (
    Attempt,
    IncidentGone,
    MergedAlready,
    MergePrivacy,
    MergeWithItself,
    NotInState,
)

MOST = 10_000
"""Firings of one incident that are moved."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What both incidents have, read when it is decided."""

    entries: Sequence[Entry]
    """The timeline of the one that is merged."""
    firings: Sequence[Firing]
    """Its firings."""
    there: Sequence[Firing]
    """Those of the other one."""


async def merge(world: World, incident_id: str, into_id: str, by: str) -> tuple[Incident, Incident]:
    """(the incident, cancelled as merged; the one that has its alerts, people, timeline and action items now).

    Raises AlreadyDone, Refused, Forbidden, NotFound.
    """
    if incident_id == into_id:
        raise Refused(MergeWithItself())

    async def decide(incident: Incident, other: Incident, now: datetime) -> Both:
        if not other.shown_to(by):
            raise NotFound(IncidentGone())
        await authorize(world, Permission.MERGE, by, incident)
        await authorize(world, Permission.MERGE, by, other)
        return merged(incident, other, await _moved(world, incident, other), by, now, world.policy)

    return await change_both(world, incident_id, into_id, decide)


async def undo(world: World, incident_id: str, by: str) -> tuple[Incident, Incident]:
    """The opposite of `merge`, within the hour. Raises Refused, Forbidden, NotFound."""
    incident = await world.store.incident(incident_id)
    if incident is None:
        raise NotFound(IncidentGone())
    if incident.merged is None:
        raise Refused(NotInState(incident=incident.name, state=incident.state, attempt=Attempt.REOPEN))

    async def decide(found: Incident, other: Incident, now: datetime) -> Both:
        if found.merged is None:
            # Another process did it meanwhile.
            raise Refused(NotInState(incident=found.name, state=found.state, attempt=Attempt.REOPEN))
        await authorize(world, Permission.MERGE, by, found)
        return taken_back(found, other, await _moved(world, found, other), by, now, world.policy)

    return await change_both(world, incident_id, incident.merged.into, decide)


async def _moved(world: World, incident: Incident, other: Incident) -> Moved:
    return Moved(
        entries=await world.store.timeline(incident.id),
        firings=await world.store.firings(incident.id, MOST),
        there=await world.store.firings(other.id, MOST),
    )


def merged(incident: Incident, other: Incident, moved: Moved, by: str, now: datetime, policy: Policy) -> Both:
    """The decisions for both. Raises AlreadyDone, Refused."""
    if incident.merged is not None:
        raise AlreadyDone(MergedAlready(incident=incident.name, into=incident.merged.number))
    for each in (incident, other):
        if not each.state.open:
            raise Refused(NotInState(incident=each.name, state=each.state, attempt=Attempt.MERGE))
    if incident.private != other.private:
        raise Refused(MergePrivacy(incident=incident.name, private=incident.private, into=other.name))
    people = _people(incident)
    actions = _renumbered(incident.actions, other)
    took = _both(moved.firings, moved.there, other.id)
    record = Merged(
        into=other.id,
        number=other.number,
        at=now,
        by=by,
        stamp=incident.version,
        moved=tuple(each.dedup_key for each in moved.firings),
        kept=tuple(
            each.model_dump(mode="json")
            for each in moved.there
            if each.dedup_key in {one.dedup_key for one in moved.firings}
        ),
        actions=tuple((old.id, new.id) for old, new in zip(incident.actions, actions, strict=True)),
        commander=other.commander is None and incident.commander is not None,
    )
    left = lifecycle.cancel_merged(incident.copy_with(merged=record, actions=()), other, by, now)
    after = other.with_invitees(*people).copy_with(
        actions=(*other.actions, *actions),
        actions_added=max((other.actions_added, *map(action_number, actions), *map(action_number, other.actions))),
        services=tuple(dict.fromkeys((*other.services, *incident.services))),
        subscribers=tuple(dict.fromkeys((*other.subscribers, *incident.subscribers))),
        commander=other.commander or incident.commander,
        alerts=summed(other.alerts, [*took, *_untouched(moved.there, took)], now),
    )
    taken = Decision(after, firings=tuple(took))
    if after.alerts.firing and not other.alerts.firing:
        taken = Decision(escalation.resumed(after, now, policy), firings=tuple(took))
        taken = taken.with_deadlines(auto_resolve=None).withdraw("recovery")
    taken = taken.with_effects(*escalation.invite_new(other, taken.incident))
    event = events.MergedIn(number=incident.number, title=incident.title, alerts=len(moved.firings))
    taken = taken.record(event, now, by=by).with_entries(*_copies(incident, moved.entries, other))
    said = MergedHere(
        by=by, number=incident.number, title=incident.title, alerts=len(moved.firings), actions=len(actions)
    )
    gone = tuple((incident.id, each.dedup_key) for each in moved.firings)
    return Both(left, taken.say(said), gone)


def taken_back(incident: Incident, other: Incident, moved: Moved, by: str, now: datetime, policy: Policy) -> Both:
    """The decisions for both. People stay in the other room; what was added to it since stays there. Raises Refused."""
    record = incident.merged
    assert record is not None
    mine = {each.dedup_key: each for each in moved.there if each.dedup_key in record.moved}
    both = {each.dedup_key: each for each in map(Firing.model_validate, record.kept)}
    back = tuple(each.copy_with(incident_id=incident.id) for each in mine.values())
    stay = tuple(
        both[key].copy_with(state=each.state, last_seen_at=each.last_seen_at, last_fired_at=each.last_fired_at)
        for key, each in mine.items()
        if key in both
    )
    gone = tuple((other.id, key) for key in mine if key not in both)
    there = {new: old for old, new in record.actions}
    items = tuple(each.copy_with(id=there[each.id]) for each in other.actions if each.id in there)
    # What was added to it while it was merged stays its own.
    before = incident.copy_with(
        merged=None, actions=(*items, *incident.actions), alerts=summed(incident.alerts, back, now)
    )
    reopened = lifecycle.reopen_unmerged(before, other, by, now, policy)
    reopened = Decision(reopened.incident, reopened.entries, reopened.effects, firings=back, quiet=reopened.quiet)
    rest = [each for each in moved.there if each.dedup_key not in mine]
    after = other.copy_with(
        actions=tuple(each for each in other.actions if each.id not in there),
        actions_added=max((other.actions_added, *map(action_number, other.actions))),
        alerts=summed(other.alerts, [*rest, *stay], now),
        commander=None if record.commander and other.commander == incident.commander else other.commander,
    )
    event = events.MergeUndone(number=incident.number, stamp=record.stamp)
    given = Decision(after, firings=stay).record(event, now, by=by)
    return Both(reopened, given.say(MergeUndoneNotice(by=by, number=incident.number, title=incident.title)), gone)


def _people(incident: Incident) -> tuple[str, ...]:
    """Everybody who is in its room or should be, without those who left."""
    there = incident.participants
    roles = (incident.commander, *(person for _, person in incident.roles))
    people = dict.fromkeys((*there.invitees, *there.invited, *roles))
    return tuple(person for person in people if person and person not in there.left)


def _renumbered(items: Iterable[ActionItem], other: Incident) -> tuple[ActionItem, ...]:
    first = max((other.actions_added, *map(action_number, other.actions))) + 1
    return tuple(item.copy_with(id=f"a{first + n}") for n, item in enumerate(items))


def _both(mine: Iterable[Firing], theirs: Iterable[Firing], incident_id: str) -> list[Firing]:
    """Each of `mine` as one of that incident; what fires in both is one firing with both their counts."""
    known = {each.dedup_key: each for each in theirs}
    found = []
    for each in mine:
        other = known.get(each.dedup_key)
        if other is None:
            found.append(each.copy_with(incident_id=incident_id))
            continue
        newer = max((each, other), key=lambda one: one.last_seen_at)
        found.append(
            newer.copy_with(
                incident_id=incident_id,
                keys=tuple(dict.fromkeys((*other.keys, *each.keys))),
                count=each.count + other.count,
                first_seen_at=min(each.first_seen_at, other.first_seen_at),
            )
        )
    return found


def _untouched(firings: Iterable[Firing], took: Iterable[Firing]) -> list[Firing]:
    keys = {each.dedup_key for each in took}
    return [each for each in firings if each.dedup_key not in keys]


def summed(summary: AlertSummary, firings: Sequence[Firing], now: datetime) -> AlertSummary:
    """The summary of an incident that has these firings now."""
    firing = sum(each.state is not AlertState.OK for each in firings)
    if not firings:
        return summary.copy_with(count=0, firing=0, monitors=0)
    last = max(firings, key=lambda each: (each.last_seen_at, each.dedup_key))
    return summary.copy_with(
        count=sum(each.count for each in firings),
        firing=firing,
        monitors=len(firings),
        last_title=last.title,
        last_state=last.state,
        last_link=last.link or summary.last_link,
        monitor_id=last.monitor_id or summary.monitor_id,
        last_seen_at=last.last_seen_at,
        recovered_at=None if firing else summary.recovered_at or now,
    )


_ITS_OWN = (events.RoomOpened, events.EffectFailed, events.MergeUndone)
"""What is about its room or its merging alone, and not copied."""


def _copies(incident: Incident, entries: Iterable[Entry], other: Incident) -> Iterable[Entry]:
    for entry in current(entries):
        event = entry.event
        if isinstance(event, _ITS_OWN):
            continue
        if isinstance(event, events.NoteAdded | events.MessagePinned):
            event = event.copy_with(number=0)  # a number means an entry of one incident
        yield entry.copy_with(
            incident_id=other.id,
            key=merged_key(incident.number, incident.version, entry.key),
            event=event,
            source=entry.source or incident.name,
        )
