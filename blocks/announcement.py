"""The announcement in the broadcast channel, for everybody who only wants to know: is it us, is it fixed?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from blocks import ids, kit, labels, text
from blocks.kit import Block, Card
from warroom.incident.model import Incident
from warroom.incident.view import IncidentView


def announcement(view: IncidentView, now: datetime) -> Card:
    """The incident in a few lines, with the buttons to join and to follow it; redrawn as it changes."""
    incident = view.incident
    fallback = f"{labels.headline(view)} ({labels.severity(view)}, {labels.STATE[incident.state].lower()})"
    return kit.card(
        kit.line(fallback, 500),
        [kit.header(labels.headline(view)), kit.section("\n".join(_lines(view, now))), _follow(incident)],
    )


def _follow(incident: Incident) -> Block | None:
    """Join and Subscribe, while there is something to follow."""
    if not incident.state.open or incident.private or incident.room.channel_id is None:
        return None
    carried = ids.carry(incident.id)
    return kit.actions([kit.button("Join", ids.JOIN, carried), kit.button("Subscribe", ids.SUBSCRIBE, carried)])


def _lines(view: IncidentView, now: datetime) -> Iterator[str]:
    incident, tz = view.incident, view.timezone
    yield f"*{kit.line(labels.severity(view), 80)}* · {labels.state_line(incident)}"
    yield f"*Commander:* {labels.person(incident.commander)} · *Room:* {text.channel_link(incident.room.channel_id)}"
    yield f"*Started:* {text.when(incident.declared_at, tz)} · {_how_long(incident, now)}"
    if incident.services:
        yield f"*Affected:* {kit.line(', '.join(incident.services), 200)}"
    if incident.impact:
        yield f"*Impact:* {kit.line(incident.impact, 400)}"
    if incident.updates.last and incident.updates.last_at:
        yield f"*Last update* {text.when(incident.updates.last_at, tz)}\n{kit.quote(incident.updates.last, 700)}"
    if incident.state.open and incident.deadlines.update:
        yield f"*Next update* by {text.when(incident.deadlines.update, tz)}"
    if (ended := labels.summary(incident)) and not incident.state.open:
        yield kit.quote(ended, 700)


def _how_long(incident: Incident, now: datetime) -> str:
    if incident.state.open:
        return text.since(incident.declared_at, now)
    return f"lasted {text.duration(labels.lasted(incident, now))}"


def trouble(what: str, advice: str) -> Card:
    """One line about trouble of the bot's own, for whoever can do something about it."""
    line = f"⚠️ {kit.line(what, 600).rstrip('.')}. {kit.line(advice, 400)}".strip()
    return kit.card(line, [kit.section(line)])


def team_line(view: IncidentView, now: datetime) -> Card:
    """One line for the team's own channel."""
    incident = view.incident
    line = (
        f"{labels.severity_sign(view)} *{incident.name} {kit.line(labels.title(incident), 200)}* "
        f"({kit.line(labels.severity(view), 80)}, {labels.STATE[incident.state].lower()}, "
        f"{text.ago(incident.declared_at, now)}) → {text.channel_link(incident.room.channel_id)}"
    )
    return kit.card(line, [kit.section(line)])
