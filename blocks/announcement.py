"""What is posted outside of the channel: the announcement for everybody who only wants to know (is it us, is it fixed?),
one line for the team, and the topic and purpose of the channel.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from blocks import ids, kit, labels, text
from blocks.kit import Block, Card
from warroom.incident.model import Incident
from warroom.incident.view import IncidentView

TOPIC_LIMIT = 250
"""Characters of a topic or purpose, plain text (Slack: conversations.setTopic, `too_long`)."""


def announcement(view: IncidentView, now: datetime) -> Card:
    """The incident in a few lines, with the buttons to join and to follow it; redrawn as it changes and while it is late."""
    incident = view.incident
    head = labels.headline(view)
    fallback = (
        f"{text.literal(head, 400)} ({kit.line(labels.severity(view), 80)}, {labels.STATE[incident.state].lower()})"
    )
    return kit.card(
        kit.cut(fallback, 500), [kit.header(head), kit.section("\n".join(_lines(view, now))), _follow(incident)]
    )


def _follow(incident: Incident) -> Block | None:
    """Join and Subscribe, while there is something to follow."""
    if not incident.state.open or incident.private or incident.room.channel_id is None:
        return None
    carried = ids.carry(incident.id)
    return kit.actions([kit.button("Join", ids.JOIN, carried), kit.button("Subscribe", ids.SUBSCRIBE, carried)])


def _lines(view: IncidentView, now: datetime) -> Iterator[str]:
    incident, tz = view.incident, view.timezone
    yield f"*{kit.line(labels.severity(view), 80)}* · {labels.state_line(incident)} · {labels.age(incident, now)}"
    if late := " · ".join(filter(None, (labels.unacknowledged(incident, now), labels.update_line(incident, now, tz)))):
        yield late
    if (ended := labels.summary(incident)) and not incident.state.open:
        yield kit.quote(ended, 700)
    if incident.description.strip():
        yield kit.quote(" ".join(incident.description[:5_000].split()), 300)
    if incident.impact:
        yield f"*Impact:* {kit.line(incident.impact, 400)}"
    if incident.updates.last and incident.updates.last_at:
        at = text.at_time(incident.updates.last_at, now, tz)
        yield f"*Last update* {at}\n{kit.quote(incident.updates.last, 700)}"
    about = [f"*Channel:* {text.channel_link(incident.room.channel_id)}"]
    about.append(f"*Commander:* {labels.person(incident.commander)}")
    if incident.services:
        about.append(f"*Services:* {kit.line(', '.join(incident.services), 200)}")
    about.append(f"declared by {labels.person(incident.declared_by, labels.origin(incident))}")
    yield " · ".join(about)


def trouble(what: str, advice: str) -> Card:
    """One line about trouble of the bot's own, for whoever can do something about it."""
    line = f"⚠️ {kit.line(what, 600).rstrip('.')}. {kit.line(advice, 400)}".strip()
    return kit.card(line, [kit.section(line)])


def team_line(view: IncidentView, now: datetime) -> Card:
    """One line for the team's own channel, redrawn like the announcement until the end."""
    incident = view.incident
    late = labels.unacknowledged(incident, now)
    if labels.update_overdue(incident, now):
        late = labels.update_line(incident, now, view.timezone)
    line = (
        f"{labels.severity_sign(view)} *{incident.name}* {text.literal(labels.title(incident), 200)} "
        f"({kit.line(labels.severity(view), 80)}, {labels.STATE[incident.state].lower()}, "
        f"{labels.age(incident, now)}) → {text.channel_link(incident.room.channel_id)}{f' · {late}' if late else ''}"
    )
    return kit.card(line, [kit.section(line)])


def topic(view: IncidentView) -> str:
    """What the room is about: severity, whether it is over, title.

    Every change of a topic is a message in the room, so nothing in it changes by the minute or with every button.
    """
    incident = view.incident
    state = "open" if incident.state.open else labels.STATE[incident.state].lower()
    return text.plain(
        f"{labels.severity_sign(view)} {labels.severity(view)} · {state} · {text.unmarked(labels.title(incident))}",
        TOPIC_LIMIT,
    )


def purpose(view: IncidentView) -> str:
    """What the room is for."""
    incident = view.incident
    services = f" Affected: {', '.join(incident.services)}." if incident.services else ""
    return text.plain(f"{incident.name}: {text.unmarked(labels.title(incident))}.{services}", TOPIC_LIMIT)
