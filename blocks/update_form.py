"""The form of an update: its text begins with what happened since the last one, to be changed or emptied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from blocks import ids, kit, labels, text
from blocks.form_fields import INPUT, FormMistakes, chosen_in, field, form_about, text_in
from blocks.kit import Block, Option
from warroom.escalation.cadence import UPDATE_LIMIT
from warroom.incident import events
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry
from warroom.incident.view import IncidentView
from warroom.policy import Policy
from warroom.text import cut, readable
from warroom.value import Value

UPDATE, STATE, SEVERITY, IMPACT, NEXT = "update", "state", "severity", "impact", "next"
DRAFT_LIMIT = 1_500
"""Characters of a draft; more would not be read before it is posted."""
SAID_LIMIT = 200
KEEP = "keep"

_STATES: dict[State, tuple[State, ...]] = {
    State.DETECTED: (State.ACKNOWLEDGED, State.MITIGATED, State.RESOLVED),
    State.ACKNOWLEDGED: (State.MITIGATED, State.RESOLVED),
    State.MITIGATED: (State.ACKNOWLEDGED, State.RESOLVED),
}
"""From each open state, those that an update can bring about."""


class UpdateInput(Value):
    """What was filled in; None where nothing is to change. `next_update` is as typed, "" for the usual time."""

    text: str
    state: State | None = None
    severity: str | None = None
    impact: str | None = None
    next_update: str = ""


def draft(incident: Incident, entries: Sequence[Entry], names: Mapping[str, str], tz: str) -> str:
    """What happened since the last update, a line each, oldest first; "" when nothing did. `names` are of people, by id."""
    since = incident.updates.last_at or incident.declared_at
    news = [entry for entry in entries if entry.at > since]
    lines = [*_steps(news, names, tz), *_alerts(news), *_arrived(incident, news, names)]
    return cut("\n".join(lines), DRAFT_LIMIT)


def _steps(news: Sequence[Entry], names: Mapping[str, str], tz: str) -> Iterator[str]:
    for entry in news:
        # Everybody reads the same words, wherever they are: a time without its zone would be taken for their own.
        at = f"{entry.at.astimezone(text.zone(tz)):%H:%M %Z}"
        who = names.get(entry.by or "", "")
        by = f" by {who}" if who else ""
        match entry.event:
            case events.Acknowledged():
                yield f"{at} Acknowledged{by}."
            case events.Mitigated():
                yield f"{at} Mitigated, monitoring."
            case events.Reopened():
                yield f"{at} Reopened{by}."
            case events.SeverityChanged(before=before, after=after):
                yield f"{at} Severity changed from {before} to {after}."
            case events.RoleAssigned(role=role, person=person):
                yield f"{at} {names.get(person, person)} is {role}."
            case events.MessagePinned(text=said):
                yield f"{at} {who or 'Somebody'}: {_line(said, names)}"
            case events.NoteAdded(text=said):
                yield f"{at} {_line(said, names)}"
            case events.Reported(what=what, text=said, bookkeeping=False):
                yield f"{at} {_line(f'{what}: {said}' if said else what, names)}"
            case _:
                continue


def _line(said: str, names: Mapping[str, str]) -> str:
    return cut(" ".join(readable(said, names).split()), SAID_LIMIT)


def _alerts(news: Sequence[Entry]) -> Iterator[str]:
    fired = [e.event for e in news if isinstance(e.event, events.AlertAttached | events.AlertFired)]
    recovered = [e.event for e in news if isinstance(e.event, events.AlertRecovered)]
    if fired:
        yield f"{text.count(len(fired), 'alert')} fired, the last: {cut(fired[-1].title, 120)}."
    if any(isinstance(e.event, events.AlertsRecovered) for e in news):
        yield "All alerts have recovered."
    elif recovered:
        yield f"{text.count(len(recovered), 'alert')} recovered."


def _arrived(incident: Incident, news: Sequence[Entry], names: Mapping[str, str]) -> Iterator[str]:
    """Whoever was called or invited since then, and is in the channel."""
    called = [
        person
        for entry in news
        if isinstance(entry.event, events.PeoplePaged | events.PeopleInvited)
        for person in entry.event.people
    ]
    there = dict.fromkeys(person for person in called if person in incident.participants.invited)
    if there:
        shown = [names.get(person, person) for person in there][:15]
        yield f"Joined: {', '.join(shown)}."


def update_form(view: IncidentView, policy: Policy, drafted: str = "") -> Block:
    """Post an update; beside its text, optionally another state, severity or impact, and when the next one comes."""
    incident = view.incident
    last = text.when(incident.updates.last_at, view.timezone) if incident.updates.last_at else ""
    before = f"Last update {last}\n{kit.quote(incident.updates.last, 1000)}" if last else "This is the first update."
    states = [Option(f"No change ({labels.STATE[incident.state]})", KEEP)]
    states += [Option(labels.STATE[state], state.value) for state in _STATES.get(incident.state, ())]
    severities = [Option(f"{key} · {each.name}", key) for key, each in policy.severities.items()]
    hint = "Drafted from what happened since the last update: change it or empty it. " if drafted else ""
    return form_about(
        view,
        ids.FORM_UPDATE,
        "Post update",
        "Post",
        [
            field(
                UPDATE,
                "Update",
                kit.plain_text_input(INPUT, initial=drafted, multiline=True, max_length=UPDATE_LIMIT),
                hint=f"{hint}What is known, what is being done, what comes next.",
            ),
            field(STATE, "State", kit.select(INPUT, states, initial=KEEP), optional=True) if len(states) > 1 else None,
            field(SEVERITY, "Severity", kit.select(INPUT, severities, initial=incident.severity), optional=True)
            if incident.state.open
            else None,
            field(
                IMPACT,
                "Impact",
                kit.plain_text_input(INPUT, initial=incident.impact, multiline=True),
                optional=True,
                hint="What users are seeing.",
            ),
            field(
                NEXT,
                "Next update",
                kit.plain_text_input(INPUT, max_length=60, placeholder="in 30 min, or 17:40"),
                optional=True,
                hint="Empty: as often as the severity asks.",
            )
            if incident.state.open
            else None,
            kit.context(before),
        ],
        seen=incident.severity,
    )


def read_update(view: Block, incident: Incident) -> UpdateInput | FormMistakes:
    """What was filled in, or that there is no text. What was not touched in the form changes nothing."""
    written = text_in(view, UPDATE)
    if not written:
        return FormMistakes(fields={UPDATE: "An update needs words, for example: rolling back, errors are falling."})
    state, severity = chosen_in(view, STATE), chosen_in(view, SEVERITY)
    impact = text_in(view, IMPACT)
    return UpdateInput(
        text=written,
        state=State(state) if state and state != KEEP else None,
        severity=severity if severity and severity != incident.severity else None,
        impact=impact if impact != incident.impact.strip() else None,
        next_update=text_in(view, NEXT),
    )


def next_update_unclear(said: str) -> FormMistakes:
    """When the next update is due cannot be read."""
    return FormMistakes(fields={NEXT: f"“{said}” is not a time to come. For example: in 30 min, 17:40, tomorrow 9:00."})
