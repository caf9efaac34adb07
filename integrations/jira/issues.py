"""Making issues, commenting on them and moving them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from integrations.jira.client import JiraClient
from integrations.jira.documents import document, plain
from integrations.jira.policy import Step, priority, section, wanted
from integrations.jira.rules import Comment, Issue, Moved, step_of
from integrations.jira.state import LABEL, label, state_of
from warroom.errors import Retryable
from warroom.incident.model import Incident
from warroom.integration import PerformContext
from warroom.text import cut

SUMMARY = 255
"""Characters of a summary that Jira takes."""
_BEING_MADE = timedelta(minutes=10)
FOUND_WITHIN = 15.0
"""Seconds after which the search knows an issue that was made."""


class Issues:
    """What is written into Jira. Remembers which lost answers were looked for once already."""

    def __init__(self, client: JiraClient) -> None:
        self._client = client
        self._looked: set[str] = set()

    async def create(self, incident: Incident, context: PerformContext) -> Issue | None:
        """The issue of the incident, once. None when it is not wanted any more. Raises Retryable or Rejected."""
        if state_of(incident).key or not wanted(context.policy, incident.severity):
            return None
        said = section(context.policy)
        level = priority(context.policy, incident.severity)
        fields: dict[str, Any] = {
            "project": {"key": said.project},
            "issuetype": {"name": said.issue_type},
            "summary": cut(" ".join(f"{incident.name}: {incident.title}".split()), SUMMARY),
            "description": document(_about(incident), *_links(incident)),
            "labels": [LABEL, label(incident)],
        }
        fields |= {"priority": {"name": level}} if level else {}
        return await self._made(label(incident), fields | said.fields, context)

    async def create_action(self, incident: Incident, item_id: str, context: PerformContext) -> Issue | None:
        """The issue of an action item, linked with the incident's, once. Raises Retryable or Rejected."""
        item = next((each for each in incident.actions if each.id == item_id), None)
        said, state = section(context.policy), state_of(incident)
        if item is None or state.action(item_id) or said.action_type is None:
            return None
        if not state.key:
            if wanted(context.policy, incident.severity):
                raise Retryable("the incident's issue is not made yet", after=5)
            return None
        level = f"\nPriority: {item.priority}" if item.priority else ""
        fields: dict[str, Any] = {
            "project": {"key": said.project},
            "issuetype": {"name": said.action_type},
            "summary": cut(" ".join(item.text.split()), SUMMARY),
            "description": document(f"Action item of {incident.name}: {incident.title}\n{item.text}{level}"),
            "labels": [LABEL, label(incident, item_id)],
        }
        if item.priority and (name := said.action_priority.get(item.priority)):
            fields["priority"] = {"name": name}
        fields |= {"duedate": item.due_at.date().isoformat()} if item.due_at else {}
        owner = await context.store.person(item.owner) if item.owner else None
        if owner and owner.email and (account := await self._account(owner.email)):
            fields["assignee"] = {"accountId": account}
        return (await self._made(label(incident, item_id), fields, context)).copy_with(item=item_id)

    async def relate(self, incident: Incident, item_id: str, context: PerformContext) -> None:
        """The action item's issue is linked with the incident's. The same link again changes nothing ("Create issue link").
        Raises Retryable or Rejected.
        """
        state, said = state_of(incident), section(context.policy)
        known = state.action(item_id)
        if known is None or not state.key:
            return
        keys = {"inwardIssue": {"key": known.key}, "outwardIssue": {"key": state.key}}
        body = {"type": {"name": said.link_type}} | keys
        await self._client.post("Linking the issues", "issueLink", json=body)

    async def comment(self, incident: Incident, comment: Comment, context: PerformContext) -> None:
        """The update is a comment, once. Raises Retryable or Rejected."""
        key = _key(incident, context)
        if not key:
            return
        person = await context.store.person(comment.by) if comment.by else None
        who = (person.display_name or person.real_name or person.name) if person else ""
        text = f"{mark(incident)} {comment.at:%Y-%m-%d %H:%M:%S} UTC{f' by {who}' if who else ''}:\n{comment.text}"
        body = document(text)
        if context.outcome_unknown:
            known = await self._client.get("Looking for the comment", "issue", key, "comment", orderBy="-created")
            if any(plain(each["body"]) == plain(body) for each in known["comments"]):
                return
        await self._client.post("Commenting", "issue", key, "comment", json={"body": body})

    async def move(self, incident: Incident, context: PerformContext) -> Moved | None:
        """The issue follows the incident, by the transitions of the policy. Raises Retryable or Rejected."""
        key, step = _key(incident, context), step_of(incident)
        if not key or step is None:
            return None
        state, said = state_of(incident), section(context.policy).transitions
        name = said.get(step) or (said.get(Step.RESOLVED) if step is Step.CANCELLED else None)
        if name is None:
            return Moved(status=state.status, done=state.done, step=step)
        if state.step == "" and state.done and step in (Step.RESOLVED, Step.CANCELLED):
            return Moved(status=state.status, done=True, step=step)
        status, done = await self._client.move(key, name, again=context.outcome_unknown)
        return Moved(status=status, done=done, step=step)

    async def move_action(self, incident: Incident, item_id: str, context: PerformContext) -> Moved | None:
        """The issue of the action item is done or open, as the item is. Raises Retryable or Rejected."""
        known = state_of(incident).action(item_id)
        item = next((each for each in incident.actions if each.id == item_id), None)
        if known is None or item is None or known.done == bool(item.done_at):
            return None
        said = section(context.policy).transitions
        name = said.get(Step.RESOLVED) if item.done_at else said.get(Step.REOPENED, "To Do")
        status, done = await self._client.move(known.key, name, again=context.outcome_unknown)
        return Moved(status=status, done=done, item=item_id)

    async def link_postmortem(self, incident: Incident, context: PerformContext) -> None:
        """The post-mortem is among the issue's links, once: Jira knows it by its global id ("Create or update remote issue link").
        Raises Retryable or Rejected.
        """
        key = _key(incident, context)
        if not key or not incident.room.channel_id:
            return
        url = f"https://slack.com/app_redirect?channel={incident.room.channel_id}"
        shown = {"url": url, "title": f"Post-mortem of {incident.name}", "summary": cut(incident.title, SUMMARY)}
        body = {"globalId": f"{label(incident)}-postmortem", "relationship": "post-mortem", "object": shown}
        await self._client.post("Linking the post-mortem", "issue", key, "remotelink", json=body)

    async def _made(self, name: str, fields: dict[str, Any], context: PerformContext) -> Issue:
        key = await self._made_before(name) if context.outcome_unknown else None
        if key is None:
            made = await self._client.post("Creating the issue", "issue", json={"fields": fields})
            key = str(made["key"])
        return Issue(key=key, url=self._client.page(key))

    async def _made_before(self, name: str) -> str | None:
        """The issue that an earlier try made. One that is not found at once is looked for again before a second one is made."""
        if found := await self._client.labelled(name):
            return found
        if name not in self._looked:
            self._looked.add(name)
            raise Retryable("it is not known yet whether the issue was made", after=FOUND_WITHIN, outcome_unknown=True)
        return None

    async def _account(self, email: str) -> str | None:
        found = await self._client.get("Looking up the owner", "user", "search", query=email)
        people = [
            each for each in found if each.get("active", True) and each.get("accountType", "atlassian") == "atlassian"
        ]
        return str(people[0]["accountId"]) if len(people) == 1 else None


def mark(incident: Incident) -> str:
    """How our own comments begin."""
    return f"[{incident.name} update]"


def _key(incident: Incident, context: PerformContext) -> str:
    """The issue's key, "" where none is wanted. Raises Retryable while it is being made."""
    key = state_of(incident).key
    if not key and wanted(context.policy, incident.severity) and context.now - incident.declared_at < _BEING_MADE:
        raise Retryable("the issue is not made yet", after=5)
    return key


def _about(incident: Incident) -> str:
    lines = [
        incident.description,
        f"Severity: {incident.severity}",
        f"Services: {', '.join(incident.services)}" if incident.services else "",
        f"Team: {incident.team}" if incident.team else "",
        f"Alert: {incident.alerts.last_title}" if incident.alerts.last_title else "",
        *(f"{name}: {value}" for name, value in incident.fields),
    ]
    return "\n".join(line for line in lines if line)


def _links(incident: Incident) -> list[tuple[str, str]]:
    links = [(each.title, each.url) for each in incident.links]
    if incident.alerts.last_link:
        links.append(("Alert", incident.alerts.last_link))
    if incident.room.channel_id:
        links.insert(0, ("Slack channel", f"https://slack.com/app_redirect?channel={incident.room.channel_id}"))
    return links
