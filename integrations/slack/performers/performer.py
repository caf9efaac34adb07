"""How effects are performed in Slack: the limits that hold for all of them, and what each works with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from integrations.slack.channels import ChannelBook
from integrations.slack.client import Answer
from integrations.slack.rate_limits import PAGE, Budget, RateLimitedClient, next_cursor
from warroom.alerts.app_messages import MessageReader
from warroom.errors import Rejected, Retryable
from warroom.escalation import rules as escalation
from warroom.incident.model import Incident
from warroom.incident.parts import Participants
from warroom.incident.view import IncidentView, MenuEntry, incident_view
from warroom.outbox.changes import Claim
from warroom.outbox.effects import Effect
from warroom.outbox.results import EffectResult
from warroom.people.model import Directory, Person
from warroom.people.resolution import resolve
from warroom.policy import Policy
from warroom.ports import ACTING, Clock, Store, acting
from warroom.runbooks.model import Runbook

SLACK_MAY_BE_BEHIND = timedelta(seconds=60)
"""How far Slack's clock may be behind ours when we look for something we did."""


Menu = Callable[[Incident, Policy], tuple[MenuEntry, ...]]


def no_menu(_incident: Incident, _policy: Policy) -> tuple[MenuEntry, ...]:
    """Where no integration offers anything."""
    return ()


@dataclass
class SyncProgress:
    """How far a read of the workspace's people got in this process."""

    cursor: str | None = None
    people_read: bool = False


@dataclass
class Search:
    """How far a read of many pages got before it had to wait."""

    items: list[Answer]
    cursor: str | None
    at: datetime


@dataclass(frozen=True)
class Looked:
    """The people behind names, and when they were looked for."""

    people: tuple[Person, ...]
    at: datetime


LOOK_AGAIN = timedelta(minutes=1)
"""So long the people behind the names of an escalation policy are taken for the same."""
MANY_FIRINGS = 1000
"""Firings of an incident that are read to count its monitors and hosts."""
SEARCH_KEPT = timedelta(minutes=2)
"""A read that stood still for so long begins anew: Slack's cursors expire, and what was read is old."""


@dataclass
class PerformerDeps:
    """What all performers share. The memories only save calls: a process that starts without them does the same."""

    client: AsyncWebClient
    store: Store
    policy: Policy
    clock: Clock
    budget: Budget
    channels: ChannelBook
    bot_user_id: str
    taken_names: set[str] = field(default_factory=set)
    """Channel names that Slack said are taken."""
    invited: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """By effect key: people who are invited one by one, with Slack's code, "" for success, None before it is tried."""
    uploads: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """By effect key: the first file of a message with two, and when Slack had it."""
    bad_pictures: set[str] = field(default_factory=set)
    """Addresses of pictures that Slack refused to show."""
    reading: dict[str, Any] = field(default_factory=dict)
    """By alert channel: how far its reading got."""
    sync: SyncProgress = field(default_factory=SyncProgress)
    menu: Menu = no_menu
    """What the menu beside an incident's alerts offers."""
    runbooks: Sequence[Runbook] = ()
    """What may be run in an incident."""
    message_readers: Sequence[MessageReader] = ()
    """Who reads alerts in messages."""
    directory: Directory | None = None
    """Where the card looks up whom Escalate calls; without it the card says the policy's names."""
    looked: dict[tuple[str, ...], Looked] = field(default_factory=dict)
    """By names: who was found behind them."""
    members: dict[str, tuple[Participants, datetime]] = field(default_factory=dict)
    """By effect key: who was known to be in a room when the reading of its members began, and when that was."""
    searches: dict[str, Search] = field(default_factory=dict)
    """By effect key: what was read so far of lists with more pages than the budget allowed at once."""


E = TypeVar("E", bound=Effect, covariant=True)


