"""The room's topic and purpose: plain text of at most 250 characters (Slack: conversations.setTopic, `too_long`)."""

from __future__ import annotations

from blocks import labels, text
from warroom.incident.view import IncidentView

LIMIT = 250


def topic(view: IncidentView) -> str:
    """What the room is about: severity, whether it is over, title.

    Every change of a topic is a message in the room, so nothing in it changes by the minute or with every button.
    """
    incident = view.incident
    state = "open" if incident.state.open else labels.STATE[incident.state].lower()
    return text.plain(
        f"{labels.severity_sign(view)} {labels.severity(view)} · {state} · {text.unmarked(labels.title(incident))}",
        LIMIT,
    )


def purpose(view: IncidentView) -> str:
    """What the room is for."""
    incident = view.incident
    services = f" Affected: {', '.join(incident.services)}." if incident.services else ""
    return text.plain(f"{incident.name}: {text.unmarked(labels.title(incident))}.{services}", LIMIT)
