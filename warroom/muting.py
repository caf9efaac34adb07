"""Muting a monitor from a room. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from warroom.decision import Decision
from warroom.effects import MuteMonitor
from warroom.errors import AlreadyDone, Refused
from warroom.facts import MonitorMuted
from warroom.incident import Incident
from warroom.notices import Muted
from warroom.timeline import Happened

FOR = timedelta(hours=1)


def mute(incident: Incident, monitor_id: str, by: str, now: datetime) -> Decision:
    """The monitor is to be muted for an hour. Raises AlreadyDone while it is, Refused when it is not one of this incident."""
    if not monitor_id.isdecimal():
        raise Refused("That alert names no monitor of Datadog's, so there is nothing to mute.")
    until = dict(incident.muted).get(monitor_id)
    if until and until > now:
        raise AlreadyDone(f"Monitor {monitor_id} is muted already, until {until:%H:%M} UTC.")
    until = now + FOR
    muted = (*(each for each in incident.muted if each[0] != monitor_id), (monitor_id, until))
    effect = MuteMonitor(
        incident_id=incident.id,
        key=f"{incident.id}:mute:{monitor_id}:{incident.version}",
        monitor_id=monitor_id,
        until=until,
        by=by,
    )
    return Decision(incident.but(muted=muted), quiet=True).ask(effect)


def muted(incident: Incident, fact: MonitorMuted, now: datetime) -> Decision:
    """Datadog did it: said once."""
    text = f"monitor {fact.monitor_id} until {fact.until:%H:%M} UTC"
    decision = Decision(incident, quiet=True).note(
        Happened.MUTED, now, by=fact.by, text=text, key=f"muted:{fact.monitor_id}:{fact.until.isoformat()}"
    )
    notice = Muted(monitor_id=fact.monitor_id, until=fact.until, by=fact.by)
    return decision.say(notice, key=f"muted:{fact.monitor_id}:{fact.until.isoformat()}")


def not_muted(incident: Incident, effect: MuteMonitor) -> Incident:
    """The incident as it is when muting was given up, so that it can be asked for again."""
    return incident.but(muted=tuple(each for each in incident.muted if each != (effect.monitor_id, effect.until)))
