"""Monitors that are asked instead of waited for, and muted from a room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from warroom import monitors, muting
from warroom.alert import Alert, AlertState
from warroom.changes import Changeset, Claim, Firing
from warroom.decision import Decision
from warroom.effects import Effect, ReadMonitor, ReadMonitors
from warroom.facts import MonitorRead, MonitorsRead
from warroom.incident import Incident
from warroom.intake import POLLED
from warroom.monitors import GroupState
from warroom.ports import World
from warroom.usecases.alerts import receive
from warroom.usecases.allowed import Deed, require
from warroom.usecases.change import change, done

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


async def heard(world: World, claim: Claim, fact: MonitorsRead | MonitorRead) -> None:
    """What Datadog answered is accepted as alerts, and the claim ends. Raises LeaseLost, StoreUnavailable."""
    following = await take(world, fact)
    await world.commit(Changeset(now=world.clock.now(), effects=following, settlement=done(claim)))


async def take(world: World, fact: MonitorsRead | MonitorRead) -> tuple[Effect, ...]:
    """The answer accepted as alerts; returns what is to be asked next. Doing it twice changes nothing."""
    now = world.clock.now()
    if isinstance(fact, MonitorRead):
        recovered = tuple([alert async for alert in _recoveries(world, fact)])
        await receive(world, recovered, POLLED)
        return ()
    await receive(world, tuple(monitors.alert_of(group, now) for group in firing_in(world, fact)), POLLED)
    if fact.more:
        return (_page(fact.page + 1),)
    known = dict.fromkeys([firing.monitor_id async for firing in _firing(world) if firing.monitor_id])
    return tuple(ReadMonitor(key=f"monitor:{each}", monitor_id=each, priority=LATER) for each in known)


def firing_in(world: World, fact: MonitorsRead) -> list[GroupState]:
    """Those groups of the page that fire in the policy's sense."""
    return [group for group in fact.groups if monitors.wanted(group, world.policy.datadog, world.clock.now())]


async def _firing(world: World, monitor_id: str | None = None) -> AsyncIterator[Firing]:
    """What fires in open incidents, as far as we know; of one monitor or of all."""
    for incident in await world.store.incidents(open_only=True, limit=OPEN_INCIDENTS):
        if not incident.alerts.firing:
            continue
        for firing in await world.store.firings(incident.id):
            known = firing.monitor_id and firing.monitor_id.isdecimal() and firing.state is not AlertState.OK
            if known and monitor_id in (None, firing.monitor_id):
                yield firing


async def _recoveries(world: World, fact: MonitorRead) -> AsyncIterator[Alert]:
    """A recovery for everything that fires here and not in Datadog. A monitor that Datadog does not know says nothing:
    its number may come from another sender."""
    if fact.overall is None:
        return
    now = world.clock.now()
    by_key = {alert_key: group for group in fact.groups for alert_key in monitors.alert_of(group, now).keys}
    async for firing in _firing(world, fact.monitor_id):
        group = next((by_key[key] for key in firing.keys if key in by_key), None) or fact.overall
        if group.state is not AlertState.OK:
            continue
        # Without a time of its own the recovery is as old as the question: a trigger that came since then is newer.
        alert = monitors.alert_of(group.but(since=group.since or fact.asked_at), now)
        yield alert.but(title=firing.title, dedup_key=firing.dedup_key, keys=(firing.dedup_key, *alert.keys))


async def mute(world: World, incident_id: str, monitor_id: str, by: str) -> Incident:
    """What of the monitor fires here is silent for an hour from now; the room hears when it is.

    Raises AlreadyDone, Refused, NotFound.
    """

    async def decide(incident: Incident, now: datetime) -> Decision:
        await require(world, Deed.MUTE, by, incident)
        groups = muting.firing_groups(await world.store.firings(incident.id, limit=FIRINGS), monitor_id)
        return muting.mute(incident, monitor_id, groups, by, now)

    return await change(world, incident_id, decide)
