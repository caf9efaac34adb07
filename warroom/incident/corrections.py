"""What people correct afterwards or in between: details, who may know of it, what fixed it, the timeline, action items."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from warroom.errors import Refused
from warroom.escalation import cadence
from warroom.incident import action_items as actions
from warroom.incident import edit as rules
from warroom.incident import lifecycle
from warroom.incident.action_items import OwnedAction, actions_of
from warroom.incident.change import authorize, change
from warroom.incident.decision import Decision
from warroom.incident.edit import Corrections
from warroom.incident.events import DetailChanged, EntryEdited, EntryRemoved, MessagePinned, NoteAdded, UpdatePosted
from warroom.incident.lookup import LOOKED_AT
from warroom.incident.model import Incident, State
from warroom.incident.parts import ActionPriority
from warroom.incident.roles import SCRIBE, holder
from warroom.incident.timeline import Entry, Written, own_entry, written_by
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import EntryInFuture, NoSuchEntry, NoteEmpty, NotYourEntry, UnknownSeverity
from warroom.text import cut
from warroom.value import Value

NOTE_LIMIT = 3000
"""Characters of a message that are kept on the timeline."""
OLD = timedelta(days=60)
"""A message older than this is put on the timeline at the time when somebody did so."""


class EditResult(Value):
    """The incident as it was corrected, and what was changed."""

    incident: Incident
    changes: tuple[DetailChanged, ...]


async def edit(world: World, incident_id: str, by: str, wanted: Corrections, severity: str | None = None) -> EditResult:
    """The incident has these corrections and that severity, a key of the policy. Raises AlreadyDone, Refused, NotFound."""
    changes: list[DetailChanged] = []

    async def decide(incident: Incident, now: datetime) -> Decision:
        decision = Decision(incident)
        if severity and severity != incident.severity:
            decision = await _with_severity(world, incident, by, severity, now)
        if wanted != Corrections() or not decision.entries:
            await authorize(world, Permission.EDIT, by, incident)
            decision = decision.and_then(rules.edited(decision.incident, by, wanted, now, world.policy))
        changes[:] = [entry.event for entry in decision.entries if isinstance(entry.event, DetailChanged)]
        return decision

    incident = await change(world, incident_id, decide)
    return EditResult(incident=incident, changes=tuple(changes))


async def _with_severity(world: World, incident: Incident, by: str, severity: str, now: datetime) -> Decision:
    lower = world.policy.more_severe(incident.severity, severity)
    await authorize(world, Permission.LOWER_SEVERITY if lower else Permission.RAISE_SEVERITY, by, incident)
    return lifecycle.change_severity(incident, by, severity, now, world.policy)


async def set_visibility(world: World, incident_id: str, by: str, *, private: bool) -> Incident:
    """The incident is private, or public. Raises AlreadyDone, Refused, NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.VISIBILITY, by, incident)
        return rules.made_visible(incident, by, private, now, world.policy)

    return await change(world, incident_id, decide)


class ResolveResult(Value):
    """The incident that is over; `before` is what was said to have fixed it until now, where it was over already."""

    incident: Incident
    over_already: bool = False
    before: str = ""


async def resolve_with(world: World, incident_id: str, by: str, summary: str) -> ResolveResult:
    """It is over. Where it is over already, `summary` becomes what fixed it. Raises AlreadyDone without one, Refused, NotFound."""
    result = {"over": False, "before": ""}

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.RESOLVE, by, incident)
        over = incident.state in (State.RESOLVED, State.CLOSED) and bool(summary.strip())
        result.update(over=over, before=incident.summary)
        if over:
            return rules.edited(incident, by, Corrections(summary=summary), now, world.policy)
        return lifecycle.resolve(incident, by, now, world.policy, summary)

    incident = await change(world, incident_id, decide)
    return ResolveResult.model_validate(
        {"incident": incident, "over_already": result["over"], "before": result["before"]}
    )


