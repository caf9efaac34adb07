"""All integrations together: what the war room asks of them, each asked in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from warroom.alerts.app_messages import MessageReader
from warroom.alerts.parsing.formats import AlertFormat
from warroom.changes.model import Change as Change
from warroom.errors import Refused, Rejected
from warroom.incident.decision import Decision
from warroom.incident.form import FilledForm, FormResult, IntegrationForm
from warroom.incident.model import Incident
from warroom.incident.notices import IntegrationFault
from warroom.incident.timeline import Entry
from warroom.incident.view import MenuEntry
from warroom.integration import C, Integration
from warroom.outbox.effects import Effect, ExternalEffect, Place, Post
from warroom.outbox.results import ExternalResult
from warroom.policy import Policy
from warroom.ports import World
from warroom.refusals import MenuOutdated
from warroom.webhook import AlertParser, Webhook

log = structlog.get_logger(__name__)


class Integrations:
    """The integrations of a process."""

    def __init__(self, *integrations: Integration[Any], policy: Policy | None = None) -> None:
        """`policy` is the one that names addresses and secrets; without it they are those of the built-in policy."""
        self._by_name = {each.name: each for each in integrations}
        assert len(self._by_name) == len(integrations), "two integrations have the same name"
        formats = {each.name: each for integration in integrations for each in integration.alert_formats}
        self._webhooks = {
            integration.name: tuple(_with_formats(each, formats) for each in integration.webhooks(policy or Policy()))
            for integration in integrations
        }
        names, paths = [each.name for each in self.webhooks], [each.path for each in self.webhooks]
        assert len(set(names)) == len(names), "two webhooks have the same name"
        assert len(set(paths)) == len(paths), "two webhooks have the same path"

    def __iter__(self) -> Iterator[Integration[Any]]:
        return iter(self._by_name.values())

    def named(self, name: str) -> Integration[Any]:
        """The integration of that name. Raises Rejected when this process has none."""
        found = self._by_name.get(name)
        if found is None:
            raise Rejected(f"this version of Warroom knows no {name}", code="no_integration", advice="Update Warroom.")
        return found

    @property
    def webhooks(self) -> tuple[Webhook, ...]:
        """Every address, in the order of the integrations."""
        return tuple(webhook for those in self._webhooks.values() for webhook in those)

    def webhook(self, name: str) -> Webhook:
        """The address with that name, else the first of the integration with that name. Raises Rejected."""
        named = {webhook.name: webhook for webhook in self.webhooks}
        first = {integration: those[0] for integration, those in self._webhooks.items() if those}
        found = named.get(name) or first.get(name)
        if found is None:
            known = f"Those there are: {', '.join(sorted({*named, *first}))}."
            raise Rejected(f"There is no alert source {name}", code="no_source", advice=known)
        return found

    def able(self, capability: type[C]) -> list[C]:
        """Those that can do it, such as OnCallSource."""
        return [each for each in self if isinstance(each, capability)]

    @property
    def message_readers(self) -> Sequence[MessageReader]:
        """Those that read what an app posts into channels."""
        return self.able(MessageReader)

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> list[Effect]:
        """What all of them want done about it. A rule that fails costs its integration's effects, never the change itself."""
        effects: list[Effect] = []
        for each in self:
            try:
                effects += each.on_event(incident, entry, policy)
            except Exception:
                # Of any kind, a bug too: a mistake in an integration must not keep anybody from acknowledging. The room is told of it.
                log.exception("a rule of an integration failed", integration=each.name, happened=entry.event.kind)
                effects.append(_fault(incident, entry, each))
        return effects

    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision:
        """What follows from an answer. Raises Rejected when this process has no such integration."""
        return self.named(result.integration).on_result(incident, result, now, policy)

    def on_failure(self, incident: Incident, effect: ExternalEffect) -> tuple[Incident, str]:
        """(the incident after the effect failed for good, what the room is told)."""
        known = self._by_name.get(effect.integration)
        if known is None:
            return incident, f"{effect.label} could not be done"
        told = known.operations.get(effect.operation, f"{known.title} could not do {effect.operation}")
        return known.on_failure(incident, effect), told

    def menu(self, incident: Incident, policy: Policy) -> tuple[MenuEntry, ...]:
        """What the menu beside the card's alerts offers."""
        return tuple(entry for each in self for entry in each.menu(incident, policy))

    async def choose(self, world: World, incident_id: str, chosen: str, by: str) -> IntegrationForm | None:
        """Somebody chose an entry of the menu; `chosen` is its `value`. Returns a form to be opened. Raises Refused."""
        name, _, action = chosen.partition(":")
        return await self._known(name).choose(world, incident_id, action, by)

    async def submit(self, world: World, incident_id: str, filled: FilledForm, by: str) -> FormResult:
        """Somebody sent a form of an integration. Raises Refused."""
        return await self._known(filled.integration).submit(world, incident_id, filled, by)

    def commanded(self, command: str, policy: Policy) -> str | None:
        """What `choose` takes for a subcommand of /incident; None where no integration that the policy uses has it."""
        for each in self:
            used = policy.section(each.name, each.policy) != each.policy()
            if command in each.commands and used:
                return f"{each.name}:{each.commands[command]}"
        return None

    def _known(self, name: str) -> Integration[Any]:
        found = self._by_name.get(name)
        if found is None:
            raise Refused(MenuOutdated())
        return found


def _with_formats(webhook: Webhook, formats: Mapping[str, AlertFormat]) -> Webhook:
    parser = webhook.parse
    return replace(webhook, parse=parser.knowing(formats)) if isinstance(parser, AlertParser) else webhook


def _fault(incident: Incident, entry: Entry, integration: Integration[Any]) -> Post:
    notice = IntegrationFault(integration=integration.title, event=entry.event)
    key = f"{incident.id}:post:{integration.name}:fault:{entry.key}"
    return Post(incident_id=incident.id, key=key, place=Place.ROOM, notice=notice)
