"""What the people of an incident did, held against the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.demo.drills.script import Drill, Outcome
from warroom.durations import format_duration
from warroom.incident.events import UpdateMissed, UpdatePosted
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry
from warroom.policy import Policy


@dataclass(frozen=True)
class RateLimitedClient:
    """One question to the policy. `kept` is the word that a drill's `expect` uses."""

    question: str
    asked: str
    happened: str
    kept: str


def review(incident: Incident, timeline: Sequence[Entry], policy: Policy, now: datetime) -> list[RateLimitedClient]:
    """Acknowledged in time? Updates in time? Which level? A post-mortem?"""
    return [
        _acknowledged(incident, policy, now),
        _updates(incident, timeline, policy),
        _level(incident),
        _postmortem(incident, policy, now),
    ]


def _acknowledged(incident: Incident, policy: Policy, now: datetime) -> RateLimitedClient:
    within = policy.severities[incident.severity].acknowledge_within
    asked = f"within {format_duration(within)}"
    if incident.acknowledged_at is None:
        if incident.cancelled_at is not None:
            return RateLimitedClient("acknowledged", asked, "cancelled before", "not needed")
        return RateLimitedClient("acknowledged", asked, f"nobody in {_span(now - incident.declared_at)}", "never")
    took = incident.acknowledged_at - incident.declared_at
    # The clock runs on while the story is told; a second is no matter between people.
    kept = "in time" if took <= within + timedelta(seconds=1) else "late"
    by = f" by <@{incident.acknowledged_by}>" if incident.acknowledged_by else ""
    return RateLimitedClient("acknowledged", asked, f"after {_span(took)}{by}", kept)


def _updates(incident: Incident, timeline: Sequence[Entry], policy: Policy) -> RateLimitedClient:
    every = policy.severities[incident.severity].update_every
    posted = sum(isinstance(entry.event, UpdatePosted) for entry in timeline)
    missed = sum(isinstance(entry.event, UpdateMissed) for entry in timeline)
    happened = f"{posted} posted, {missed} missed"
    if every is None:
        return RateLimitedClient("updates", "none asked for", happened, "not needed")
    return RateLimitedClient("updates", f"every {format_duration(every)}", happened, "late" if missed else "in time")


def _level(incident: Incident) -> RateLimitedClient:
    chain = incident.escalation
    again = "once" if chain.rounds == 1 else f"{chain.rounds} times"
    last = f", then told again {again}" if chain.rounds else ""
    return RateLimitedClient(
        "escalation", f"{len(chain.levels)} levels", f"level {chain.reached} reached{last}", str(chain.reached)
    )


def _postmortem(incident: Incident, policy: Policy, now: datetime) -> RateLimitedClient:
    within = policy.severities[incident.severity].postmortem_within
    document, over = incident.postmortem, incident.resolved_at
    if within is None or incident.state is State.CANCELLED:
        return RateLimitedClient("post-mortem", "none asked for", "written" if document else "none", "not needed")
    asked = f"within {format_duration(within)} of the end"
    if document is None or document.published_at is None or over is None:
        ended = f"open {_span(now - over)} after the end" if over else "the incident is not over"
        return RateLimitedClient("post-mortem", asked, ended, "late" if over and now - over > within else "open")
    took = document.published_at - over
    return RateLimitedClient(
        "post-mortem", asked, f"published after {_span(took)}", "in time" if took <= within else "late"
    )


def _span(length: timedelta) -> str:
    whole = timedelta(seconds=round(length.total_seconds()))
    return format_duration(whole if whole < timedelta(hours=1) else timedelta(minutes=whole // timedelta(minutes=1)))


def differences(drill: Drill, ended: Sequence[tuple[Incident, Sequence[RateLimitedClient]]], rooms: int) -> list[str]:
    """What ended otherwise than the drill expects, a sentence each."""
    found = []
    if drill.expect.rooms not in (None, rooms):
        found.append(f"expect.rooms is {drill.expect.rooms}, but there are {rooms}")
    known = {incident.number: (incident, lines) for incident, lines in ended}
    for number, outcome in drill.expect.incidents.items():
        if number not in known:
            found.append(f"expect.incidents[{number}]: there was no INC-{number}")
            continue
        incident, lines = known[number]
        found += [
            f"expect.incidents[{number}].{key} is {wanted!r}, but it was {was!r}"
            for key, wanted, was in _pairs(outcome, incident, lines)
            if wanted not in (None, was)
        ]
    return found


def _pairs(
    outcome: Outcome, incident: Incident, lines: Sequence[RateLimitedClient]
) -> list[tuple[str, object, object]]:
    acknowledged, updates, level, postmortem = (line.kept for line in lines)
    return [
        ("state", outcome.state, str(incident.state)),
        ("acknowledged", outcome.acknowledged, acknowledged),
        ("updates", outcome.updates, updates),
        ("level", outcome.level, int(level)),
        ("postmortem", outcome.postmortem, postmortem),
    ]
