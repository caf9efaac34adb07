"""GitHub behind the port."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from integrations.github import deployments, issues, webhook
from integrations.github.issues import CHANGES, CREATE, LOOK, OPERATIONS, Item
from integrations.github.policy import NAME, TITLE, GitHubPolicy, GitHubSettings, section
from integrations.http import HttpClient
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

FOLLOW_EVERY = timedelta(minutes=5)
"""Between looks at the issues of action items."""
ADVICE = {
    401: "Check GITHUB_TOKEN.",
    403: "Give GITHUB_TOKEN the permissions of docs/changes.md on that repository.",
    404: "Check its name in the section github, and that GITHUB_TOKEN may see it.",
    410: "Switch issues on in the repository's settings.",
}


class GitHub(Integration[GitHubSettings]):
    """GitHub."""

    name = NAME
    title = TITLE
    policy = GitHubPolicy
    settings = GitHubSettings
    operations = OPERATIONS

    def __init__(self, settings: GitHubSettings) -> None:
        super().__init__(settings)
        self._http: HttpClient | None = None

    def missing(self) -> str:
        """The token."""
        return "" if self.configured.github_token else "set GITHUB_TOKEN"

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Open the client where there is a token."""
        token = self.configured.github_token
        if token is None:
            return
        headers = {"Authorization": f"Bearer {token.get_secret_value()}", "X-GitHub-Api-Version": "2022-11-28"}
        headers |= {"Accept": "application/vnd.github+json"}
        self._http = HttpClient(TITLE, self.configured.github_api_url, clock, headers=headers, advice=ADVICE)

    async def stop(self) -> None:
        """Close the client."""
        if self._http:
            await self._http.close()

    async def check(self, policy: Policy) -> Sequence[str]:
        """Asks for the repositories that the policy names."""
        assert self._http is not None, "nothing is missing"
        said, found = section(policy), []
        for name in dict.fromkeys(filter(None, (said.issues, *said.services))):
            path = ("repos", *name.split("/"))
            try:
                repository = await self._http.get(f"Looking for the repository {name}", *path)
                if name == said.issues:
                    await self._http.get(f"Reading the issues of {name}", *path, "issues", per_page="1")
                if name in said.services:
                    await self._http.get(f"Reading the deployments of {name}", *path, "deployments", per_page="1")
                    await self._http.get(f"Reading the releases of {name}", *path, "releases", per_page="1")
            except Rejected as error:
                found.append(f"{error}. {error.advice}".strip())
                continue
            if name == said.issues and not repository.get("has_issues", True):
                found.append(f"github.issues: {name} has no issues; switch them on in its settings")
            if name == said.issues and repository.get("archived"):
                found.append(f"github.issues: {name} is archived, so nothing can be written; name another repository")
        return found

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]:
        """See `issues`."""
        return issues.on_event(incident, entry, policy)

    async def perform(self, effect: ExternalEffect, context: PerformContext) -> ExternalResult | Incoming | None:
        """What GitHub answered. Raises Retryable or Rejected."""
        self.ensure_configured()
        assert self._http is not None, "nothing is missing"
        if effect.operation == CHANGES:
            return await deployments.look(self._http, context)
        incident = await context.incident(effect)
        if incident.private and effect.operation != LOOK:
            return None  # it became private after this was asked for
        if effect.operation == LOOK:
            return await issues.look(self._http, incident, context)
        item = Item.model_validate(effect.payload).item
        performed = issues.create if effect.operation == CREATE else issues.change_state
        answer = await performed(self._http, incident, item, context)
        return self.result(effect, answer) if answer else None

    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision:
        """See `issues`."""
        return issues.on_result(incident, Item.model_validate(result.payload), result.operation, now)

    def webhooks(self, policy: Policy) -> Sequence[Webhook]:
        """The address of a webhook of a repository or an organisation."""
        verify = signed(self.configured.github_webhook_secret, "GITHUB_WEBHOOK_SECRET", header="X-Hub-Signature-256")
        return (Webhook(NAME, "/hooks/github", verify, partial(webhook.parse, said=section(policy))),)

    def polls(self, policy: Policy) -> Sequence[Poll]:
        """Issues of action items, and what a webhook missed of the repositories that the policy names."""
        said = section(policy)
        action_items = (Poll("issues", FOLLOW_EVERY, issues.ask),) if said.issues else ()
        changes = (Poll("changes", FOLLOW_EVERY, deployments.ask),) if said.services else ()
        return (*action_items, *changes)