class StatusChange(Value):
    """What an update changes besides saying something; None leaves it."""

    state: State | None = None
    severity: str | None = None
    impact: str | None = None
    next_at: datetime | None = None
    """When the next update comes."""


async def post_status(world: World, incident_id: str, by: str, text: str, more: StatusChange) -> Incident:
    """An update, together with another state, severity or impact. Raises Refused, NotFound."""
    severity = world.policy.severity_named(more.severity) if more.severity else None
    if more.severity and severity is None:
        raise Refused(UnknownSeverity(said=more.severity, known=tuple(world.policy.severities)))

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.UPDATE, by, incident)
        cadence.check_update(text, more.next_at, now)
        decision = Decision(incident)
        if severity and severity != incident.severity:
            decision = await _with_severity(world, incident, by, severity, now)
        if more.impact is not None and more.impact.strip() != incident.impact:
            await authorize(world, Permission.EDIT, by, incident)
            wanted = Corrections(impact=more.impact)
            decision = decision.and_then(rules.edited(decision.incident, by, wanted, now, world.policy))
        if more.state is State.RESOLVED and incident.state.open:
            await authorize(world, Permission.RESOLVE, by, incident)
            decision = decision.and_then(lifecycle.resolve(decision.incident, by, now, world.policy, text))
            # The line about the resolution says the text already.
            said = decision.incident.with_updates(last=text, last_at=now, last_by=by)
            return decision.with_changes(updates=said.updates).record(UpdatePosted(text=text), now, by=by)
        if more.state not in (None, incident.state):
            decision = decision.and_then(await _moved(world, decision.incident, more.state, by, now))
        return decision.and_then(cadence.post_update(decision.incident, by, text, now, world.policy, more.next_at))

    return await change(world, incident_id, decide)


async def _moved(world: World, incident: Incident, state: State | None, by: str, now: datetime) -> Decision:
    """Into that state, if that is one that an update can bring about."""
    match state:
        case State.MITIGATED:
            await authorize(world, Permission.MITIGATE, by, incident)
            return lifecycle.mitigate(incident, by, now, world.policy)
        case State.ACKNOWLEDGED if incident.state is State.DETECTED:
            await authorize(world, Permission.ACKNOWLEDGE, by, incident)
            return lifecycle.acknowledge(incident, by, now, world.policy)
        case State.ACKNOWLEDGED:
            await authorize(world, Permission.REOPEN, by, incident)
            return lifecycle.reopen(incident, by, now, world.policy)
        case _:
            return Decision(incident)


async def add_note(
    world: World, incident_id: str, by: str, text: str, key: str, happened_at: datetime | None = None
) -> Incident:
    """A line on the timeline, at the time when it happened. Raises Refused, NotFound."""
    if not text.strip():
        raise Refused(NoteEmpty())

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.TIMELINE, by, incident)
        if happened_at is not None and happened_at > now:
            raise Refused(EntryInFuture())
        number = incident.notes + 1
        written = now if happened_at is not None else None
        event = NoteAdded(text=cut(text.strip(), NOTE_LIMIT), number=number, written_at=written)
        after = incident.copy_with(notes=number)
        return Decision(after).record(event, happened_at or now, by=by, key=f"note:{key}")

    return await change(world, incident_id, decide)


class Quoted(Value):
    """A message of the workspace: who wrote it, what, when, and where it can be read."""

    text: str
    author: str | None = None
    said_at: datetime | None = None
    link: str | None = None
    key: str
    """Unique within the incident: the same message is on the timeline once."""


async def add_message(world: World, incident_id: str, by: str, message: Quoted) -> Incident:
    """The message is on the timeline at the time when it was written, once however often it is marked. Raises NotFound."""

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        await authorize(world, Permission.TIMELINE, by, incident)
        entries = await world.store.timeline(incident.id)
        if any(entry.key == message.key for entry in entries):
            return None
        number = incident.notes + 1
        event = MessagePinned(text=cut(message.text, NOTE_LIMIT), number=number, marked_by=by)
        said_at = message.said_at
        at = said_at if said_at and now - OLD < said_at <= now else now
        decision = Decision(incident.copy_with(notes=number))
        return decision.record(event, at, by=message.author or by, link=message.link, key=message.key)

    return await change(world, incident_id, decide, alone=True)