@dataclass(frozen=True)
class EffectContext(Generic[E]):
    """One performing of one effect."""

    claim: Claim
    effect: E
    deps: PerformerDeps
    line: RateLimitedClient

    @property
    def now(self) -> datetime:
        return self.deps.clock.now()

    @property
    def outcome_unknown(self) -> bool:
        """It may have happened before: look first."""
        return self.claim.outcome_unknown

    @property
    def key(self) -> str:
        return self.effect.key

    async def call(self, method: str, **args: Any) -> Answer:
        """Slack's answer. Raises Retryable or Rejected."""
        return await self.line.call(method, **args)

    async def items(self, method: str, key: str, **args: Any) -> AsyncIterator[Answer]:
        """Everything under `key` of every page; after a Retryable the next try goes on at the page that had to wait.

        From the first page each time, a list longer than the budget's burst would never end. Raises as `call`.
        """
        name = f"{self.key} {method} {sorted(args.items())}"
        search = self.deps.searches.pop(name, None)
        if search is None or self.now - search.at > SEARCH_KEPT:
            search = Search([], None, self.now)
        for item in search.items:
            yield item
        while True:
            try:
                page = await self.call(method, limit=PAGE, cursor=search.cursor, **args)
            except Retryable:
                if search.cursor is not None:
                    self.deps.searches[name] = search
                raise
            read = page.get(key) or []
            search = Search([*search.items, *read], next_cursor(page), self.now)
            for item in read:
                yield item
            if search.cursor is None:
                return

    async def incident(self) -> Incident:
        """The incident as it is now. Raises Rejected when the effect has none."""
        found = await self.deps.store.incident(self.effect.incident_id) if self.effect.incident_id else None
        if found is None:
            raise Rejected("the incident is not in the record", code="no_incident", advice="Declare it again.")
        return found

    async def view(self, incident: Incident) -> IncidentView:
        """The incident with its alerts, ready to be drawn."""
        # A room that people asked for has no alerts, and is drawn several times while it opens.
        firings = await self.deps.store.firings(incident.id, MANY_FIRINGS) if incident.alerts.monitors else ()
        return incident_view(
            incident,
            self.deps.policy,
            tuple(firings),
            menu=self.deps.menu(incident, self.deps.policy),
            called=await self._called(incident),
        )

    async def _called(self, incident: Incident) -> tuple[Person, ...]:
        """Whom Escalate would call now."""
        names, looked = escalation.names_to_page(incident), self.deps.looked
        if self.deps.directory is None or not names or not incident.state.open:
            return ()
        known = looked.get(names)
        if known is None or not timedelta(0) <= self.now - known.at < LOOK_AGAIN:
            found = await resolve(names, self.deps.directory, self.deps.policy)
            if len(looked) > 1000:
                looked.clear()
            known = looked[names] = Looked(tuple(match.person for match in found.found), self.now)
        return known.people

    def since(self, incident: Incident | None = None) -> str:
        """From when to look for what this effect did, as a Slack ts.

        An effect that is asked for again and again keeps its key, so it is looked for since the incident began.
        """
        start = min(self.claim.created_at, incident.declared_at) if incident else self.claim.created_at
        return f"{(start - SLACK_MAY_BE_BEHIND).timestamp():.6f}"

    async def never_came(self, kind: str) -> bool:
        """Whether an effect of that kind was given up for this incident, so that there is nothing to wait for."""
        dead_letters = await self.deps.store.dead_letters()
        return any(
            dead_letter.kind == kind and dead_letter.incident_id == self.effect.incident_id
            for dead_letter in dead_letters
        )


Performing = Callable[[EffectContext[Any]], Awaitable[EffectResult | None]]
"""Performs one kind of effect. Raises Retryable or Rejected."""


class SlackPerformer:
    """Performs effects in Slack. What may have happened before (`outcome_unknown`) is looked for before it is done again."""

    def __init__(self, performers: Mapping[str, Performing], deps: PerformerDeps) -> None:
        self._performers, self._deps = performers, deps

    async def perform(self, claim: Claim, effect: Effect) -> EffectResult | None:
        """What Slack answered, None when there is nothing to remember. Raises Retryable or Rejected."""
        performing = self._performers.get(effect.kind)
        if performing is None:
            raise Rejected(f"Slack cannot do {effect.kind}", code="no_performer", advice="This is a fault in Warroom.")
        line = RateLimitedClient(self._deps.client, self._deps.budget, effect.priority)
        longest = ACTING.total_seconds()
        try:
            with acting(claim.taken_at, self._deps.clock):
                async with asyncio.timeout(longest):
                    return await performing(EffectContext(claim, effect, self._deps, line))
        except TimeoutError as error:
            raise Retryable(f"{effect.kind} took longer than {longest:g} s", outcome_unknown=True) from error
