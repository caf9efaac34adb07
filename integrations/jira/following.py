"""What people do in Jira is done here: told by webhook, and found by asking for what a webhook missed.

Outside sources: developer.atlassian.com "Webhooks" (jira:issue_updated, comment_created; X-Hub-Signature), "Get issue".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.jira.client import JiraClient, status_of
from integrations.jira.documents import plain
from integrations.jira.issues import mark
from integrations.jira.policy import NAME, TITLE
from integrations.jira.rules import FIND, LOOK, Issue, effect
from integrations.jira.state import ActionIssue, JiraState, incident_in, state_of
from warroom.incident.model import Incident, State
from warroom.integration import PerformContext
from warroom.outbox.effects import ExternalEffect
from warroom.outbox.incoming import Incoming, RemoteAct, RemoteChange
from warroom.ports import World
from warroom.text import cut
from warroom.webhook import WebhookBody

FOLLOWED = timedelta(days=30)
"""So long after its last change here the issues of an incident are still followed: action items are done late."""
MOST, BUSY = 500, timedelta(hours=1)
COMMENT_LIMIT = 3000
ISSUE_FIELDS = "status,comment,labels"


def parse(posted: WebhookBody) -> Incoming:
    """What is to be asked: a webhook does not say everything, so the issue is read. Raises what a strange body raises."""
    told = json.loads(posted.body)
    if not str(told["webhookEvent"]).startswith(("jira:issue_updated", "comment_")):
        return Incoming()
    issue = told["issue"]
    known = incident_in((issue.get("fields") or {}).get("labels"))
    if known:
        return Incoming(effects=(_look(known),))
    if "labels" in (issue.get("fields") or {}):
        return Incoming()
    key = str(issue["key"])
    return Incoming(effects=(effect(FIND, f"find:{key}", payload=Issue(key=key), coalescing=True),))


def signed_at(body: bytes) -> datetime | None:
    """When it happened ("Webhooks": timestamp, in milliseconds, which the signature covers)."""
    return datetime.fromtimestamp(json.loads(body)["timestamp"] / 1000, UTC)


def _look(incident_id: str) -> ExternalEffect:
    return ExternalEffect(
        integration=NAME, operation=LOOK, incident_id=incident_id, key=f"{incident_id}:{NAME}:look", coalescing=True
    )


async def find(client: JiraClient, issue: Issue) -> Incoming | None:
    """Whose issue it is. Raises Retryable or Rejected."""
    found = await client.get("Reading the issue", "issue", issue.key, fields="labels")
    known = incident_in(found["fields"].get("labels"))
    return Incoming(effects=(_look(known),)) if known else None


async def ask(world: World) -> Sequence[ExternalEffect]:
    """A look at every incident that has an issue and is open, or has open action items. Raises StoreUnavailable."""
    now, effects = world.clock.now(), []
    for each in await world.store.incidents(limit=MOST):
        state = state_of(each)
        unfinished = any(not issue.done for issue in state.actions)
        recent = now - each.touched_at <= (FOLLOWED if unfinished else BUSY)
        if state.key and (each.state.open or recent):
            effects.append(effect(LOOK, "look", each, coalescing=True))
    return effects


async def look(client: JiraClient, incident: Incident, context: PerformContext) -> Incoming | None:
    """Everything that happened there since the last look. Raises Retryable or Rejected."""
    state = state_of(incident)
    if not state.key:
        return None
    me = await client.me()
    found = await client.get("Reading the issue", "issue", state.key, fields=ISSUE_FIELDS, expand="changelog")
    changes = []
    status, done = status_of(found)
    if status != state.status:
        changes.append(_status(client, incident, found, status, done, me))
    told = {entry.key for entry in await context.store.timeline(incident.id)}
    for each in (found["fields"].get("comment") or {}).get("comments") or ():
        text = plain(each["body"])
        if each["author"].get("accountId") != me and not text.startswith(mark(incident)):
            changes.append(_note(client, incident, each, cut(text, COMMENT_LIMIT)))
    changes = [each for each in changes if f"{NAME}:{each.key}" not in told]
    return Incoming(changes=(*changes, *await _actions(client, incident, state)))


def _status(
    client: JiraClient, incident: Incident, found: Mapping[str, Any], status: str, done: bool, me: str
) -> RemoteChange:
    """The status there is another one than is remembered."""
    history, author = _last_move(found)
    state, act = state_of(incident), RemoteAct.REMEMBER
    if author.get("accountId") != me and author:
        if done and incident.state.open:
            act = RemoteAct.RESOLVE
        elif state.done and not done:
            act = RemoteAct.REOPEN
        elif not done and incident.state is State.DETECTED:
            act = RemoteAct.ACKNOWLEDGE
    return RemoteChange(
        integration=NAME,
        incident_id=incident.id,
        act=act,
        key=f"status:{history}",
        email=author.get("emailAddress"),
        name=str(author.get("displayName") or ""),
        source=TITLE,
        link=client.page(state.key),
        remember={"status": status, "done": done} | _followed(act),
    )


def _followed(act: RemoteAct) -> dict[str, str]:
    """The step that the issue follows by itself: it was moved there."""
    steps = {RemoteAct.RESOLVE: "resolved", RemoteAct.REOPEN: "reopened", RemoteAct.ACKNOWLEDGE: "acknowledged"}
    return {"step": steps[act]} if act in steps else {}


def _last_move(found: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """(the id of the last change of the status, who made it)."""
    histories = (found.get("changelog") or {}).get("histories") or ()
    moves = [each for each in histories if any(item.get("field") == "status" for item in each.get("items") or ())]
    newest = max(moves, key=lambda each: str(each["created"]), default=None)
    return (str(newest["id"]), newest.get("author") or {}) if newest else ("", {})


def _note(client: JiraClient, incident: Incident, comment: Mapping[str, Any], text: str) -> RemoteChange:
    author = comment["author"]
    return RemoteChange(
        integration=NAME,
        incident_id=incident.id,
        act=RemoteAct.NOTE,
        key=f"comment:{comment['id']}",
        email=author.get("emailAddress"),
        name=str(author.get("displayName") or ""),
        source=TITLE,
        what="comment",
        text=text,
        link=client.page(state_of(incident).key),
    )


async def _actions(client: JiraClient, incident: Incident, state: JiraState) -> list[RemoteChange]:
    """Action items whose issues are done or open again there."""
    changes = []
    for known in state.actions:
        item = next((each for each in incident.actions if each.id == known.item), None)
        if item is None:
            continue
        _, done = await client.status(known.key)
        if done != known.done:
            # Changed on both sides at once, what is remembered is new in the same commit; so nothing is told back.
            state = state.with_action(known.copy_with(done=done))
            changes.append(_action(client, incident, known, state, done))
    return changes


def _action(client: JiraClient, incident: Incident, known: ActionIssue, state: JiraState, done: bool) -> RemoteChange:
    return RemoteChange(
        integration=NAME,
        incident_id=incident.id,
        act=RemoteAct.ACTION_DONE if done else RemoteAct.ACTION_REOPENED,
        key=f"action:{known.key}:{done}",
        item=known.item,
        source=TITLE,
        link=client.page(known.key),
        remember={"actions": [each.model_dump(mode="json") for each in state.actions]},
    )
