"""Statuspage behind the port: a form with a preview, and what was changed on the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from integrations.statuspage import forms, rules
from integrations.statuspage.client import StatuspageClient, shown, updates
from integrations.statuspage.model import BODY_LIMIT, Draft, PageStatus, Published, state_of
from integrations.statuspage.policy import NAME, TITLE, PublishMode, StatuspagePolicy, StatuspageSettings, section
from integrations.statuspage.rules import LOOK, OPERATIONS, PUBLISH, effect
from integrations.statuspage.steps import PublishStep
from warroom.capabilities import StepBase
from warroom.errors import Refused, Rejected
from warroom.incident.change import authorize, change
from warroom.incident.decision import Decision
from warroom.incident.form import FilledForm, FormResult, IntegrationForm
from warroom.incident.lookup import by_id
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.incident.view import MenuEntry
from warroom.integration import Integration, PerformContext, Poll
from warroom.outbox.effects import URGENT, Effect, ExternalEffect
from warroom.outbox.incoming import Incoming, RemoteAct, RemoteChange
from warroom.outbox.results import ExternalResult
from warroom.policy import Policy
from warroom.policy.permissions import Permission
from warroom.ports import Clock, World
from warroom.refusals import MenuOutdated, RefusedByIntegration
from warroom.text import cut

FOLLOW_EVERY = timedelta(minutes=2)
"""Between looks at what is on the page; a key may call once a second."""
MOST = 100
NEVER = "The policy never publishes incidents of this severity. Its key is statuspage.publish."


class Statuspage(Integration[StatuspageSettings]):
    """Statuspage."""

    name = NAME
    title = TITLE
    policy = StatuspagePolicy
    settings = StatuspageSettings
    operations = OPERATIONS
    commands = {"status": "publish"}  # noqa: RUF012  # a ClassVar of the base

    def __init__(self, settings: StatuspageSettings) -> None:
        super().__init__(settings)
        self._client: StatuspageClient | None = None

    def step_kinds(self) -> Sequence[StepBase[Any]]:
        """What runbooks may do with it."""
        return [PublishStep()]

    def missing(self) -> str:
        """The key."""
        return "" if self.configured.statuspage_api_key else "set STATUSPAGE_API_KEY"

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Open the client where there are a key and a page."""
        page = section(policy).page
        if page and not self.missing():
            self._client = StatuspageClient(self.configured, page, clock)

    async def stop(self) -> None:
        """Close the client."""
        if self._client:
            await self._client.close()

    async def check(self, policy: Policy) -> Sequence[str]:
        """Asks for the page and its components."""
        if self._client is None:
            return ()
        await self._client.page()
        known = await self._client.components()
        wrong = [(name, each) for name, each in section(policy).components.items() if each not in known]
        there = ", ".join(f"{name} ({each})" for each, name in known.items())
        return [
            f"statuspage.components.{name}: the page has no component {each}; it has {there}" for name, each in wrong
        ]

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]:
        """See `rules`."""
        return rules.on_event(incident, entry, policy)

    async def perform(self, effect: ExternalEffect, context: PerformContext) -> ExternalResult | Incoming | None:
        """What Statuspage answered. Raises Retryable or Rejected."""
        self.ensure_configured()
        if self._client is None:
            raise Rejected("the policy names no page", code="no_page", advice="Add statuspage.page.")
        incident = await context.incident(effect)
        if effect.operation == LOOK:
            return await _look(self._client, incident, context)
        answer = await _publish(self._client, Draft.model_validate(effect.payload), incident, context)
        return self.result(effect, answer) if answer else None

    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision:
        """See `rules`."""
        return rules.on_result(incident, Published.model_validate(result.payload), now, policy)

    def polls(self, policy: Policy) -> Sequence[Poll]:
        """What is on the page."""

        async def ask(world: World) -> Sequence[ExternalEffect]:
            known = await world.store.incidents(limit=MOST)
            return [effect(LOOK, "look", each, coalescing=True) for each in known if state_of(each).open]

        return (Poll("page", FOLLOW_EVERY, ask),) if section(policy).page else ()

    def menu(self, incident: Incident, policy: Policy) -> Sequence[MenuEntry]:
        """The form."""
        offered = section(policy).mode(policy, incident.severity) is not PublishMode.NEVER
        if not offered or self.missing() or not (incident.state.open or state_of(incident).open):
            return ()
        return (MenuEntry(label="Status page…", integration=NAME, action="publish", about_incident=True),)

    async def choose(self, world: World, incident_id: str, action: str, by: str) -> IntegrationForm | None:
        """The form; for `update` with the words of the last update. Raises Refused."""
        incident = await self._allowed(world, incident_id, by)
        if action not in ("publish", "update"):
            raise Refused(MenuOutdated())
        text = cut(incident.updates.last, BODY_LIMIT) if action == "update" else ""
        return forms.edit(incident, section(world.policy), world.policy, text)

    async def submit(self, world: World, incident_id: str, filled: FilledForm, by: str) -> FormResult:
        """The preview, then the publishing. Raises Refused."""
        incident = await self._allowed(world, incident_id, by)
        if filled.step == forms.EDIT:
            return forms.preview(incident, section(world.policy), filled, by)
        draft = Draft.model_validate_json(filled.carried).copy_with(by=by)

        async def decide(incident: Incident, now: datetime) -> Decision:
            state = state_of(incident)
            if changed := forms.meanwhile(state, draft.seen) or forms.under_way(state, now):
                raise Refused(RefusedByIntegration(text=changed))
            wanted = effect(PUBLISH, f"form:{incident.version}", incident, draft, weight=URGENT)
            asked = incident.with_external(NAME, state.copy_with(asked_at=now))
            return Decision(asked, quiet=True).with_effects(wanted)

        await change(world, incident_id, decide)
        return None

    async def _allowed(self, world: World, incident_id: str, by: str) -> Incident:
        """The incident. Raises Refused where it may not be published, or not by that person."""
        incident = await by_id(world, incident_id)
        await authorize(world, Permission.UPDATE, by, incident)
        if self.missing():
            raise Refused(RefusedByIntegration(text=f"The status page is not set up: {self.missing()}."))
        if section(world.policy).mode(world.policy, incident.severity) is PublishMode.NEVER:
            raise Refused(RefusedByIntegration(text=NEVER))
        return incident


