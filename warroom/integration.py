"""The port to other systems: what an integration is. What only some can do is in `warroom.capabilities`; docs/integrations.md is the guide.

An integration is one folder in `integrations/` and one line in `bot/integrations.py`. Its rules are pure functions that are
called inside the commit of whatever happened, so what it wants done elsewhere is stored together with what caused it; its
calls are effects in the outbox, with all the outbox's promises.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

import structlog
from pydantic import BaseModel

from warroom.alerts.parsing.formats import AlertFormat
from warroom.changes.model import Change as Change
from warroom.errors import Refused, Rejected
from warroom.incident.decision import Decision
from warroom.incident.form import FilledForm, FormResult, IntegrationForm
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.incident.view import MenuEntry
from warroom.outbox.effects import Effect, ExternalEffect
from warroom.outbox.incoming import Incoming
from warroom.outbox.results import ExternalResult
from warroom.people.model import Directory
from warroom.policy import Policy
from warroom.policy.section import Section
from warroom.ports import Clock, Store, World
from warroom.refusals import MenuOutdated
from warroom.value import Value
from warroom.webhook import Webhook

log = structlog.get_logger(__name__)


BACKGROUND = 80
"""Priority of effects for which nobody waits."""


class NoSettings(BaseModel):
    """The settings of an integration that needs none."""


Named = Callable[[str], str | None]
"""The secret behind a name of the policy's, such as "env:NAME"; None where it is not set."""


def nothing_named(_name: str) -> str | None:
    """Where no secret is set."""
    return None


S = TypeVar("S", bound=BaseModel)
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class PerformContext:
    """What an integration may read while it performs an effect. It writes by what it returns."""

    store: Store
    directory: Directory
    policy: Policy
    clock: Clock
    outcome_unknown: bool = False
    """An earlier try may have happened: look for what it would have made before making it again."""

    @property
    def now(self) -> datetime:
        """Aware UTC."""
        return self.clock.now()

    async def incident(self, effect: ExternalEffect) -> Incident:
        """The incident that the effect is about, as it is now. Raises Rejected when there is none."""
        found = await self.store.incident(effect.incident_id) if effect.incident_id else None
        if found is None:
            raise Rejected("the incident is not in the record", code="no_incident", advice="Declare it again.")
        return found


@dataclass(frozen=True, slots=True)
class Poll:
    """Something that is asked for every so often, at the start first. `effects` says what is asked then; each is put into the
    outbox, so that it is done once for all processes on one database. They should coalesce.
    """

    name: str
    every: timedelta | None
    """None: only by `python -m bot sync`."""
    effects: Callable[[World], Awaitable[Sequence[ExternalEffect]]]
    brings_alerts: bool = False
    """`python -m bot sync` asks for it at once, and for what its answers ask next."""


class Upgrades(Value):
    """How what an integration stored in an earlier release is read now: by format ("Incident", "Effect") and the version
    that the step leads to, what turns the stored body into the newer one. A step gets every stored body of its format and
    returns those that are not its own as they are.
    """

    steps: tuple[tuple[str, int, Callable[[dict[str, Any]], dict[str, Any]]], ...] = ()


def external_effect(
    name: str,
    operation: str,
    key: str,
    incident: Incident | None = None,
    payload: BaseModel | None = None,
    *,
    coalescing: bool = False,
    weight: int = 5,
) -> ExternalEffect:
    """An effect of the integration of that name. The same key again is the same effect: it is left alone, or asked for anew if it
    coalesces. The incident and the integration are put before the key. What belongs to no incident waits behind what does.
    """
    return ExternalEffect(
        integration=name,
        operation=operation,
        incident_id=incident.id if incident else None,
        key=":".join([*([incident.id] if incident else []), name, key]),
        payload=payload.model_dump(mode="json") if payload else {},
        coalescing=coalescing,
        weight=weight,
        priority=50 if incident else BACKGROUND,
    )


