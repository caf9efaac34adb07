"""Bell, a pager that does not exist: the example of docs/integrations.md, and the proof that a folder and a line are enough."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, SecretStr

from integrations.http import HttpClient
from warroom.incident.decision import Decision
from warroom.incident.events import Acknowledged, Cancelled, PeoplePaged, Resolved
from warroom.incident.model import Incident, State
from warroom.incident.parts import Link
from warroom.incident.timeline import Entry
from warroom.integration import Integration, PerformContext, Poll
from warroom.outbox.effects import URGENT, ExternalEffect
from warroom.outbox.incoming import Incoming, RemoteAct, RemoteChange
from warroom.outbox.results import ExternalResult
from warroom.policy import Policy
from warroom.policy.kinds import Text, Texts
from warroom.policy.section import Section
from warroom.ports import Clock, World
from warroom.value import Stored
from warroom.webhook import Webhook, signed


class BellSettings(BaseModel):
    bell_url: str = "https://api.bell.example.com"
    bell_token: SecretStr | None = None
    bell_webhook_secret: SecretStr | None = None


class BellPolicy(Section):
    severity_fields = ("page_on",)
    queue: Text | None = None
    page_on: Texts = ()


class BellState(Stored):
    pages: tuple[str, ...] = ()
    answered: bool = False


class Bell(Integration[BellSettings]):
    name, title, policy, settings = "bell", "Bell", BellPolicy, BellSettings
    operations: ClassVar = {"ring": "Bell could not be rung", "hush": "Bell goes on ringing", "look": "Bell is silent"}

    def missing(self) -> str:
        return "" if self.configured.bell_token else "set BELL_TOKEN"

    async def start(self, policy: Policy, clock: Clock) -> None:
        token = self.configured.bell_token.get_secret_value() if self.configured.bell_token else ""
        headers, advice = {"Authorization": f"Bearer {token}"}, {401: "Check BELL_TOKEN.", 404: "Check bell.queue."}
        self.http = HttpClient("Bell", self.configured.bell_url, clock, headers=headers, advice=advice)

    async def stop(self) -> None:
        await self.http.close()

    async def check(self, policy: Policy) -> Sequence[str]:
        if queue := policy.section("bell", BellPolicy).queue:
            await self.http.get(f"Looking for the queue {queue}", "queues", queue)
        return ()

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[ExternalEffect]:
        section, state = policy.section("bell", BellPolicy), incident.external_state("bell", BellState)
        match entry.event:
            case PeoplePaged() if section.queue and incident.severity in (section.page_on or policy.severities):
                return [self.effect("ring", entry.key, incident, entry.event, weight=URGENT)]
            case Acknowledged() | Resolved() | Cancelled() if state.pages and not state.answered:
                return [self.effect("hush", entry.key, incident, weight=URGENT)]
        return []

    async def perform(self, effect: ExternalEffect, context: PerformContext) -> ExternalResult | Incoming | None:
        self.ensure_configured()
        if effect.operation == "look":
            return _incoming(await self.http.get("Reading answered pages", "pages", answered="true"))
        incident = await context.incident(effect)
        if effect.operation == "hush":
            for page in incident.external_state("bell", BellState).pages:
                await self.http.call("PUT", "Ending the page", "pages", page, json={"answered": True})
            return None
        known = await self.http.get("Looking for the page", "pages", key=effect.key) if context.outcome_unknown else []
        if not known and incident.state is State.DETECTED:
            paged = [await context.store.person(person) for person in PeoplePaged(**effect.payload).paged]
            people = [person.email for person in paged if person]
            told = {"queue": context.policy.section("bell", BellPolicy).queue, "key": effect.key, "about": incident.id}
            known = [await self.http.post("Ringing", "pages", json={"title": incident.title, "people": people} | told)]
        return ExternalResult(integration="bell", operation="ring", payload=known[0]) if known else None

    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision:
        page, state = result.payload, incident.external_state("bell", BellState)
        after = incident.with_external("bell", state.copy_with(pages=(*state.pages, page["id"])))
        decision = Decision(after).add_link(Link(title="Page", url=page["url"]), page["id"])
        if incident.state is State.DETECTED:
            return decision
        return decision.with_effects(self.effect("hush", page["id"], incident, weight=URGENT))  # somebody was faster

    def webhooks(self, policy: Policy) -> Sequence[Webhook]:
        verify = signed(self.configured.bell_webhook_secret, "BELL_WEBHOOK_SECRET", header="X-Bell-Signature")
        return [Webhook("bell", "/hooks/bell", verify, lambda posted: _incoming([json.loads(posted.body)]))]

    def polls(self, policy: Policy) -> Sequence[Poll]:
        async def look(_world: World) -> Sequence[ExternalEffect]:
            return [self.effect("look", "answers", coalescing=True)]

        return [Poll("answers", timedelta(minutes=1), look)]


def _incoming(pages: list[dict[str, Any]]) -> Incoming:
    answered, act = [page for page in pages if page["answered"]], RemoteAct.ACKNOWLEDGE
    told = [{"incident_id": page["about"], "key": page["id"], "email": page["by"]} for page in answered]
    remember = {"answered": True}
    changes = [RemoteChange(integration="bell", source="Bell", act=act, remember=remember, **each) for each in told]
    return Incoming(changes=tuple(changes))
