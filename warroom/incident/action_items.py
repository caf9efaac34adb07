"""Action items: added, done, changed, given to somebody else, deleted. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from warroom.errors import AlreadyDone, Refused
from warroom.incident import events
from warroom.incident.decision import Decision
from warroom.incident.model import Incident, State
from warroom.incident.notices import ActionAssigned
from warroom.incident.parts import ActionItem, ActionPriority, Link, action_number
from warroom.outbox.effects import PrivateReply
from warroom.refusals import ActionEmpty, ActionMarkedBefore, NoSuchAction, NothingChanged
from warroom.value import Value


def item_of(incident: Incident, number: int) -> ActionItem:
    """The item with that number. Raises Refused."""
    known = tuple(map(action_number, incident.actions))
    if number not in known:
        raise Refused(NoSuchAction(incident=incident.name, number=number, known=known))
    return incident.actions[known.index(number)]


def add(
    incident: Incident,
    by: str,
    now: datetime,
    text: str,
    owner: str | None,
    due_at: datetime | None,
    priority: ActionPriority | None = None,
) -> Decision:
    """One more action item; its owner is told by direct message. Raises Refused without words."""
    if not text.strip():
        raise Refused(ActionEmpty())
    number = max((incident.actions_added, *map(action_number, incident.actions))) + 1
    item = ActionItem(
        id=f"a{number}",
        text=text.strip(),
        owner=owner,
        priority=priority,
        due_at=due_at,
        created_at=now,
        created_by=by,
    )
    after = incident.copy_with(actions=(*incident.actions, item), actions_added=number)
    event = events.ActionAdded(
        item_id=item.id, text=item.text, owner=owner, due_at=due_at, priority=item.priority or ""
    )
    return _told(Decision(after).record(event, now, by=by), item, by)


def mark(incident: Incident, by: str | None, now: datetime, number: int, *, done: bool) -> Decision:
    """The item is done, or with `done` False it is to be done after all. Raises AlreadyDone, Refused."""
    item = item_of(incident, number)
    if bool(item.done_at) is done:
        raise AlreadyDone(ActionMarkedBefore(incident=incident.name, number=number, done=done))
    after = _with(incident, item.copy_with(done_at=now if done else None))
    kind = events.ActionDone if done else events.ActionReopened
    return Decision(after).record(kind(item_id=item.id, text=item.text), now, by=by)


def edit(incident: Incident, by: str, now: datetime, number: int, **changes: Any) -> Decision:
    """The item with another `text`, `owner`, `due_at` or `priority` (None: nobody, no date, none). A new owner is told, and a
    new date is reminded of. Raises AlreadyDone, Refused.
    """
    item = item_of(incident, number)
    text = changes.get("text", item.text).strip()
    if not text:
        raise Refused(ActionEmpty())
    after = item.copy_with(**(changes | {"text": text}))
    if after == item:
        raise AlreadyDone(NothingChanged(incident=incident.name))
    if after.due_at != item.due_at:
        after = after.copy_with(warned_at=None, reminded_at=None, late_at=None)
    event = events.ActionEdited(
        item_id=item.id,
        before=item.text,
        text=after.text,
        owner=after.owner,
        due_at=after.due_at,
        priority=after.priority or "",
    )
    decision = Decision(_with(incident, after)).record(event, now, by=by)
    return _told(decision, after, by) if after.owner != item.owner else decision


def remove(incident: Incident, by: str, now: datetime, number: int) -> Decision:
    """The item is deleted; its number is not given again. Raises Refused."""
    item = item_of(incident, number)
    left = tuple(each for each in incident.actions if each.id != item.id)
    given = max(incident.actions_added, *map(action_number, incident.actions))
    after = incident.copy_with(actions=left, actions_added=given)
    return Decision(after).record(events.ActionRemoved(item_id=item.id, text=item.text), now, by=by)


def _with(incident: Incident, item: ActionItem) -> Incident:
    return incident.copy_with(actions=tuple(item if each.id == item.id else each for each in incident.actions))


def _told(decision: Decision, item: ActionItem, by: str) -> Decision:
    """With a direct message to the owner, unless the owner did it."""
    if item.owner is None or item.owner == by:
        return decision
    incident = decision.incident
    notice = ActionAssigned(
        by=by, text=item.text, number=action_number(item), due_at=item.due_at, priority=item.priority
    )
    key = f"{incident.id}:assigned:{item.id}:v{incident.version}"
    return decision.with_effects(PrivateReply(incident_id=incident.id, key=key, user=item.owner, notice=notice))


def with_ticket(incident: Incident, item_id: str, ticket: Link) -> Incident:
    """The same incident with that issue of another system for the item, instead of one there that had the same name."""
    return incident.copy_with(
        actions=tuple(
            item.copy_with(tickets=(*(each for each in item.tickets if each.title != ticket.title), ticket))
            if item.id == item_id
            else item
            for item in incident.actions
        )
    )


class OwnedAction(Value):
    """An action item with its incident."""

    incident: Incident
    item: ActionItem


def actions_of(
    incidents: Iterable[Incident], user: str, *, owner: str | None = None, team: str | None = None
) -> list[OwnedAction]:
    """The action items that are not done, of those of the incidents that this person may see; the nearest date first.

    With `owner` (an id) only theirs, with `team` (a key of the policy) only those of its incidents.
    """
    items = [
        OwnedAction(incident=incident, item=item)
        for incident in incidents
        if incident.shown_to(user) and team in (None, incident.team) and incident.state is not State.CANCELLED
        for item in incident.actions
        if not item.done_at and owner in (None, item.owner)
    ]
    return sorted(items, key=lambda each: (each.item.due_at is None, each.item.due_at or each.item.created_at))
