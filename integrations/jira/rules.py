"""What of an incident's life Jira hears, and what follows from its answers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from integrations.jira.policy import NAME, Step, section, wanted
from integrations.jira.state import ActionIssue, JiraState, state_of
from warroom.incident import events
from warroom.incident.action_items import with_ticket
from warroom.incident.decision import Decision
from warroom.incident.events import Reported
from warroom.incident.model import Incident, State
from warroom.incident.notices import Problem
from warroom.incident.parts import Link
from warroom.incident.timeline import Entry
from warroom.integration import external_effect
from warroom.outbox.effects import Effect, Place, Post
from warroom.policy import Policy
from warroom.value import Stored

CREATE, MOVE, COMMENT, ACTION, ACTION_STATE, LINK, LOOK, FIND = (
    *("create", "move", "comment", "action", "action_state", "link", "look", "find"),
)
RELATE = "relate"
OPERATIONS = {
    CREATE: "There is no issue in Jira",
    MOVE: "The issue in Jira was not moved",
    COMMENT: "The update is not in Jira",
    ACTION: "The action item has no issue in Jira",
    ACTION_STATE: "The action item's issue in Jira was not moved",
    RELATE: "The action item's issue is not linked with the incident's in Jira",
    LINK: "The post-mortem is not linked in Jira",
    LOOK: "What happened in Jira could not be read",
    FIND: "An issue of Jira's could not be read",
}
"""Every operation, and what a room is told when one failed for good."""
effect = partial(external_effect, NAME)
"""One of Jira's effects."""

MOVED = (events.Acknowledged, events.Mitigated, events.Resolved, events.Reopened, events.Cancelled)


class Comment(Stored):
    """An update that somebody posted."""

    text: str
    by: str | None = None
    at: datetime


class Item(Stored):
    """An action item."""

    item: str


class Issue(Stored):
    """An issue by its key: for an answer, the one that was made."""

    key: str
    url: str = ""
    item: str = ""


class Moved(Stored):
    """The status that an issue is in now. `step` is what it followed."""

    status: str
    done: bool
    step: str = ""
    item: str = ""


def on_event(incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]:
    """Jira hears nothing of private incidents: whoever reads a project reads its issues."""
    state, found = state_of(incident), entry.event
    if isinstance(found, events.VisibilityChanged) and found.private:
        return [_left_there(incident, state, entry)] if state.key else []
    if incident.private or section(policy).project is None:
        return []
    has_issue = bool(state.key) or wanted(policy, incident.severity)
    if (
        isinstance(found, events.RoomOpened | events.SeverityChanged | events.VisibilityChanged)
        and has_issue
        and not state.key
    ):
        return [effect(CREATE, "issue", incident)] if incident.room.channel_id else []
    if not has_issue:
        return []
    match found:
        case events.UpdatePosted(text=text):
            return [effect(COMMENT, entry.key, incident, Comment(text=text, by=entry.by, at=entry.at))]
        case events.ActionAdded(item_id=item) if section(policy).action_type and item:
            return [effect(ACTION, f"action:{item}", incident, Item(item=item))]
        case events.ActionDone(item_id=item) | events.ActionReopened(item_id=item):
            return [effect(ACTION_STATE, f"action:{item}:state", incident, Item(item=item), coalescing=True)]
        case events.PostmortemPublished():
            return [effect(LINK, entry.key, incident)]
    if isinstance(found, (*MOVED, events.VisibilityChanged)):
        return [effect(MOVE, "move", incident, coalescing=True)]
    return []


def _left_there(incident: Incident, state: JiraState, entry: Entry) -> Post:
    """What the room is told of the issues when the incident becomes private."""
    keys = ", ".join([state.key, *(each.key for each in state.actions)])
    key = f"{incident.id}:post:{NAME}:private:{entry.key}"
    return Post(incident_id=incident.id, key=key, place=Place.ROOM, notice=_left_words(incident, keys))


def _left_words(incident: Incident, keys: str) -> Problem:
    what = f"{incident.name} is private now: nothing more is written to {keys} in Jira, and what is there stays."
    return Problem(what=what, advice="Restrict or delete it there if it says too much.")


def step_of(incident: Incident) -> Step | None:
    """The step that the issue has to follow now; None when it has followed already."""
    before = state_of(incident).step
    match incident.state:
        case State.ACKNOWLEDGED if before in (Step.MITIGATED, Step.RESOLVED, Step.CANCELLED):
            step = Step.REOPENED
        case State.ACKNOWLEDGED:
            step = Step.REOPENED if before == Step.REOPENED else Step.ACKNOWLEDGED
        case State.MITIGATED:
            step = Step.MITIGATED
        case State.RESOLVED | State.CLOSED:
            step = Step.RESOLVED
        case State.CANCELLED:
            step = Step.CANCELLED
        case State.DETECTED:
            return None
    return step if step != before else None


def on_result(incident: Incident, operation: str, payload: dict[str, Any], now: datetime, policy: Policy) -> Decision:
    """What is there now is remembered; a new issue is linked from the card."""
    state = state_of(incident)
    if operation in (MOVE, ACTION_STATE):
        return Decision(_moved(incident, state, Moved.model_validate(payload)), quiet=True)
    issue = Issue.model_validate(payload)
    reported = Reported(integration=NAME, what="issue created" if not issue.item else "action item", text=issue.key)
    if issue.item:
        known = state.with_action(ActionIssue(item=issue.item, key=issue.key))
        noted = with_ticket(incident.with_external(NAME, known), issue.item, Link(title=issue.key, url=issue.url))
        decision = Decision(noted).record(reported, now, link=issue.url, key=f"{NAME}:{issue.key}")
        decision = decision.with_effects(effect(RELATE, f"action:{issue.item}:link", incident, Item(item=issue.item)))
        if any(each.id == issue.item and each.done_at for each in incident.actions):
            follow = effect(
                ACTION_STATE, f"action:{issue.item}:state", incident, Item(item=issue.item), coalescing=True
            )
            decision = decision.with_effects(follow)
        return decision
    after = incident.with_external(NAME, state.copy_with(key=issue.key))
    decision = Decision(after).record(reported, now, link=issue.url, key=f"{NAME}:{issue.key}")
    decision = decision.add_link(Link(title=issue.key, url=issue.url), f"{NAME}:{issue.key}")
    if incident.private:
        # It became private while the issue was made.
        return decision.say(_left_words(incident, issue.key), key=f"{NAME}:private:{issue.key}")
    # Whatever happened while it was made.
    return decision.with_effects(effect(MOVE, "move", incident, coalescing=True)) if step_of(after) else decision


def _moved(incident: Incident, state: JiraState, moved: Moved) -> Incident:
    if moved.item:
        known = state.action(moved.item)
        after = state.with_action(known.copy_with(done=moved.done)) if known else state
    else:
        after = state.copy_with(status=moved.status, done=moved.done, step=moved.step)
    return incident.with_external(NAME, after)
