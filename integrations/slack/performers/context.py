"""One performing of one effect: the claim, the effect, and everything a performer works with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from integrations.slack.channels import ChannelBook
from integrations.slack.client import Answer
from integrations.slack.rate_limits import PAGE, Budget, RateLimitedClient, next_cursor
from warroom.alerts.app_messages import MessageReader
from warroom.errors import Rejected, Retryable
from warroom.incident.model import Incident, Participants
from warroom.incident.view import IncidentView, MenuEntry, incident_view
from warroom.outbox.changes import Claim
from warroom.outbox.effects import Effect
from warroom.policy import Policy
from warroom.ports import Clock, Store

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
    invited: dict[str, dict[str, str]] = field(default_factory=dict)
    """By effect key: people invited one by one so far, with Slack's code or "" for success."""
    bad_pictures: set[str] = field(default_factory=set)
    """Addresses of pictures that Slack refused to show."""
    reading: dict[str, Any] = field(default_factory=dict)
    """By alert channel: how far its reading got."""
    sync: SyncProgress = field(default_factory=SyncProgress)
    menu: Menu = no_menu
    """What the menu beside an incident's alerts offers."""
    message_readers: Sequence[MessageReader] = ()
    """Who reads alerts in messages."""
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
        firings = await self.deps.store.firings(incident.id) if incident.alerts.monitors else ()
        return incident_view(
            incident, self.deps.policy, tuple(firings), menu=self.deps.menu(incident, self.deps.policy)
        )

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
