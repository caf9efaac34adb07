"""Datadog behind the port: its webhook, its monitors, its incidents, and muting from the card."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import BaseModel

from integrations.datadog import effects, incident_sync, incidents, monitor_sync, mutes, reads
from integrations.datadog.client import DatadogClient
from integrations.datadog.context import DatadogContext, Nothing
from integrations.datadog.downtimes import make_downtime
from integrations.datadog.effects import MonitorPage, MuteRequest, MuteResult, OneMonitor, SyncResult, sync_incident
from integrations.datadog.parsing import FORMAT, SOURCE, slack_message
from integrations.datadog.policy import NAME, DatadogPolicy, DatadogSettings, SyncMode, section
from integrations.datadog.reconcile import reconcile
from integrations.datadog.upgrades import UPGRADES
from integrations.http import HttpClient
from warroom.alerts.parsing import Parsed
from warroom.capabilities import LogLine, Series
from warroom.errors import Rejected, Retryable
from warroom.incident import events
from warroom.incident.decision import Decision
from warroom.incident.form import IntegrationForm
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.incident.view import MenuEntry
from warroom.integration import Integration, PerformContext, Poll
from warroom.outbox.effects import ExternalEffect
from warroom.outbox.incoming import Incoming
from warroom.outbox.results import ExternalResult
from warroom.policy import Policy
from warroom.ports import Clock, World
from warroom.queries import filled, in_search, in_tags
from warroom.webhook import AlertParser, Webhook, shared_secret

log = structlog.get_logger(__name__)

NO_KEYS = "Datadog's keys are not set"
ADVICE = "Set DD_API_KEY and DD_APP_KEY, or remove what asks for them."
ALSO_SENT_HERE = ("alertmanager",)
"""Formats that this address took before they had one of their own; whoever sends them here still may."""
FOLLOW_EVERY = timedelta(minutes=1)
"""Between looks at Datadog's incidents."""
SYNCED = (
    events.RoomOpened,
    events.Acknowledged,
    events.SeverityChanged,
    events.RoleAssigned,
    events.Mitigated,
    events.Resolved,
    events.Reopened,
    events.Cancelled,
    events.ActionAdded,
    events.ActionDone,
)
"""Events after which something of the snapshot, or an action item, may be new."""

READ_ADVICE = {
    400: "Try the query in Datadog.",
    401: "Check DD_API_KEY, DD_APP_KEY and DD_SITE.",
    403: "Give the application key the scopes timeseries_query and logs_read_data.",
}

Performed = Callable[[DatadogContext[Any]], Awaitable[BaseModel | None]]
PERFORMERS: Mapping[str, tuple[type[BaseModel], Performed]] = {
    effects.READ_MONITORS: (MonitorPage, monitor_sync.take_page),
    effects.READ_MONITOR: (OneMonitor, monitor_sync.take_monitor),
    effects.MUTE_MONITOR: (MuteRequest, make_downtime),
    effects.SYNC_INCIDENT: (Nothing, incidents.sync_incident),
    effects.READ_INCIDENTS: (Nothing, incident_sync.take_incidents),
}
"""By operation: the model of its payload, and the function."""