class Integration(Generic[S]):
    """The base of every integration. Everything but `name` and `title` may be left out."""

    name: ClassVar[str]
    """Its key in the policy, in Incident.external and in its effects."""
    title: ClassVar[str]
    """How people call it."""
    policy: ClassVar[type[Section]] = Section
    settings: ClassVar[type[BaseModel]] = NoSettings
    """Each field is an environment variable; SecretStr for what must never be shown."""
    commands: ClassVar[Mapping[str, str]] = {}
    """Subcommands of /incident that stand for one of its actions: {"status": "publish"}."""
    operations: ClassVar[Mapping[str, str]] = {}
    """Every operation of its effects, and what a room is told when one failed for good."""
    upgrades: ClassVar[Upgrades] = Upgrades()
    alert_formats: ClassVar[tuple[AlertFormat, ...]] = ()
    """Alerts of this system that may come to other integrations' addresses too (`AlertParser.also`)."""

    def __init__(self, settings: S) -> None:
        self.configured = settings
        """The settings as they are. Rules do not look at them: a process without them commits changes too."""
        self.named: Named = nothing_named
        """The secrets that the policy names."""

    def secret(self, name: str | None) -> str | None:
        """The secret that the policy calls "env:NAME"; None where that is not set, or set to nothing but spaces."""
        found = self.named(name) if name else None
        return found if found and found.strip() else None

    @classmethod
    def effect(
        cls,
        operation: str,
        key: str,
        incident: Incident | None = None,
        payload: BaseModel | None = None,
        *,
        coalescing: bool = False,
        weight: int = 5,
    ) -> ExternalEffect:
        """One of its effects; see `external_effect`."""
        return external_effect(cls.name, operation, key, incident, payload, coalescing=coalescing, weight=weight)

    @classmethod
    def result(cls, effect: ExternalEffect, answer: BaseModel) -> ExternalResult:
        """What `perform` returns where `on_result` is to be called with the answer."""
        payload = answer.model_dump(mode="json")
        return ExternalResult(integration=cls.name, operation=effect.operation, payload=payload)

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]:
        """What is to be done about something that happened: its own effects, and what is to be said. `incident` is as it is
        afterwards. Pure. Called inside the commit for every new entry of the timeline, whoever caused it: what an integration did
        itself it recognises by what it remembers of the incident (`external`).
        """
        return ()

    async def perform(self, effect: ExternalEffect, context: PerformContext) -> ExternalResult | Incoming | None:
        """Do it. Raises Retryable (the outbox tries again) or Rejected (the room is told, with the advice)."""
        raise NotImplementedError

    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision:
        """What follows for the incident. Pure. Called in the transaction that ends the effect's claim."""
        return Decision(incident, quiet=True)

    def on_failure(self, incident: Incident, effect: ExternalEffect) -> Incident:
        """The incident when an effect about it failed for good. Pure."""
        return incident

    def missing(self) -> str:
        """What has to be set before it can be used, such as "set VENDOR_TOKEN"; "" when nothing is missing."""
        return ""

    def ensure_configured(self) -> None:
        """Raises Rejected, with what has to be set, while something is missing."""
        if missing := self.missing():
            advice = f"{missing[0].upper()}{missing[1:]}, or take the section `{self.name}` out of the policy."
            raise Rejected(f"{self.title} is not set up", code="not_set_up", advice=advice)

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Open what it needs, once, in the running event loop; where something is `missing`, nothing. Raises WarroomError."""

    async def stop(self) -> None:
        """Close what `start` opened."""

    async def check(self, policy: Policy) -> Sequence[str]:
        """Why it would not work, as sentences. Called after `start` where nothing is `missing`. Raises Rejected or Retryable as
        `perform` does, which become a sentence too.
        """
        return ()

    def webhooks(self, policy: Policy) -> Sequence[Webhook]:
        """Addresses at which it is told of alerts and of changes that were made in the other system."""
        return ()

    def polls(self, policy: Policy) -> Sequence[Poll]:
        """What it asks for in the background, where nothing is `missing`."""
        return ()

    def menu(self, incident: Incident, policy: Policy) -> Sequence[MenuEntry]:
        """What the menu beside the card's alerts offers of it."""
        return ()

    async def choose(self, world: World, incident_id: str, action: str, by: str) -> IntegrationForm | None:
        """Somebody chose an entry of `menu`, or pressed a button of a notice. Returns a form to be opened, or None when it is done;
        a form has to be there within a second, so nobody outside is asked. Raises Refused.
        """
        raise Refused(MenuOutdated())

    async def submit(self, world: World, incident_id: str, filled: FilledForm, by: str) -> FormResult:
        """Somebody sent a form that `choose` or `submit` returned. What is stored here closes it, so nobody outside is asked.
        Raises Refused.
        """
        raise Refused(MenuOutdated())