async def _publish(
    client: StatuspageClient, draft: Draft, incident: Incident, context: PerformContext
) -> Published | None:
    """The draft is on the page, once. What somebody changed there meanwhile stays. Raises Retryable or Rejected."""
    state = state_of(incident)
    found = await client.incident(state.id) if state.id else None
    if found is None:
        # Also without doubt: what another effect published a moment ago may not be remembered yet.
        found = await client.made_for(incident.id)
    if found is None:
        if draft.by is None and incident.private:
            return None  # it was made private since the policy asked for it; what a person published is meant
        if draft.ends or (not incident.state.open and draft.status is not PageStatus.RESOLVED):
            return None
        return Published(page=shown(await client.create(draft, incident.id)), by=draft.by)
    page = shown(found)
    done = page.status == draft.status and page.body == draft.body
    if (context.outcome_unknown and done) or (draft.ends and page.status == PageStatus.RESOLVED):
        return Published(page=page, by=draft.by)
    if page.latest != draft.seen and not draft.ends:
        return Published(page=page, by=draft.by, conflict=True)
    return Published(page=shown(await client.update(page.id, draft)), by=draft.by)


async def _look(client: StatuspageClient, incident: Incident, context: PerformContext) -> Incoming | None:
    """What others wrote on the page since the last look. Raises Retryable or Rejected."""
    state = state_of(incident)
    if not state.id:
        return None
    found = await client.incident(state.id)
    page, told = shown(found), {entry.key for entry in await context.store.timeline(incident.id)}
    every = updates(found)
    known = [number for number, each in enumerate(every) if each["id"] == state.latest]
    changes = [
        RemoteChange(
            integration=NAME,
            incident_id=incident.id,
            act=RemoteAct.NOTE,
            key=str(each["id"]),
            source=TITLE,
            what="status page",
            text=f"{each['status']}: {each['body']}",
            link=page.url or None,
            remember={"latest": page.latest, "status": page.status},
        )
        for each in every[(known[-1] + 1 if known else 0) :]
        if f"{NAME}:{each['id']}" not in told
    ]
    return Incoming(changes=tuple(changes))
