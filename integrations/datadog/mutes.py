"""Muting a monitor from a room. The rules are pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from integrations.datadog.effects import MuteRequest, MuteResult, mute_monitor
from integrations.datadog.policy import NAME
from integrations.datadog.state import Mute, state_of, with_mute, with_state
from warroom.alerts.model import AlertState
from warroom.errors import AlreadyDone, Refused
from warroom.incident.change import authorize, change
from warroom.incident.decision import Decision
from warroom.incident.events import Reported
from warroom.incident.model import Incident
from warroom.incident.notices import Muted
from warroom.outbox.changes import Firing
from warroom.policy.permissions import Permission
from warroom.ports import World
from warroom.refusals import RefusedByIntegration

FOR = timedelta(hours=1)
FIRINGS = 1000
"""How many things that fire in an incident are looked at for a monitor's groups."""


async def mute(world: World, incident_id: str, monitor_id: str, by: str) -> Incident:
    """What of the monitor fires here is silent for an hour from now; the room is told when it is.

    Raises AlreadyDone, Refused, NotFound.
    """

    async def decide(incident: Incident, now: datetime) -> Decision:
        await authorize(world, Permission.MUTE, by, incident)
        groups = firing_groups(await world.store.firings(incident.id, limit=FIRINGS), monitor_id)
        return requested(incident, monitor_id, groups, by, now)

    return await change(world, incident_id, decide)


def firing_groups(firings: Iterable[Firing], monitor_id: str) -> tuple[str, ...]:
    """The groups of the monitor that fire, all that did when none does now; none when one of them has no name."""
    mine = [each for each in firings if each.monitor_id == monitor_id]
    mine = [each for each in mine if each.state is not AlertState.OK] or mine
    begin = f"1:monitor:{monitor_id}:"
    groups = [next((key.removeprefix(begin) for key in each.keys if key.startswith(begin)), "") for each in mine]
    return tuple(sorted(set(groups))) if all(groups) else ()


def requested(incident: Incident, monitor_id: str, groups: tuple[str, ...], by: str, now: datetime) -> Decision:
    """The groups of the monitor (none: all of it) are to be muted for an hour.

    Raises AlreadyDone while they are, Refused when it is not one of Datadog's.
    """
    if not monitor_id.isdecimal():
        raise Refused(
            RefusedByIntegration(text="That alert names no monitor of Datadog's, so there is nothing to mute.")
        )
    known = state_of(incident).mute_of(monitor_id)
    if known and known.until > now and (not known.groups or (groups and set(groups) <= set(known.groups))):
        muted = RefusedByIntegration(text=f"Monitor {monitor_id} is muted already, until {known.until:%H:%M} UTC.")
        raise AlreadyDone(muted)
    until = now + FOR
    after = with_mute(incident, Mute(monitor_id=monitor_id, until=until, groups=groups))
    effect = mute_monitor(incident, MuteRequest(monitor_id=monitor_id, groups=groups, until=until, by=by))
    return Decision(after, quiet=True).with_effects(effect)


def muted(incident: Incident, result: MuteResult, now: datetime) -> Decision:
    """Datadog did it: said once."""
    only = f" for {'; '.join(result.groups)}" if result.groups else ""
    key = f"muted:{result.monitor_id}:{result.until.isoformat()}:{len(result.groups)}"
    text = f"monitor {result.monitor_id}{only} until {result.until:%H:%M} UTC"
    after = incident
    if known := state_of(incident).mute_of(result.monitor_id):
        # Datadog could not be told of the groups alone, perhaps.
        after = with_mute(incident, known.copy_with(groups=result.groups))
    event = Reported(integration=NAME, what="monitor muted", text=text)
    decision = Decision(after, quiet=True).record(event, now, by=result.by, key=key)
    notice = Muted(monitor_id=result.monitor_id, groups=result.groups, until=result.until, by=result.by)
    return decision.say(notice, key=key)


def not_muted(incident: Incident, request: MuteRequest) -> Incident:
    """The incident when muting was given up, so that it can be asked for again."""
    mutes = state_of(incident).mutes
    left = tuple(each for each in mutes if (each.monitor_id, each.until) != (request.monitor_id, request.until))
    return with_state(incident, mutes=left) if left != mutes else incident
