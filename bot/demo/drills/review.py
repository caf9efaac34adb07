"""Compares what the people of an incident did with what the policy asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.demo.drills.drill_file import CauseOutcome, Drill, Outcome
from warroom.durations import format_duration
from warroom.incident.events import UpdateMissed, UpdatePosted
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry
from warroom.policy import Policy


@dataclass(frozen=True)
class ReviewLine:
    """One row of the review: what the policy asks, what happened, and the outcome in the words of a drill's `expect`."""

    question: str
    asked: str
    happened: str
    outcome: str


def review(incident: Incident, timeline: Sequence[Entry], policy: Policy, now: datetime) -> list[ReviewLine]:
    """Four rows: acknowledgement, updates, escalation level, post-mortem."""
    return [
        _acknowledged(incident, policy, now),
        _updates(incident, timeline, policy),
        _level(incident),
        _postmortem(incident, policy, now),
    ]


def named_cause(said: Sequence[str] | None, true: str) -> CauseOutcome:
    """Whether the services that an investigation named, most likely first, are right. `said` is None where there was none."""
    if said is None:
        return "not looked at"
    if not said:
        return "inconclusive"
    if said[0] == true:
        return "named"
    return "among three" if true in said[:3] else "missed"


def cause_line(incident: Incident, true: str, trouble: str) -> ReviewLine:
    """One row: whether the incident's investigation named the service in which the trouble truly has its cause."""
    answer = incident.investigation.answer
    said = None if answer is None else [each.service for each in answer.causes if answer.verdict == "cause"]
    outcome = named_cause(said, true)
    happened = {"not looked at": "nobody looked", "inconclusive": "inconclusive"}.get(outcome) or ", ".join(said or ())
    return ReviewLine("cause", f"{trouble} at {true}", happened, outcome)


def _acknowledged(incident: Incident, policy: Policy, now: datetime) -> ReviewLine:
    within = policy.severities[incident.severity].acknowledge_within
    asked = f"within {format_duration(within)}"
    if incident.acknowledged_at is None:
        if incident.cancelled_at is not None:
            return ReviewLine("acknowledged", asked, "cancelled before", "not needed")
        return ReviewLine("acknowledged", asked, f"nobody in {_span(now - incident.declared_at)}", "never")
    took = incident.acknowledged_at - incident.declared_at
    # The clock runs on while the drill is played, so a second of tolerance.
    outcome = "in time" if took <= within + timedelta(seconds=1) else "late"
    by = f" by <@{incident.acknowledged_by}>" if incident.acknowledged_by else ""
    return ReviewLine("acknowledged", asked, f"after {_span(took)}{by}", outcome)


def _updates(incident: Incident, timeline: Sequence[Entry], policy: Policy) -> ReviewLine:
    every = policy.severities[incident.severity].update_every
    posted = sum(isinstance(entry.event, UpdatePosted) for entry in timeline)
    missed = sum(isinstance(entry.event, UpdateMissed) for entry in timeline)
    happened = f"{posted} posted, {missed} missed"
    if every is None:
        return ReviewLine("updates", "none asked for", happened, "not needed")
    return ReviewLine("updates", f"every {format_duration(every)}", happened, "late" if missed else "in time")


def _level(incident: Incident) -> ReviewLine:
    escalation = incident.escalation
    again = "once" if escalation.rounds == 1 else f"{escalation.rounds} times"
    last = f", then paged again {again}" if escalation.rounds else ""
    return ReviewLine(
        "escalation",
        f"{len(escalation.levels)} levels",
        f"level {escalation.reached} reached{last}",
        str(escalation.reached),
    )


def _postmortem(incident: Incident, policy: Policy, now: datetime) -> ReviewLine:
    within = policy.severities[incident.severity].postmortem_within
    document, over = incident.postmortem, incident.resolved_at
    if within is None or incident.state is State.CANCELLED:
        return ReviewLine("post-mortem", "none asked for", "written" if document else "none", "not needed")
    asked = f"within {format_duration(within)} of the end"
    if document is None or document.published_at is None or over is None:
        ended = f"open {_span(now - over)} after the end" if over else "the incident is not over"
        return ReviewLine("post-mortem", asked, ended, "late" if over and now - over > within else "open")
    took = document.published_at - over
    return ReviewLine("post-mortem", asked, f"published after {_span(took)}", "in time" if took <= within else "late")


def _span(length: timedelta) -> str:
    whole = timedelta(seconds=round(length.total_seconds()))
    return format_duration(whole if whole < timedelta(hours=1) else timedelta(minutes=whole // timedelta(minutes=1)))


def differences(drill: Drill, ended: Sequence[tuple[Incident, Sequence[ReviewLine]]], rooms: int) -> list[str]:
    """The differences between the drill's expectations and its end, a sentence each."""
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


def _pairs(outcome: Outcome, incident: Incident, lines: Sequence[ReviewLine]) -> list[tuple[str, object, object]]:
    acknowledged, updates, level, postmortem, *cause = (line.outcome for line in lines)
    return [
        ("state", outcome.state, str(incident.state)),
        ("acknowledged", outcome.acknowledged, acknowledged),
        ("updates", outcome.updates, updates),
        ("level", outcome.level, int(level)),
        ("postmortem", outcome.postmortem, postmortem),
        ("cause", outcome.cause, cause[0] if cause else "not looked at"),
    ]
