"""Action items as issues (docs.github.com, "REST API endpoints for issues", version 2022-11-28)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from integrations.github.policy import NAME, section
from integrations.github.webhook import MARK, issue_change, mark
from integrations.http import HttpClient
from warroom.incident import events
from warroom.incident.action_items import with_ticket
from warroom.incident.decision import Decision
from warroom.incident.events import Reported
from warroom.incident.model import Incident
from warroom.incident.notices import Problem
from warroom.incident.parts import ActionItem, Link
from warroom.incident.timeline import Entry
from warroom.integration import PerformContext, external_effect
from warroom.outbox.effects import Effect, ExternalEffect, Place, Post
from warroom.outbox.incoming import Incoming
from warroom.policy import Policy
from warroom.ports import World
from warroom.text import cut
from warroom.value import Stored

CREATE, STATE, LOOK, CHANGES = "create", "state", "look", "changes"
OPERATIONS = {
    CREATE: "The action item has no issue on GitHub",
    STATE: "The action item's issue on GitHub was not changed",
    LOOK: "The action items' issues on GitHub could not be read",
    CHANGES: "Deployments and releases on GitHub could not be read",
}
"""Every operation, and what a room is told when one failed for good."""
effect = partial(external_effect, NAME)
"""One of GitHub's effects."""
TITLE_LIMIT = 250
FOLLOWED, MOST = timedelta(days=30), 500
CLOCKS = timedelta(minutes=5)
"""How far GitHub's clock may be behind ours when we look for what we made."""


class Item(Stored):
    """An action item, and for an answer its issue."""

    item: str
    number: int = 0
    url: str = ""
    closed: bool = False


class GitHubState(Stored):
    """What `Incident.external` holds under GitHub's name."""

    issues: tuple[Item, ...] = ()

    def of(self, item: str) -> Item | None:
        """The issue of that action item."""
        return next((each for each in self.issues if each.item == item), None)

    def having(self, issue: Item) -> GitHubState:
        """The same with that issue as given."""
        return self.copy_with(issues=(*(each for each in self.issues if each.item != issue.item), issue))


def state_of(incident: Incident) -> GitHubState:
    """What is remembered."""
    return incident.external_state(NAME, GitHubState)


def on_event(incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]:
    """Action items of incidents that everybody may see."""
    if isinstance(entry.event, events.VisibilityChanged):
        return _shown_or_hidden(incident, entry, policy)
    if incident.private or section(policy).issues is None:
        return []
    match entry.event:
        case events.ActionAdded(item_id=item) if item:
            return [effect(CREATE, f"action:{item}", incident, Item(item=item))]
        case events.ActionDone(item_id=item) | events.ActionReopened(item_id=item):
            return [effect(STATE, f"action:{item}:state", incident, Item(item=item), coalescing=True)]
    return []


def _shown_or_hidden(incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]:
    """What the room is told of the issues when the incident becomes private; the issues of its action items when it is public."""
    known = state_of(incident).issues
    if not incident.private:
        absent = [each for each in incident.actions if state_of(incident).of(each.id) is None]
        wanted = absent if section(policy).issues else []
        return [effect(CREATE, f"action:{each.id}", incident, Item(item=each.id)) for each in wanted]
    if not known:
        return []
    numbers = ", ".join(f"#{each.number}" for each in known)
    what = f"{incident.name} is private now: nothing more is written to {numbers} on GitHub, and what is there stays."
    notice = Problem(what=what, advice="Delete it there if it says too much.")
    key = f"{incident.id}:post:{NAME}:private:{entry.key}"
    return [Post(incident_id=incident.id, key=key, place=Place.ROOM, notice=notice)]


