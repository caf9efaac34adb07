"""Muting a monitor from a room. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from warroom.alert import AlertState
from warroom.changes import Firing
from warroom.decision import Decision
from warroom.effects import MuteMonitor
from warroom.errors import AlreadyDone, Refused
from warroom.facts import MonitorMuted
from warroom.incident import Incident
from warroom.notices import Muted
from warroom.timeline import Happened

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
        raise Refused("That alert names no monitor of Datadog's, so there is nothing to mute.")
    until = dict(incident.muted).get(monitor_id)
    if until and until > now:
        silent = dict(incident.muted_groups).get(monitor_id)
        if silent is None or (groups and set(groups) <= set(silent)):
            raise AlreadyDone(f"Monitor {monitor_id} is muted already, until {until:%H:%M} UTC.")
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
    after = incident.but(muted=muted, muted_groups=_with(incident, monitor_id, groups))
    return Decision(after, quiet=True).ask(effect)


def _with(incident: Incident, monitor_id: str, groups: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    others = tuple(each for each in incident.muted_groups if each[0] != monitor_id)
    return (*others, (monitor_id, groups)) if groups else others


def muted(incident: Incident, fact: MonitorMuted, now: datetime) -> Decision:
    """Datadog did it: said once."""
    only = f" for {'; '.join(fact.groups)}" if fact.groups else ""
    key = f"muted:{fact.monitor_id}:{fact.until.isoformat()}:{len(fact.groups)}"
    text = f"monitor {fact.monitor_id}{only} until {fact.until:%H:%M} UTC"
    # Datadog could not be told of the groups alone, perhaps.
    after = incident.but(muted_groups=_with(incident, fact.monitor_id, fact.groups))
    decision = Decision(after, quiet=True).note(Happened.MUTED, now, by=fact.by, text=text, key=key)
    notice = Muted(monitor_id=fact.monitor_id, groups=fact.groups, until=fact.until, by=fact.by)
    return decision.say(notice, key=key)


def not_muted(incident: Incident, effect: MuteMonitor) -> Incident:
    """The incident as it is when muting was given up, so that it can be asked for again."""
    return incident.but(muted=tuple(each for each in incident.muted if each != (effect.monitor_id, effect.until)))
