"""What happened so far, for one person: the timeline, and the briefing for whoever joins late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from blocks import kit, labels, text
from blocks.alerts import alert_numbers
from blocks.incident_card import acknowledge_button
from blocks.kit import Card
from blocks.timeline import words
from warroom.incident import events
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry, Written, written_by
from warroom.incident.view import IncidentView

SHOWN = 40
LATEST = 5
NOT_NEWS = (
    events.RoomOpened,
    events.PeopleInvited,
    events.Snoozed,
    events.OnIt,
    events.UpdateMissed,
    events.EffectFailed,
    events.AlertAttached,
    events.AlertFired,
    events.AlertRecovered,
)
"""What somebody who comes late need not hear of: the alerts are counted in one line, however many came."""


def timeline(view: IncidentView, entries: Sequence[Entry], user: str = "") -> Card:
    """The latest entries, oldest first; a line says how many came before them. Those of `user` have the number by which they
    are edited or removed.
    """
    name = view.incident.name
    if not entries:
        line = f"Nothing is on the timeline of {name} yet. Add a line with /incident timeline add TEXT."
        return kit.card(line, [kit.section(line)])
    head = f"*Timeline of {name}*: {text.count(len(entries), 'entry', 'entries')}"
    lines = [f"{_number(entry, user)}{entry_line(entry, view.timezone)}" for entry in entries[-SHOWN:]]
    own = any(_number(entry, user) for entry in entries[-SHOWN:])
    earlier = len(entries) - len(lines)
    while len(lines) > 1 and sum(map(len, lines)) > 9_000:
        lines, earlier = lines[1:], earlier + 1
    pages = ["\n".join(lines[i : i + 4]) for i in range(0, len(lines), 4)]
    note = kit.context(f"{earlier:,} earlier are in the post-mortem: /incident postmortem") if earlier else None
    how = "Your entries are numbered: `/incident timeline edit N TEXT`, `/incident timeline remove N`"
    return kit.card(head, [kit.section(head), note, *map(kit.section, pages), kit.context(how) if own else None])


def _number(entry: Entry, user: str) -> str:
    """ "`3` " before an entry that this person may change."""
    own = isinstance(entry.event, Written) and entry.event.number and user in (entry.by, written_by(entry))
    return f"`{entry.event.number}` " if own and isinstance(entry.event, Written) else ""


def entry_line(entry: Entry, tz: str) -> str:
    """One entry as mrkdwn for one person's eyes."""
    what, more = words(entry.event)
    by = f" by {text.mention(entry.by) if entry.by else kit.line(entry.name, 60)}" if entry.by or entry.name else ""
    where = f" in {kit.line(entry.source, 60)}" if entry.source else ""
    said = text.spoken(" ".join(more.split()), 400)
    said = f": {said}" if said else ""
    link = f" {kit.link(entry.link, '↗')}" if entry.link else ""
    return f"{text.when(entry.at, tz)} · *{kit.line(what.capitalize(), 60)}*{by}{where}{said}{link}"


def briefing(view: IncidentView, entries: Sequence[Entry], now: datetime) -> Card:
    """Here is what you missed: state, commander, the last update, the latest events, and what is next. With Acknowledge while
    nobody has it.
    """
    incident, tz = view.incident, view.timezone
    head = f"👋 Here is what you missed in {incident.name}"
    lines = [
        f"*{head}* · {kit.line(labels.severity(view), 80)} · {labels.state_line(incident)} · {labels.age(incident, now)}",
        f"*Commander:* {labels.person(incident.commander)}",
    ]
    if incident.impact:
        lines.append(f"*Impact:* {kit.line(incident.impact, 300)}")
    if numbers := alert_numbers(view):
        lines.append(f"*Alerts:* {numbers}")
    if incident.updates.last and incident.updates.last_at:
        at = text.at_time(incident.updates.last_at, now, tz)
        lines.append(f"*Last update* {at}\n{text.set_apart(text.spoken(incident.updates.last, 700), 800)}")
    news = [entry_line(entry, tz) for entry in entries if not isinstance(entry.event, NOT_NEWS)][-LATEST:]
    waiting = incident.state is State.DETECTED
    return kit.card(
        head,
        [
            kit.section("\n".join(lines)),
            kit.section("\n".join(["*Latest*", *news])) if news else None,
            kit.section("\n".join(["*Next*", *(f"• {step}" for step in next_steps(incident, now, tz))])),
            kit.actions([acknowledge_button(incident) if waiting else None]),
        ],
    )


def next_steps(incident: Incident, now: datetime, tz: str) -> list[str]:
    """What has to happen next, as mrkdwn, most pressing first; never empty."""
    steps = []
    if incident.state is State.DETECTED:
        steps.append("Acknowledge: nobody has yet")
    elif incident.state.open and not incident.commander:
        steps.append("Assign an incident commander: `/incident role commander @name`")
    if following := labels.update_line(incident, now, tz):
        steps.append(following)
    open_items = [item for item in incident.actions if not item.done_at]
    steps += [f"{kit.line(item.text, 150)} ({labels.person(item.owner, 'no owner')})" for item in open_items[:5]]
    if incident.state is State.MITIGATED:
        steps.append("Keep an eye on it and resolve once stable")
    written = incident.postmortem
    if incident.state is State.RESOLVED and not (written and written.published_at):
        steps.append("Publish the post-mortem")
    return steps or ["Nothing is due. Ask the incident commander how you can help"]
