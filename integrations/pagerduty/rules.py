"""What of an incident's life PagerDuty hears, and what follows from its answers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from integrations.pagerduty.policy import NAME, pages, section
from integrations.pagerduty.state import Remote, state_of, with_state
from warroom.incident import events
from warroom.incident.decision import Decision
from warroom.incident.events import PageReason, Reported
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry
from warroom.integration import external_effect
from warroom.outbox.effects import URGENT, ExternalEffect
from warroom.policy import Policy
from warroom.value import Stored

TRIGGER, ACKNOWLEDGE, RESOLVE, NOTE, LOOK, WHO = "trigger", "acknowledge", "resolve", "note", "look", "who"
ALERTS = "alerts"
OPERATIONS = {
    TRIGGER: "PagerDuty pages nobody",
    ACKNOWLEDGE: "PagerDuty goes on paging",
    RESOLVE: "The incident in PagerDuty is still open",
    NOTE: "The update is not in PagerDuty",
    LOOK: "What happened in PagerDuty could not be read",
    WHO: "Who did something in PagerDuty could not be looked up",
    ALERTS: "Incidents that began in PagerDuty could not be read",
}
"""Every operation, and what a room is told when one failed for good."""


class Trigger(Stored):
    """`asked`: somebody wants more people, although somebody has it."""

    asked: bool = False


class Triggered(Stored):
    """The page was made through the routing key of that name."""

    route: str
    asked: bool = False


class Note(Stored):
    """An update that somebody posted here."""

    text: str
    by: str | None = None
    at: datetime


class Done(Stored):
    """The state that PagerDuty's incident is in now."""

    there: str


effect = partial(external_effect, NAME)
"""One of PagerDuty's effects."""


def on_event(incident: Incident, entry: Entry, policy: Policy) -> Sequence[ExternalEffect]:
    """A declaration or a level of a severity that pages triggers; whoever acknowledges or resolves here does it there too."""
    state = state_of(incident)
    match entry.event:
        case events.Declared() | events.SeverityChanged() if incident.state is State.DETECTED:
            return _trigger(incident, policy, asked=False)
        case events.PeoplePaged(reason=reason):
            return _trigger(incident, policy, asked=reason is not PageReason.DECLARED and incident.state.open)
        case events.Acknowledged() | events.Mitigated() if state.there == Remote.TRIGGERED:
            return [effect(ACKNOWLEDGE, entry.key, incident, weight=URGENT)]
        case events.Resolved() | events.Cancelled() if state.open:
            return [effect(RESOLVE, entry.key, incident, weight=URGENT)]
        case events.UpdatePosted(text=text) if state.there:
            return [effect(NOTE, entry.key, incident, payload=Note(text=text, by=entry.by, at=entry.at))]
    return []


def _trigger(incident: Incident, policy: Policy, *, asked: bool) -> list[ExternalEffect]:
    state = state_of(incident)
    wanted = pages(policy, incident.severity) and section(policy).route(incident.team)
    if not wanted or state.open or not incident.state.open:
        return []
    # The declaration and its first level are one page.
    return [effect(TRIGGER, f"trigger:{state.triggers}", incident, payload=Trigger(asked=asked), weight=URGENT)]


def on_result(incident: Incident, operation: str, payload: dict[str, Any], now: datetime) -> Decision:
    """What is there now is remembered; what changed here meanwhile is told."""
    if operation == TRIGGER:
        return _triggered(incident, Triggered.model_validate(payload), now)
    return Decision(with_state(incident, there=Done.model_validate(payload).there), quiet=True)


def _triggered(incident: Incident, result: Triggered, now: datetime) -> Decision:
    state = state_of(incident)
    after = with_state(incident, there=Remote.TRIGGERED, route=result.route, triggers=state.triggers + 1, remote_id="")
    key = f"{NAME}:triggered:{state.triggers}"
    decision = Decision(after).record(Reported(integration=NAME, what="paged", text="through PagerDuty"), now, key=key)
    follow_up = [effect(LOOK, "look", incident, coalescing=True)]
    # Somebody was faster than the page.
    if not incident.state.open:
        follow_up.append(effect(RESOLVE, f"late:{state.triggers}", incident, weight=URGENT))
    elif incident.state is not State.DETECTED and not result.asked:
        follow_up.append(effect(ACKNOWLEDGE, f"late:{state.triggers}", incident, weight=URGENT))
    return decision.with_effects(*follow_up)
