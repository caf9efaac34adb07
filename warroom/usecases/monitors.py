"""Monitors that are asked instead of waited for, and muted from a room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from warroom import monitors, muting
from warroom.alerts.attach_rules import POLLED
from warroom.alerts.model import Alert, AlertState
from warroom.alerts.usecases import receive
from warroom.incident.authorize import authorize
from warroom.incident.change import change, done
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.monitors import GroupState
from warroom.outbox.changes import Changeset, Claim, Firing
from warroom.outbox.effects import Effect, ReadMonitor, ReadMonitors
from warroom.outbox.results import MonitorRead, MonitorsRead
from warroom.policy.permissions import Permission
from warroom.ports import World

OPEN_INCIDENTS = 500
"""How many open incidents are looked at for monitors that may have recovered."""
FIRINGS = 1000
"""How many things that fire in an incident are looked at for a monitor's groups."""
LATER = 80
"""Priority of asking: whatever people wait for goes first."""


async def ask_monitors(world: World) -> None:
    """Datadog is asked in the background which monitors fire and which have recovered. Raises StoreUnavailable."""
    await world.commit(Changeset(now=world.clock.now(), effects=(first_page(),)))


def first_page() -> ReadMonitors:
    """Where asking begins."""
    return _page(0)


def _page(number: int) -> ReadMonitors:
    return ReadMonitors(key=f"monitors:{number}", page=number, priority=LATER)


async def heard(world: World, claim: Claim, result: MonitorsRead | MonitorRead) -> None:
    """What Datadog answered is accepted as alerts, and the claim ends. Raises LeaseLost, StoreUnavailable."""
    following = await take(world, result)
    await world.commit(Changeset(now=world.clock.now(), effects=following, claim_result=done(claim)))


async def take(world: World, result: MonitorsRead | MonitorRead) -> tuple[Effect, ...]:
    """The answer accepted as alerts; returns what is to be asked next. Doing it twice changes nothing."""
    now = world.clock.now()
    if isinstance(result, MonitorRead):
        recovered = tuple([alert async for alert in _recoveries(world, result)])
        await receive(world, recovered, POLLED)
        return ()
    await receive(world, tuple(monitors.alert_of(group, now) for group in firing_in(world, result)), POLLED)
    if result.more:
        return (_page(result.page + 1),)
    known = dict.fromkeys([firing.monitor_id async for firing in _firing(world) if firing.monitor_id])
    return tuple(ReadMonitor(key=f"monitor:{each}", monitor_id=each, priority=LATER) for each in known)


def firing_in(world: World, result: MonitorsRead) -> list[GroupState]:
    """Those groups of the page that fire in the policy's sense."""
    return [group for group in result.groups if monitors.wanted(group, world.policy.datadog, world.clock.now())]


async def _firing(world: World, monitor_id: str | None = None) -> AsyncIterator[Firing]:
    """What fires in open incidents, as far as we know; of one monitor or of all."""
    for incident in await world.store.incidents(open_only=True, limit=OPEN_INCIDENTS):
        if not incident.alerts.firing:
            continue
        for firing in await world.store.firings(incident.id):
            known = firing.monitor_id and firing.monitor_id.isdecimal() and firing.state is not AlertState.OK
            if known and monitor_id in (None, firing.monitor_id):
                yield firing


async def _recoveries(world: World, result: MonitorRead) -> AsyncIterator[Alert]:
    """A recovery for everything that fires here and not in Datadog. A monitor that Datadog does not know says nothing:
    its number may come from another sender."""
    if result.overall is None:
        return
    now = world.clock.now()
    by_key = {alert_key: group for group in result.groups for alert_key in monitors.alert_of(group, now).keys}
    async for firing in _firing(world, result.monitor_id):
        group = next((by_key[key] for key in firing.keys if key in by_key), None) or result.overall
        if group.state is not AlertState.OK:
            continue
        # Without a time of its own the recovery is as old as the question: a trigger that came since then is newer.
        alert = monitors.alert_of(group.copy_with(since=group.since or result.asked_at), now)
        yield alert.copy_with(title=firing.title, dedup_key=firing.dedup_key, keys=(firing.dedup_key, *alert.keys))


async def mute(world: World, incident_id: str, monitor_id: str, by: str) -> Incident:
    """What of the monitor fires here is silent for an hour from now; the room hears when it is.

    Raises AlreadyDone, Refused, NotFound.
    """

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.MUTE, by, incident)
        groups = muting.firing_groups(await world.store.firings(incident.id, limit=FIRINGS), monitor_id)
        return muting.mute(incident, monitor_id, groups, by, now)

    return await change(world, incident_id, decide)
