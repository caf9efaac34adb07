"""PagerDuty behind the port: it pages, tells who acknowledged, knows who is on call, and is an alert source."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from integrations.pagerduty import following, missed, paging, rules, webhook
from integrations.pagerduty.client import PagerDutyClient
from integrations.pagerduty.following import RemoteEvent
from integrations.pagerduty.policy import NAME, TITLE, PagerDutyPolicy, PagerDutySettings, section
from integrations.pagerduty.rules import ALERTS, LOOK, NOTE, OPERATIONS, TRIGGER, WHO, Note, Trigger
from integrations.pagerduty.steps import NoteStep, TriggerStep
from warroom.capabilities import StepBase
from warroom.errors import Rejected, Retryable
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.integration import Integration, PerformContext, Poll
from warroom.outbox.effects import ExternalEffect
from warroom.outbox.incoming import Incoming
from warroom.outbox.results import ExternalResult
from warroom.policy import Policy
from warroom.ports import Clock
from warroom.webhook import Webhook, signed

SCHEDULE, ESCALATION_POLICY = "pagerduty:", "pagerduty-policy:"
ROUTING_KEY_LENGTH = 32
"""Characters ("Send an alert event": routing_key)."""
ASKED_WITHIN = 2.0
"""Seconds in which it has to be known who is on call: a room waits for it."""
FOLLOW_EVERY = timedelta(minutes=1)
"""Between looks at the incidents that are in both places."""


class PagerDuty(Integration[PagerDutySettings]):
    """PagerDuty."""

    name = NAME
    title = TITLE
    policy = PagerDutyPolicy
    settings = PagerDutySettings
    operations = OPERATIONS
    on_call_prefixes = (SCHEDULE, ESCALATION_POLICY)

    def __init__(self, settings: PagerDutySettings) -> None:
        super().__init__(settings)
        self._client: PagerDutyClient | None = None

    def step_kinds(self) -> Sequence[StepBase[Any]]:
        """What runbooks may do with it."""
        return [NoteStep(), TriggerStep()]

    def missing(self) -> str:
        """The token."""
        return "" if self.configured.pagerduty_api_token else "set PAGERDUTY_API_TOKEN"

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Open the client. Paging needs no token, only the routing keys of the policy."""
        self._client = PagerDutyClient(self.configured, clock)

    async def stop(self) -> None:
        """Close the client."""
        if self._client:
            await self._client.close()

    @property
    def client(self) -> PagerDutyClient:
        """Open from `start` to `stop`."""
        assert self._client is not None, "PagerDuty was not started"
        return self._client

    async def check(self, policy: Policy) -> Sequence[str]:
        """Asks for everything that the policy names. A routing key can only be tried by paging, so only its presence is looked at."""
        found = []
        rest, sender = self.client.rest, self.configured.pagerduty_from
        params = {"query": sender, "limit": "100"} if sender else {"limit": "1"}
        users = (await rest.call("GET", "Reading users", "users", params=params))["users"]
        if sender and sender.casefold() not in {str(each.get("email")).casefold() for each in users}:
            found.append(f"PAGERDUTY_FROM: no PagerDuty user has the email {sender}")
        kinds = {SCHEDULE: ("schedules", "schedule"), ESCALATION_POLICY: ("escalation_policies", "escalation policy")}
        wanted = [(*kinds[prefix], name) for prefix, name in _named(policy)]
        wanted += [("services", "service", name) for name in section(policy).alert_services]
        for path, what, name in wanted:
            try:
                await rest.get(f"Looking for the {what} {name}", path, name)
            except Rejected as error:
                found.append(f"{error}. {error.advice}".strip())
        for team, name in section(policy).routing_keys.items():
            key = self.secret(name)
            if key and len(key.strip()) != ROUTING_KEY_LENGTH:
                what = f"pagerduty.routing_keys.{team}: {name} is no integration key, which has {ROUTING_KEY_LENGTH} characters"
                found.append(f"{what}. Copy it from the service's Events API v2 integration.")
        if section(policy).alert_services and not self.configured.pagerduty_webhook_secret:
            found.append(
                "pagerduty.alert_services: alerts come a minute late. Add a webhook and set PAGERDUTY_WEBHOOK_SECRET."
            )
        return found

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[ExternalEffect]:
        """Page, acknowledge, resolve, note. See `rules`."""
        return rules.on_event(incident, entry, policy)

    async def perform(self, effect: ExternalEffect, context: PerformContext) -> ExternalResult | Incoming | None:
        """What PagerDuty answered. Raises Retryable or Rejected."""
        if effect.operation == WHO:
            event = RemoteEvent.model_validate(effect.payload)
            return await following.take(self.client, event, context, may_look=not self.missing())
        if effect.operation == ALERTS:
            return await missed.look(self.client, context)
        incident = await context.incident(effect)
        if effect.operation == TRIGGER:
            wanted = Trigger.model_validate(effect.payload)
            triggered = await paging.trigger(self.client, wanted, incident, context, self.secret)
            return self.result(effect, triggered) if triggered else None
        if effect.operation in (LOOK, NOTE) and self.missing():
            return None  # only what was asked for through the routing key can be done
        if effect.operation == LOOK:
            return await following.look(self.client, incident, context)
        if effect.operation == NOTE:
            await paging.annotate(self.client, Note.model_validate(effect.payload), incident, context)
            return None
        done = await paging.end(self.client, effect.operation, incident, self.secret)
        return self.result(effect, done) if done else None

    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision:
        """What is there now is remembered. See `rules`."""
        return rules.on_result(incident, result.operation, result.payload, now)

    def webhooks(self, policy: Policy) -> Sequence[Webhook]:
        """The address of a webhook subscription, version 3. The header holds a signature of each secret while one is replaced."""
        verify = signed(
            self.configured.pagerduty_webhook_secret,
            "PAGERDUTY_WEBHOOK_SECRET",
            header="X-PagerDuty-Signature",
            prefix="v1=",
        )
        return (Webhook(NAME, "/hooks/pagerduty", verify, webhook.parse, webhook.signed_at),)

    def polls(self, policy: Policy) -> Sequence[Poll]:
        """Incidents that are in both places, and those of services that are alerts here."""
        followed = Poll("incidents", FOLLOW_EVERY, following.ask)
        alerts = Poll("alerts", FOLLOW_EVERY, missed.ask, brings_alerts=True)
        return (followed, alerts) if section(policy).alert_services else (followed,)

    async def on_call(self, prefix: str, schedule: str, at: datetime) -> Sequence[str]:
        """Emails of whoever is on call then: of a schedule, or on the first level of an escalation policy ("List all of the
        on-calls"). Raises Retryable or Rejected.
        """
        self.ensure_configured()
        if self._client is None:
            raise Retryable("PagerDuty is asked by the running bot only")
        try:
            async with asyncio.timeout(ASKED_WITHIN):
                return await self._asked(prefix, schedule, at)
        except TimeoutError as error:
            raise Retryable("PagerDuty took too long to say who is on call") from error

    async def _asked(self, prefix: str, schedule: str, at: datetime) -> Sequence[str]:
        which = "schedule_ids[]" if prefix == SCHEDULE else "escalation_policy_ids[]"
        until = at + timedelta(seconds=1)
        params = {which: schedule, "since": at.isoformat(), "until": until.isoformat(), "include[]": "users"}
        found = await self.client.listed("Asking who is on call", "oncalls", key="oncalls", **params)
        if prefix == ESCALATION_POLICY:
            first = min((each["escalation_level"] for each in found), default=1)
            found = [each for each in found if each["escalation_level"] == first]
        emails = [each["user"].get("email") or await self.client.email_of(each["user"]["id"]) for each in found]
        return tuple(dict.fromkeys(email for email in emails if email))


def _named(policy: Policy) -> Iterator[tuple[str, str]]:
    """(prefix, id) of every schedule and escalation policy that the policy names, each once."""
    names = (name for team in policy.teams.values() for level in team.escalation for name in level.notify)
    for name in dict.fromkeys(names):
        for prefix in (ESCALATION_POLICY, SCHEDULE):
            if name.startswith(prefix):
                yield prefix, name.removeprefix(prefix)
                break