class Datadog(Integration[DatadogSettings]):
    """Datadog."""

    name = NAME
    title = "Datadog"
    policy = DatadogPolicy
    settings = DatadogSettings
    operations = effects.OPERATIONS
    upgrades = UPGRADES

    def __init__(self, settings: DatadogSettings) -> None:
        super().__init__(settings)
        self._client: DatadogClient | None = None
        self._reads: HttpClient | None = None

    def missing(self) -> str:
        """Both keys."""
        known = self.configured
        return "" if known.dd_api_key and known.dd_app_key else "set DD_API_KEY and DD_APP_KEY"

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Open the client where both keys are set. Raises NoLibrary."""
        known = self.configured
        if known.dd_api_key is None or known.dd_app_key is None:
            if known.dd_api_key or known.dd_app_key:
                log.warning("Datadog is not used: it needs both DD_API_KEY and DD_APP_KEY")
            return
        self._client = DatadogClient(
            known.dd_api_key.get_secret_value(),
            known.dd_app_key.get_secret_value(),
            site=known.dd_site,
            url=known.dd_api_url,
        )
        keys = {
            "DD-API-KEY": known.dd_api_key.get_secret_value(),
            "DD-APPLICATION-KEY": known.dd_app_key.get_secret_value(),
        }
        base = known.dd_api_url or f"https://api.{known.dd_site}"
        self._reads = HttpClient(self.title, base, clock, headers=keys, advice=READ_ADVICE)

    async def stop(self) -> None:
        """Close the clients."""
        if self._client:
            await self._client.close()
        if self._reads:
            await self._reads.close()

    async def series(self, query: str, since: datetime, until: datetime, step: timedelta) -> Sequence[Series]:
        """What the query of a metric yields. Raises Retryable or Rejected."""
        return await reads.series(self._reading(), query, since, until, step)

    async def lines(self, query: str, since: datetime, until: datetime, limit: int) -> Sequence[LogLine]:
        """The newest lines of the log that fit. Raises Retryable or Rejected."""
        return await reads.lines(self._reading(), query, since, until, limit)

    def filled(self, query: str, values: Mapping[str, str]) -> str:
        """The query of a metric or a log with names in it. Raises Rejected."""
        if reads.is_metric(_without(query, values)):
            return filled(query, values, in_tags, quotes="")
        return filled(query, values, in_search, quotes='"')

    def page_of(self, query: str, since: datetime, until: datetime) -> str:
        """The page of Datadog that shows it; "" before the start."""
        return reads.page_of(self._client.page, query, since, until) if self._client else ""

    def _reading(self) -> HttpClient:
        if self._reads is None:
            raise Rejected(NO_KEYS, code="no_keys", advice=ADVICE)
        return self._reads

    async def check(self, policy: Policy) -> Sequence[str]:
        """Asks for everything that the policy needs to be read."""
        if self._client is None:
            return ()
        asked: list[tuple[str, str, dict[str, Any]]] = [
            ("Reading monitors", "list_monitors", {"page": 0, "page_size": 1})
        ]
        if section(policy).incidents is not SyncMode.OFF:
            asked.append(("Reading incidents", "search_incidents", {"query": "state:(active)", "page_size": 1}))
            asked.append(("Reading people", "list_users", {"page_size": 1}))
        found = []
        for what, operation, how in asked:
            try:
                await self._client.call(what, operation, **how)
            except (Rejected, Retryable) as error:
                found.append(f"{error}. {error.advice if isinstance(error, Rejected) else ''}".strip())
        return list(dict.fromkeys(found))

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[ExternalEffect]:
        """Datadog is told of changes to what its incident shows, never of private incidents, and not before there is a room to link to."""
        if section(policy).incidents is SyncMode.OFF or incident.private or incident.room.channel_id is None:
            return ()
        return (sync_incident(incident),) if isinstance(entry.event, SYNCED) else ()

    async def perform(self, effect: ExternalEffect, context: PerformContext) -> ExternalResult | Incoming | None:
        """What Datadog answered. Raises Retryable or Rejected."""
        if self._client is None:
            if effect.operation == effects.SYNC_INCIDENT:
                return None  # the policy asks for it, the keys do not allow it: said once at the start
            raise Rejected(NO_KEYS, code="no_keys", advice=ADVICE)
        payload, performed = PERFORMERS[effect.operation]
        inner = DatadogContext(effect, payload.model_validate(effect.payload), self._client, context)
        answer = await performed(inner)
        return inner.result(answer) if answer is not None and not isinstance(answer, Incoming) else answer

    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision:
        """A mute is said; a sync is followed."""
        if result.operation == effects.MUTE_MONITOR:
            return mutes.muted(incident, MuteResult.model_validate(result.payload), now)
        return reconcile(incident, SyncResult.model_validate(result.payload), now, policy)

    def on_failure(self, incident: Incident, effect: ExternalEffect) -> Incident:
        """What could not be muted may be muted again."""
        if effect.operation != effects.MUTE_MONITOR:
            return incident
        return mutes.not_muted(incident, MuteRequest.model_validate(effect.payload))

    def webhooks(self, policy: Policy) -> Sequence[Webhook]:
        """The address that Datadog's Webhooks integration calls."""
        verify = shared_secret(self.configured.datadog_webhook_token, "DATADOG_WEBHOOK_TOKEN")
        parser = AlertParser(SOURCE, own=(FORMAT,), also=ALSO_SENT_HERE)
        return (Webhook(name="webhook", path="/hooks/datadog", verify=verify, parse=parser),)

    def wrote(self, message: Mapping[str, Any]) -> bool:
        """Whether Datadog's Slack app wrote it."""
        return slack_message.wrote(message)

    def read_message(self, message: Mapping[str, Any], channel_id: str, received_at: datetime) -> Parsed:
        """The alerts in a message of Datadog's Slack app. Raises nothing."""
        return slack_message.parse_message(message, channel_id, received_at)

    def polls(self, policy: Policy) -> Sequence[Poll]:
        """Monitors and, where changes are followed, incidents."""
        wanted = section(policy)
        polls = [Poll("monitors", wanted.sync_every, monitor_sync.ask_monitors, brings_alerts=True)]
        if wanted.incidents is SyncMode.BOTH:
            polls.append(Poll("incidents", FOLLOW_EVERY, incident_sync.ask_incidents))
        return polls

    def menu(self, incident: Incident, policy: Policy) -> Sequence[MenuEntry]:
        """Mute what fires, open the monitor: where an alert named one, and Datadog can be asked."""
        number = incident.alerts.monitor_id or ""
        if self._client is None or not number.isdecimal():
            return ()
        page = f"{self._client.page}/monitors/{number}"
        entries = [MenuEntry(label="Open monitor", integration=NAME, action="monitor", url=page)]
        if incident.state.open:
            entries.insert(0, MenuEntry(label="Mute 1 h", integration=NAME, action=f"mute:{number}"))
        return entries

    async def choose(self, world: World, incident_id: str, action: str, by: str) -> IntegrationForm | None:
        """Mute. Raises Refused."""
        what, _, number = action.partition(":")
        if what != "mute":
            await super().choose(world, incident_id, action, by)
        await mutes.mute(world, incident_id, number, by)
        return None


def _without(query: str, values: Mapping[str, str]) -> str:
    """The query without the places of names: a brace that is left is the scope of a metric."""
    for name in values:
        query = query.replace(f"{{{name}}}", "")
    return query
