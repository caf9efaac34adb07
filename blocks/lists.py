"""Answers that one person sees: lists of incidents, one incident, help, and what became of a command that failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from blocks import ids, kit, labels, text
from blocks.action_items import item_lines
from blocks.answers import typed
from blocks.incident_card import details
from blocks.kit import Card
from warroom.incident.view import IncidentView
from warroom.value import Value

SHOWN = 30


class ListQuery(Value):
    """Which incidents are wanted, as it was typed and as it was understood."""

    said: str = ""
    offset: int = 0
    """How many were shown before."""
    open: bool = True
    mine: bool = False


def incident_list(
    views: Sequence[IncidentView], now: datetime, query: ListQuery | None = None, total: int | None = None
) -> Card:
    """Incidents in the order given, a line or two each. `total` is how many there are, where `views` are one page of them."""
    query, total = query or ListQuery(), len(views) if total is None else total
    what = f"{'open ' if query.open else ''}incident"
    asked = f" ({kit.line(query.said, 100)})" if query.said else ""
    if not total:
        line = f"No {what}s{asked}."
        return kit.card(line, [kit.section(f"✅ {line}" if query == ListQuery() else line)])
    if not views:
        line = f"There are only {text.count(total, what)}{asked}."
        return kit.card(line, [kit.section(line)])
    head = f"*{text.count(total, what)}*{asked}"
    if query.offset:
        head += f", from {query.offset + 1}"
    left = total - query.offset - min(len(views), SHOWN)
    more = kit.button(
        f"Show {min(left, SHOWN)} more", ids.LIST_MORE, ids.carry("", f"{query.offset + SHOWN}:{query.said}")
    )
    shown = [kit.section(f"{incident_line(view)}\n{status_line(view, now)}") for view in views[:SHOWN]]
    return kit.card(head, [kit.section(head), *shown, kit.actions([more if left > 0 else None])])


def found(query: str, views: Sequence[IncidentView], now: datetime) -> Card:
    """What a search found, open or not."""
    asked = kit.line(query, 100)
    if not views:
        line = f"No incident says “{asked}” in its title, description, what fixed it or post-mortem. Try fewer words."
        return kit.card(line, [kit.section(line)])
    return _listed(f"*{text.count(len(views), 'incident')}* with “{asked}”", views, now)


def _listed(head: str, views: Sequence[IncidentView], now: datetime) -> Card:
    shown = [kit.section(f"{incident_line(view)}\n{status_line(view, now)}") for view in views[:SHOWN]]
    more = f"and {len(views) - SHOWN:,} more" if len(views) > SHOWN else ""
    return kit.card(head, [kit.section(head), *shown, kit.context(more) if more else None])


def incident_line(view: IncidentView) -> str:
    """Sign, number, title and room."""
    incident = view.incident
    lock = "🔒 " if incident.private else ""
    title = text.literal(labels.title(incident), 150)
    return f"{lock}{labels.severity_sign(view)} *{incident.name}* {title} {text.channel_link(incident.room.channel_id)}"


def status_line(view: IncidentView, now: datetime) -> str:
    """Severity, state, age, commander and what is overdue."""
    incident = view.incident
    parts = [
        kit.line(labels.severity(view), 80),
        labels.STATE[incident.state],
        text.since(incident.declared_at, now)
        if incident.state.open
        else f"lasted {text.duration(labels.lasted(incident, now))}",
        f"commander: {labels.person(incident.commander)}",
        *overdue(view, now),
    ]
    return " · ".join(parts)


def overdue(view: IncidentView, now: datetime) -> list[str]:
    """What should have happened already, in bold words."""
    incident = view.incident
    late = []
    if incident.overdue and not incident.acknowledged_at and incident.state.open:
        late.append(f"⚠️ *unacknowledged for {text.duration(now - incident.declared_at)}*")
    if labels.update_overdue(incident, now):
        late.append(labels.update_line(incident, now, view.timezone))
    required = incident.postmortem_required_by
    published = incident.postmortem and incident.postmortem.published_at
    if required and required <= now and not published:
        late.append("⚠️ *post-mortem overdue*")
    late += [f"⚠️ *action item overdue* ({each})" for each in _late_actions(view, now)]
    return late


def _late_actions(view: IncidentView, now: datetime) -> list[str]:
    late = [item for item in view.incident.actions if item.due_at and item.due_at <= now and not item.done_at]
    return [kit.line(item.text, 60) for item in late[:2]]


def show(view: IncidentView, now: datetime) -> Card:
    """One incident as its card shows it, with the way to its room; its only button is Catch up."""
    head = labels.headline(view)
    room = kit.section(f"Channel: {text.channel_link(view.incident.room.channel_id)}")
    catch_up = kit.actions([kit.button("Catch up", ids.CATCH_UP, ids.carry(view.incident.id))])
    return kit.card(kit.line(head, 400), [kit.header(head), room, *details(view, now), *_actions(view, now), catch_up])


def _actions(view: IncidentView, now: datetime) -> list[kit.Block]:
    lines = item_lines(view.incident.actions[:15], view.timezone, now)
    return [kit.section("\n".join(["*Action items*", *lines]))] if lines else []


def alerts(view: IncidentView) -> Card:
    """Everything that fired in the incident, newest first, as far as the view holds it."""
    if not view.firings:
        line = f"No alerts are attached to {view.incident.name}."
        return kit.card(line, [kit.section(line)])
    numbers = view.incident.alerts
    head = f"*{view.incident.name}*: {text.count(numbers.count, 'alert')}, {numbers.firing:,} firing"
    lines = [
        f"{labels.ALERT_SIGN[each.state]} {kit.link(each.link, each.title or 'Untitled alert')} "
        f"({labels.ALERT_STATE[each.state]}, {each.count:,}×, last {text.when(each.last_seen_at, view.timezone)})"
        for each in view.firings
    ]
    pages = ["\n".join(lines[i : i + 5]) for i in range(0, len(lines), 5)]
    return kit.card(head, [kit.section(head), *map(kit.section, pages)])


def help_card(groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> Card:
    """The subcommands by group: (the group, (usage, what it does) of each)."""
    pages = []
    for group, rows in groups:
        lines = [f"*{kit.line(group, 60)}*", *(_help_line(usage, what) for usage, what in rows)]
        pages += ["\n".join(lines[i : i + 9]) for i in range(0, len(lines), 9)]
    head = (
        "*Warroom* runs incidents. In an incident's channel, leave the number out; elsewhere, add it: `#12`. "
        "All about one command: `/incident help oncall`"
    )
    return kit.card("What /incident can do", [kit.section(head), *map(kit.section, pages)])


def usage_card(ways: Sequence[str], what: str) -> Card:
    """One subcommand: every way to use it."""
    lines = [kit.line(what, 200), *(_help_line(way, "") for way in ways)]
    pages = ["\n".join(lines[i : i + 9]) for i in range(0, len(lines), 9)]
    return kit.card("What /incident can do", [*map(kit.section, pages)])


def _help_line(usage: str, what: str) -> str:
    return f"`/incident {kit.line(usage, 120).replace('`', '')}` {kit.line(what, 200)}".strip()


def refusal(why: str, quoted: str = "") -> Card:
    """A command that did nothing: why and what to do next, and what was typed, so that it can be copied and sent again."""
    said = text.spoken(why)
    return kit.card(f"⚠️ {said}", [kit.section(f"⚠️ {said}"), *typed(quoted)])
