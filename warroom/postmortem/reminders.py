"""The post-mortem and the action items, and reminders of both. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from warroom.errors import AlreadyDone, Refused
from warroom.escalation import cadence
from warroom.incident import events, lifecycle
from warroom.incident.decision import Decision
from warroom.incident.model import Incident, State
from warroom.incident.notices import ActionDue, PostmortemDue, PostmortemReady
from warroom.incident.parts import DAY, ActionItem
from warroom.outbox.effects import PrivateReply, ShareCanvas, ShareDocument
from warroom.policy import Policy
from warroom.postmortem.model import PARTS as PARTS
from warroom.postmortem.model import Postmortem
from warroom.refusals import (
    Attempt,
    NothingToLearn,
    NotInState,
    PartsMissing,
    PostmortemMissing,
    PostmortemPublishedBefore,
    PostmortemUnchanged,
    SavedMeanwhile,
)

TIMES = ("impact_began", "impact_ended")
"""Parts that are times."""
MOST_TOLD = 10
"""People who are told that an action item is late."""
CHASE_EVERY = timedelta(hours=24)
"""How often a late post-mortem is asked for again, at most."""


def draft(incident: Incident, by: str | None, now: datetime, summary: str, impact: str) -> Decision:
    """The post-mortem, built from the record if there is none yet, shared in the room. Raises Refused when cancelled."""
    if incident.state is State.CANCELLED:
        raise Refused(NothingToLearn(incident=incident.name))
    if incident.postmortem is None:
        written = Postmortem(
            summary=summary, impact=impact, from_record=("summary", "impact"), created_at=now, created_by=by
        )
        decision = Decision(incident.copy_with(postmortem=written)).record(events.PostmortemDrafted(), now, by=by)
    else:
        written = incident.postmortem.renewed(summary, impact)
        written = written.copy_with(revision=written.revision + 1)
        decision = Decision(incident.copy_with(postmortem=written))
    return _shared(decision, written)


def edit(
    incident: Incident, by: str, now: datetime, parts: Mapping[str, str], seen: Postmortem | None = None
) -> Decision:
    """The written parts after an edit, shared again. Raises AlreadyDone, or Refused when one of them is not as it was in `seen`."""
    written = incident.postmortem or Postmortem(created_at=now, created_by=by)
    if seen is not None and any(getattr(written, part) not in (getattr(seen, part), parts[part]) for part in parts):
        raise Refused(SavedMeanwhile())
    wanted = {part: parts[part] for part in (*PARTS, *TIMES) if part in parts}
    changed = {part: text for part, text in wanted.items() if getattr(written, part) != text}
    if not changed and incident.postmortem:
        raise AlreadyDone(PostmortemUnchanged())
    changes = tuple(
        events.PartChanged(part=part, before=getattr(written, part), after=text) for part, text in changed.items()
    )
    recorded = tuple(part for part in written.from_record if part not in changed)
    revision = written.revision + 1
    written = written.copy_with(**changed, from_record=recorded, revision=revision, edited_at=now, edited_by=by)
    event = events.PostmortemEdited(revision=written.revision, changes=changes)
    return _shared(Decision(incident.copy_with(postmortem=written)).record(event, now, by=by), written)


def _shared(decision: Decision, written: Postmortem) -> Decision:
    incident = decision.incident
    ready = PostmortemReady(
        missing=written.missing,
        revision=written.revision,
        published_by=written.published_by,
    )
    document = ShareDocument(
        incident_id=incident.id,
        key=f"{incident.id}:document:{written.revision}",
        revision=written.revision,
    )
    canvas = ShareCanvas(incident_id=incident.id, key=f"{incident.id}:canvas")
    return decision.with_effects(document, canvas).say(ready, slot="postmortem")


def publish(incident: Incident, by: str, now: datetime) -> Decision:
    """The post-mortem is final, and the incident closes. Raises AlreadyDone, or Refused while parts are missing."""
    written = incident.postmortem
    if written is None:
        raise Refused(PostmortemMissing(incident=incident.name))
    if written.published_at:
        raise AlreadyDone(PostmortemPublishedBefore(incident=incident.name))
    if incident.state is not State.RESOLVED:
        raise Refused(NotInState(incident=incident.name, state=incident.state, attempt=Attempt.PUBLISH))
    if written.missing:
        raise Refused(PartsMissing(parts=written.missing))
    written = written.copy_with(published_at=now, published_by=by, revision=written.revision + 1)
    closed = lifecycle.close(incident.copy_with(postmortem=written), by, now)
    return _shared(closed.record(events.PostmortemPublished(revision=written.revision), now, by=by), written)


def chase(incident: Incident, now: datetime, policy: Policy) -> Decision:
    """A required post-mortem is late: ask again, once for everything that came due meanwhile."""
    severity = policy.severities.get(incident.severity)
    within = severity.postmortem_within if severity and severity.postmortem_within else CHASE_EVERY
    after = incident.with_deadlines(postmortem=now + min(CHASE_EVERY, within))
    required_by = incident.postmortem_required_by or now
    due = PostmortemDue(people=cadence.keepers(incident), required_by=required_by)
    return Decision(after).record(events.PostmortemLate(required_by=required_by), now).say(due, slot="postmortem due")


def action_due(incident: Incident, item_id: str, now: datetime) -> Decision | None:
    """Somebody is told of an action item: its owner alone the day before and when it is due, a day after that the people of the
    incident. The room is told where nobody owns it. None when it is done, gone, or there is nothing to tell yet.
    """
    item = next((each for each in incident.actions if each.id == item_id), None)
    if item is None or item.due_at is None or item.done_at or item.late_at:
        return None
    if item.reminded_at:
        if now < item.due_at + DAY:
            return None
        after = item.copy_with(late_at=now)
        people = tuple(dict.fromkeys((*cadence.keepers(incident), *incident.escalation.paged)))[:MOST_TOLD]
        notice = ActionDue(text=item.text, owner=item.owner, due_at=item.due_at, late=True, people=people)
        decision = Decision(_with_item(incident, after))
        if incident.room.archived_at is None:
            return decision.say(notice)
        owner = (item.owner,) if item.owner else ()
        return decision.with_effects(*_to_each(incident, tuple(dict.fromkeys((*owner, *people))), notice, item))
    if item.warned_at and now < item.due_at:
        return None
    soon = now < item.due_at
    notice = ActionDue(text=item.text, owner=item.owner, due_at=item.due_at, soon=soon)
    told = item.copy_with(warned_at=now) if soon else item.copy_with(reminded_at=now)
    decision = Decision(_with_item(incident, told), quiet=soon)
    if item.owner is not None:
        return decision.with_effects(*_to_each(incident, (item.owner,), notice, item))
    if incident.room.archived_at is None:
        return decision.say(notice)
    return decision.with_effects(*_to_each(incident, cadence.keepers(incident), notice, item))


def _to_each(incident: Incident, people: Sequence[str], notice: ActionDue, item: ActionItem) -> list[PrivateReply]:
    key = f"{incident.id}:action-due:{item.id}:v{incident.version}"
    return [
        PrivateReply(incident_id=incident.id, key=f"{key}:{person}", user=person, notice=notice) for person in people
    ]


def _with_item(incident: Incident, item: ActionItem) -> Incident:
    return incident.copy_with(actions=tuple(item if each.id == item.id else each for each in incident.actions))
