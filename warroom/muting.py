"""Muting a monitor from a room. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from warroom.alerts.model import AlertState
from warroom.errors import AlreadyDone, Refused
from warroom.incident.decision import Decision
from warroom.incident.events import Reported
from warroom.incident.model import Incident
from warroom.incident.notices import Muted
from warroom.outbox.changes import Firing
from warroom.outbox.effects import MuteMonitor
from warroom.outbox.results import MonitorMuted
from warroom.refusals import ToldByIntegration

FOR = timedelta(hours=1)


def firing_groups(firings: Iterable[Firing], monitor_id: str) -> tuple[str, ...]:
    """The groups of the monitor that fire, all that did when none does now; none when one of them has no name."""
    mine = [each for each in firings if each.monitor_id == monitor_id]
    mine = [each for each in mine if each.state is not AlertState.OK] or mine
    begin = f"1:monitor:{monitor_id}:"
    groups = [next((key.removeprefix(begin) for key in each.keys if key.startswith(begin)), "") for each in mine]
    return tuple(sorted(set(groups))) if all(groups) else ()


def mute(incident: Incident, monitor_id: str, groups: tuple[str, ...], by: str, now: datetime) -> Decision:
    """The groups of the monitor (none: all of it) are to be muted for an hour.

    Raises AlreadyDone while they are, Refused when it is not one of this incident.
    """
    if not monitor_id.isdecimal():
        raise Refused(ToldByIntegration(text="That alert names no monitor of Datadog's, so there is nothing to mute."))
    until = dict(incident.muted).get(monitor_id)
    if until and until > now:
        silent = dict(incident.muted_groups).get(monitor_id)
        if silent is None or (groups and set(groups) <= set(silent)):
            raise AlreadyDone(
                ToldByIntegration(text=f"Monitor {monitor_id} is muted already, until {until:%H:%M} UTC.")
            )
    until = now + FOR
    muted = (*(each for each in incident.muted if each[0] != monitor_id), (monitor_id, until))
    effect = MuteMonitor(
        incident_id=incident.id,
        key=f"{incident.id}:mute:{monitor_id}:{incident.version}",
        monitor_id=monitor_id,
        groups=groups,
        until=until,
        by=by,
    )
    after = incident.copy_with(muted=muted, muted_groups=_with(incident, monitor_id, groups))
    return Decision(after, quiet=True).with_effects(effect)


def _with(incident: Incident, monitor_id: str, groups: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    others = tuple(each for each in incident.muted_groups if each[0] != monitor_id)
    return (*others, (monitor_id, groups)) if groups else others


def muted(incident: Incident, result: MonitorMuted, now: datetime) -> Decision:
    """Datadog did it: said once."""
    only = f" for {'; '.join(result.groups)}" if result.groups else ""
    key = f"muted:{result.monitor_id}:{result.until.isoformat()}:{len(result.groups)}"
    text = f"monitor {result.monitor_id}{only} until {result.until:%H:%M} UTC"
    # Datadog could not be told of the groups alone, perhaps.
    after = incident.copy_with(muted_groups=_with(incident, result.monitor_id, result.groups))
    event = Reported(integration="datadog", what="monitor muted", text=text)
    decision = Decision(after, quiet=True).record(event, now, by=result.by, key=key)
    notice = Muted(monitor_id=result.monitor_id, groups=result.groups, until=result.until, by=result.by)
    return decision.say(notice, key=key)


def not_muted(incident: Incident, effect: MuteMonitor) -> Incident:
    """The incident as it is when muting was given up, so that it can be asked for again."""
    return incident.copy_with(muted=tuple(each for each in incident.muted if each != (effect.monitor_id, effect.until)))
