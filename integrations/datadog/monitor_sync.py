"""Monitors that are asked instead of waited for: what fires in Datadog, and what recovered there, becomes alerts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from integrations.datadog.context import DatadogContext
from integrations.datadog.effects import MonitorPage, OneMonitor, read_monitor, read_monitors
from integrations.datadog.monitor_reads import MonitorReading, one_monitor, page_of_monitors
from integrations.datadog.monitors import alert_of, fires
from warroom.alerts.model import Alert, AlertState
from warroom.outbox.changes import Firing
from warroom.outbox.effects import ExternalEffect
from warroom.outbox.incoming import Incoming
from warroom.ports import Store, World

OPEN_INCIDENTS = 500
"""How many open incidents are looked at for monitors that may have recovered."""


async def ask_monitors(_world: World) -> Sequence[ExternalEffect]:
    """Where asking begins; each page asks for the next, the last for every monitor that fires here."""
    return (read_monitors(),)


async def take_page(context: DatadogContext[MonitorPage]) -> Incoming:
    """What fires in the policy's sense, of one page of monitors."""
    groups, more = await page_of_monitors(context, context.payload.page)
    now = context.now
    alerts = tuple(alert_of(group, now) for group in groups if fires(group, context.section, now))
    if more:
        return Incoming(alerts=alerts, effects=(read_monitors(context.payload.page + 1),))
    known = dict.fromkeys([firing.monitor_id async for firing in _firing(context.store) if firing.monitor_id])
    return Incoming(alerts=alerts, effects=tuple(read_monitor(each) for each in known))


async def take_monitor(context: DatadogContext[OneMonitor]) -> Incoming:
    """The recoveries of one monitor."""
    reading = await one_monitor(context, context.payload.monitor_id)
    if reading is None or reading.overall is None:
        # A monitor that Datadog does not know says nothing: its number may come from another sender.
        return Incoming()
    return Incoming(alerts=tuple([alert async for alert in _recoveries(context, reading)]))


async def _firing(store: Store, monitor_id: str | None = None) -> AsyncIterator[Firing]:
    """What fires in open incidents, as far as we know; of one monitor or of all."""
    for incident in await store.incidents(open_only=True, limit=OPEN_INCIDENTS):
        if not incident.alerts.firing:
            continue
        for firing in await store.firings(incident.id):
            known = firing.monitor_id and firing.monitor_id.isdecimal() and firing.state is not AlertState.OK
            if known and monitor_id in (None, firing.monitor_id):
                yield firing


async def _recoveries(context: DatadogContext[OneMonitor], reading: MonitorReading) -> AsyncIterator[Alert]:
    """A recovery for everything that fires here and not in Datadog."""
    now = context.now
    by_key = {alert_key: group for group in reading.groups for alert_key in alert_of(group, now).keys}
    async for firing in _firing(context.store, context.payload.monitor_id):
        group = next((by_key[key] for key in firing.keys if key in by_key), None) or reading.overall
        if group is None or group.state is not AlertState.OK:
            continue
        # Without a time of its own the recovery is as old as the question: a trigger that came since then is newer.
        alert = alert_of(group.copy_with(since=group.since or reading.asked_at), now)
        yield alert.copy_with(title=firing.title, dedup_key=firing.dedup_key, keys=(firing.dedup_key, *alert.keys))
