"""Jira behind the port: an issue per incident, comments, transitions, action items, the post-mortem."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from integrations.jira import access, following, rules
from integrations.jira.client import JiraClient
from integrations.jira.issues import Issues
from integrations.jira.policy import NAME, TITLE, JiraPolicy, JiraSettings, section
from integrations.jira.rules import FIND, OPERATIONS, Comment, Issue
from integrations.jira.steps import CommentStep, CreateStep
from warroom.capabilities import StepBase
from warroom.errors import Rejected
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.integration import Integration, PerformContext, Poll
from warroom.outbox.effects import Effect, ExternalEffect
from warroom.outbox.incoming import Incoming
from warroom.outbox.results import ExternalResult
from warroom.policy import Policy
from warroom.ports import Clock
from warroom.webhook import Webhook, signed

FOLLOW_EVERY = timedelta(minutes=2)
"""Between looks at the issues of open incidents."""


class Jira(Integration[JiraSettings]):
    """Jira."""

    name = NAME
    title = TITLE
    policy = JiraPolicy
    settings = JiraSettings
    operations = OPERATIONS

    def __init__(self, settings: JiraSettings) -> None:
        super().__init__(settings)
        self._client: JiraClient | None = None
        self._issues: Issues | None = None

    def step_kinds(self) -> Sequence[StepBase[Any]]:
        """What runbooks may do with it."""
        return [CommentStep(), CreateStep()]

    def missing(self) -> str:
        """The site, the user and the token."""
        known = self.configured
        needed = {"JIRA_URL": known.jira_url, "JIRA_EMAIL": known.jira_email, "JIRA_API_TOKEN": known.jira_api_token}
        absent = [name for name, value in needed.items() if not value]
        return f"set {' and '.join(absent)}" if absent else ""

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Open the client where everything is set."""
        if not self.missing():
            self._client = JiraClient(self.configured, clock)
            self._issues = Issues(self._client)

    async def stop(self) -> None:
        """Close the client."""
        if self._client:
            await self._client.close()

    async def check(self, policy: Policy) -> Sequence[str]:
        """Asks who we are, and for the project, its issue types and the names that the policy uses."""
        client, said, found = self._client, section(policy), []
        assert client is not None, "nothing is missing"
        await client.me()
        if said.project is None:
            return ()
        found += await access.lacking(client, said, self.configured.jira_email or "")
        project = await client.get(f"Looking for the project {said.project}", "project", said.project)
        types = {str(each["name"]) for each in project.get("issueTypes") or ()}
        for key, name in (("issue_type", said.issue_type), ("action_type", said.action_type)):
            if name and types and name not in types:
                found.append(f"jira.{key}: the project {said.project} has no issue type {name}; it has {_list(types)}")
        found += await access.needed_fields(client, said, project)
        if said.priority or said.action_priority:
            known = {str(each["name"]) for each in await client.get("Reading the priorities", "priority")}
            for key, used in (("priority", said.priority.values()), ("action_priority", said.action_priority.values())):
                for name in sorted(set(used) - known):
                    found.append(f"jira.{key}: there is no priority {name}; there are {_list(known)}")
        if said.action_type:
            links = await client.get("Reading the link types", "issueLinkType")
            known = {str(each["name"]) for each in links["issueLinkTypes"]}
            if said.link_type not in known:
                found.append(f"jira.link_type: there is no link type {said.link_type}; there are {_list(known)}")
        return found

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]:
        """See `rules`."""
        return rules.on_event(incident, entry, policy)

    async def perform(self, effect: ExternalEffect, context: PerformContext) -> ExternalResult | Incoming | None:
        """What Jira answered. Raises Retryable or Rejected."""
        self.ensure_configured()
        client, issues = self._client, self._issues
        assert client is not None, "nothing is missing"
        assert issues is not None, "nothing is missing"
        if effect.operation == FIND:
            return await following.find(client, Issue.model_validate(effect.payload))
        incident = await context.incident(effect)
        if incident.private and effect.operation != rules.LOOK:
            return None  # it became private after this was asked for
        item = str(effect.payload.get("item", ""))
        answer: BaseModel | None
        match effect.operation:
            case rules.CREATE:
                answer = await issues.create(incident, context)
            case rules.ACTION:
                answer = await issues.create_action(incident, item, context)
            case rules.MOVE:
                answer = await issues.move(incident, context)
            case rules.ACTION_STATE:
                answer = await issues.move_action(incident, item, context)
            case rules.COMMENT:
                await issues.comment(incident, Comment.model_validate(effect.payload), context)
                return None
            case rules.RELATE:
                await issues.relate(incident, item, context)
                return None
            case rules.LINK:
                await issues.link_postmortem(incident, context)
                return None
            case rules.LOOK:
                return await following.look(client, incident, context)
            case _:
                raise Rejected(
                    f"there is no operation {effect.operation}", code="no_operation", advice="Update Warroom."
                )
        return self.result(effect, answer) if answer else None

    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision:
        """See `rules`."""
        return rules.on_result(incident, result.operation, result.payload, now, policy)

    def webhooks(self, policy: Policy) -> Sequence[Webhook]:
        """The address of a webhook of Jira's administration ("Webhooks": a secret signs the body)."""
        verify = signed(self.configured.jira_webhook_secret, "JIRA_WEBHOOK_SECRET", header="X-Hub-Signature")
        return (Webhook(NAME, "/hooks/jira", verify, following.parse, following.signed_at),)

    def polls(self, policy: Policy) -> Sequence[Poll]:
        """Issues of incidents that are open, or whose action items are."""
        return (Poll("issues", FOLLOW_EVERY, following.ask),) if section(policy).project else ()


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))
