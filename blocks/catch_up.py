"""Where an incident stands, on one screen for one person; at a later time what is new since they last looked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from blocks import kit, labels, text
from blocks.alerts import alert_numbers
from blocks.incident_card import acknowledge_button
from blocks.kit import Card
from blocks.timeline_list import NOT_NEWS, entry_line, next_steps
from warroom.incident import events
from warroom.incident.model import State
from warroom.incident.roles import COMMANDER
from warroom.incident.timeline import Entry
from warroom.incident.view import IncidentView

TRIED = (
    events.NoteAdded,
    events.MessagePinned,
    events.Mitigated,
    events.Reopened,
    events.Reported,
    events.ServiceChanged,
    events.Investigated,
)
"""Events that tell what people did about it; updates stand by themselves."""
SHOWN = 6
"""Entries of one kind on the screen."""


def _tried(event: events.Event) -> bool:
    return isinstance(event, TRIED) and not (isinstance(event, events.Reported) and event.bookkeeping)


def catch_up_card(view: IncidentView, entries: Sequence[Entry], since: datetime | None, now: datetime) -> Card:
    """State, impact, who has which role, what was tried, the last update, what is next. With `since`, what is new comes first."""
    incident, tz = view.incident, view.timezone
    head = f"{incident.name} {labels.title(incident)}"
    waiting = incident.state is State.DETECTED
    return kit.card(
        kit.line(f"Catch up: {head}", 300),
        [
            kit.section("\n".join(_standing(view, now))),
            kit.section("\n".join(_new(entries, since, now, tz))) if since else None,
            _listed("*What was tried*", [each for each in entries if _tried(each.event)], tz)
            or kit.section("*What was tried*\nNothing noted yet."),
            kit.section("\n".join(_update(view, entries, now))),
            kit.section("\n".join(["*Next*", *(f"• {step}" for step in next_steps(incident, now, tz))])),
            kit.actions([acknowledge_button(incident) if waiting else None]),
        ],
    )


def _standing(view: IncidentView, now: datetime) -> Iterator[str]:
    incident = view.incident
    room = text.channel_link(incident.room.channel_id)
    yield f"*{incident.name}* {text.literal(labels.title(incident), 150)} {room}".rstrip()
    yield f"{kit.line(labels.severity(view), 80)} · {labels.state_line(incident)} · {labels.age(incident, now)}"
    yield f"*Impact:* {kit.line(incident.impact, 300) or 'nobody has said yet'}"
    roles = [f"{COMMANDER} {labels.person(incident.commander)}"]
    roles += [f"{kit.line(role, 60)} {text.mention(person)}" for role, person in incident.roles[:10]]
    yield f"*Roles:* {', '.join(roles)}"
    if numbers := alert_numbers(view):
        link = kit.link(incident.alerts.last_link, "newest alert") if incident.alerts.last_link else ""
        yield f"*Alerts:* {numbers}{f' · {link}' if link else ''}"


def _new(entries: Sequence[Entry], since: datetime, now: datetime, tz: str) -> Iterator[str]:
    """What happened after they looked."""
    news = [each for each in entries if each.at > since and not isinstance(each.event, NOT_NEWS)]
    when = text.at_time(since, now, tz)
    if not news:
        yield f"*Nothing new since you last looked* ({when})"
        return
    yield f"*Since you last looked* ({when}): {len(news):,} new"
    if len(news) > SHOWN:
        yield f"… the last {SHOWN}; the others: `/incident timeline`"
    yield from (entry_line(each, tz) for each in news[-SHOWN:])


def _listed(head: str, found: Sequence[Entry], tz: str) -> kit.Block | None:
    if not found:
        return None
    more = [f"… {len(found) - SHOWN:,} earlier: `/incident timeline`"] if len(found) > SHOWN else []
    return kit.section("\n".join([head, *more, *(entry_line(each, tz) for each in found[-SHOWN:])]))


def _update(view: IncidentView, entries: Sequence[Entry], now: datetime) -> Iterator[str]:
    last = view.incident.updates
    if not last.last or last.last_at is None:
        yield "*Last update*\nNone yet."
        return
    posted = [each for each in entries if isinstance(each.event, events.UpdatePosted)]
    link = kit.link(posted[-1].link, "↗") if posted and posted[-1].link else ""
    by = f" by {text.mention(last.last_by)}" if last.last_by else ""
    yield f"*Last update* {text.at_time(last.last_at, now, view.timezone)}{by} {link}".rstrip()
    yield text.set_apart(text.spoken(last.last, 700), 800)