async def edit_entry(
    world: World, incident_id: str, by: str, number: int, text: str, happened_at: datetime | None = None
) -> Incident:
    """One's own entry says this, and happened then. How it was stays in the record. Without words only the time is corrected.

    Raises Refused, NotFound.
    """
    if not text.strip() and happened_at is None:
        raise Refused(NoteEmpty())

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.TIMELINE, by, incident)
        if happened_at is not None and happened_at > now:
            raise Refused(EntryInFuture())
        entry = await _own(world, incident, number, by)
        after = cut(text.strip(), NOTE_LIMIT) or _said(entry)
        event = EntryEdited(number=number, before=_said(entry), after=after, moved_to=happened_at)
        return Decision(incident).record(event, now, by=by)

    return await change(world, incident_id, decide, alone=True)


async def remove_entry(world: World, incident_id: str, by: str, number: int) -> Incident:
    """One's own entry, or anybody's for the scribe, is not on the timeline any more. What it said stays in the record.

    Raises Refused, NotFound.
    """

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.TIMELINE, by, incident)
        entry = await _own(world, incident, number, by)
        return Decision(incident).record(EntryRemoved(number=number, before=_said(entry)), now, by=by)

    return await change(world, incident_id, decide, alone=True)


async def _own(world: World, incident: Incident, number: int, by: str) -> Entry:
    entry = own_entry(await world.store.timeline(incident.id), number)
    if entry is None:
        raise Refused(NoSuchEntry(incident=incident.name, number=number))
    if by not in (written_by(entry), entry.by) and by != holder(incident.roles, SCRIBE):
        raise Refused(NotYourEntry(number=number, by=written_by(entry)))
    return entry


def _said(entry: Entry) -> str:
    assert isinstance(entry.event, Written)
    return entry.event.text


async def add_action(
    world: World,
    incident_id: str,
    by: str,
    text: str,
    owner: str | None,
    due_at: datetime | None,
    priority: ActionPriority | None = None,
) -> Incident:
    """One more action item; its owner is told. Raises Refused, NotFound."""

    def rule(found: Incident, now: datetime) -> Decision:
        return actions.add(found, by, now, text, owner, due_at, priority)

    return await _action(world, incident_id, by, rule)


async def mark_action(world: World, incident_id: str, by: str, number: int, *, done: bool) -> Incident:
    """The action item is done, or to be done after all. Raises AlreadyDone, Refused, NotFound."""
    return await _action(world, incident_id, by, lambda found, now: actions.mark(found, by, now, number, done=done))


async def edit_action(world: World, incident_id: str, by: str, number: int, **changes: Any) -> Incident:
    """The action item with another `text`, `owner`, `due_at` or `priority`. Raises AlreadyDone, Refused, NotFound."""
    return await _action(world, incident_id, by, lambda found, now: actions.edit(found, by, now, number, **changes))


async def remove_action(world: World, incident_id: str, by: str, number: int) -> Incident:
    """The action item is deleted. Raises Refused, NotFound."""
    return await _action(world, incident_id, by, lambda found, now: actions.remove(found, by, now, number))


async def _action(world: World, incident_id: str, by: str, rule: Callable[[Incident, datetime], Decision]) -> Incident:
    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.ACTIONS, by, incident)
        return rule(incident, now)

    return await change(world, incident_id, decide)


async def open_actions(
    world: World, user: str, *, owner: str | None = None, team: str | None = None
) -> list[OwnedAction]:
    """As `actions_of`, among the newest incidents."""
    return actions_of(await world.store.incidents(limit=LOOKED_AT), user, owner=owner, team=team)