def on_result(incident: Incident, answer: Item, operation: str, now: datetime) -> Decision:
    """The issue is remembered, and linked on the timeline when it is new."""
    after = incident.with_external(NAME, state_of(incident).having(answer))
    if operation != CREATE:
        return Decision(after, quiet=True)
    if answer.url:
        after = with_ticket(after, answer.item, Link(title=f"#{answer.number}", url=answer.url))
    decision = Decision(after, quiet=True)
    told = Reported(integration=NAME, what="action item", text=f"#{answer.number}")
    decision = decision.record(told, now, link=answer.url or None, key=f"{NAME}:{answer.number}")
    item = _item(incident, answer.item)
    if item and item.done_at:
        follow = effect(STATE, f"action:{answer.item}:state", incident, Item(item=answer.item), coalescing=True)
        return decision.with_effects(follow)
    return decision


async def create(http: HttpClient, incident: Incident, item_id: str, context: PerformContext) -> Item | None:
    """The issue of the action item, once: its text says whose it is. Raises Retryable or Rejected."""
    item, repository = _item(incident, item_id), section(context.policy).issues
    if item is None or repository is None or state_of(incident).of(item_id):
        return None
    found = await _made_before(http, repository, incident, item) if context.outcome_unknown else None
    if found is None:
        due = f"\n\nDue {item.due_at:%Y-%m-%d}" if item.due_at else ""
        due += f"\n\nPriority: {item.priority}" if item.priority else ""
        text = f"Action item of {incident.name}: {incident.title}\n\n{item.text}{due}\n\n{mark(incident.id, item.id)}"
        body = {"title": cut(" ".join(item.text.split()), TITLE_LIMIT), "body": text}
        body |= {"labels": [*section(context.policy).labels]}  # type: ignore[dict-item]
        found = await http.post("Creating the issue", "repos", *repository.split("/"), "issues", json=body)
    return Item(item=item_id, number=found["number"], url=str(found["html_url"]), closed=found["state"] == "closed")


async def _made_before(http: HttpClient, repository: str, incident: Incident, item: ActionItem) -> Any:
    since = (item.created_at - CLOCKS).strftime("%Y-%m-%dT%H:%M:%SZ")
    params = {"state": "all", "since": since, "per_page": "100", "sort": "created", "direction": "desc"}
    path = ("repos", *repository.split("/"), "issues")
    for each in await http.call("GET", "Looking for the issue", *path, params=params):
        if mark(incident.id, item.id) in str(each.get("body") or ""):
            return each
    return None


async def change_state(http: HttpClient, incident: Incident, item_id: str, context: PerformContext) -> Item | None:
    """The issue is closed or open, as the item is done or not. The same again changes nothing. Raises Retryable or Rejected."""
    known, item, repository = state_of(incident).of(item_id), _item(incident, item_id), section(context.policy).issues
    if known is None or item is None or repository is None or known.closed == bool(item.done_at):
        return None
    body = {"state": "closed", "state_reason": "completed"} if item.done_at else {"state": "open"}
    path = ("repos", *repository.split("/"), "issues", str(known.number))
    await http.call("PATCH", "Changing the issue", *path, json=body)
    return known.copy_with(closed=bool(item.done_at))


async def ask(world: World) -> Sequence[ExternalEffect]:
    """A look at every incident whose action items have issues. Raises StoreUnavailable."""
    now = world.clock.now()
    known = await world.store.incidents(limit=MOST)
    return [
        effect(LOOK, "look", each, coalescing=True)
        for each in known
        if state_of(each).issues and now - each.touched_at <= FOLLOWED
    ]


async def look(http: HttpClient, incident: Incident, context: PerformContext) -> Incoming | None:
    """Issues that were closed or opened again. Raises Retryable or Rejected."""
    state, repository = state_of(incident), section(context.policy).issues
    if repository is None:
        return None
    changes = []
    for known in state.issues:
        found = await http.get("Reading the issue", "repos", *repository.split("/"), "issues", str(known.number))
        closed = found["state"] == "closed"
        if closed == known.closed or not MARK.search(str(found.get("body") or "")):
            continue
        state = state.having(known.copy_with(closed=closed))
        told = issue_change(found, "closed" if closed else "reopened")
        if told:
            changes.append(told.copy_with(remember=state.model_dump(mode="json")))
    return Incoming(changes=tuple(changes))


def _item(incident: Incident, item_id: str) -> ActionItem | None:
    return next((each for each in incident.actions if each.id == item_id), None)
