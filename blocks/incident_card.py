"""The incident card: one picture of what is known and what can be done next, read on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from blocks import ids, kit, labels, text
from blocks.alerts import alert_numbers
from blocks.card_menu import card_menu
from blocks.kit import Block, Card, Option
from warroom.incident.model import Incident, State
from warroom.incident.view import IncidentView, NextPage

HEADLINE = 150
"""Characters of a header (Slack: header block)."""
DESCRIPTION, LINES = 240, 3
"""What the card shows of the description: the buttons must stay on the screen of a phone."""


def incident_card(view: IncidentView, now: datetime) -> Card:
    """The card as it is at `now`. While nobody has the incident it mentions everybody paged: posting it notifies them."""
    incident = view.incident
    head = labels.headline(view)
    return kit.card(
        f"{text.literal(head, 400)} ({kit.line(labels.severity(view), 80)}, {labels.STATE[incident.state].lower()})",
        [
            kit.header(head),
            *_first(view, now),
            # Slack forgets what was chosen in a menu only when its block gets another id.
            kit.actions(_buttons(view), block_id=f"card:{incident.room.menu_used}"),
            *_further(view, now),
        ],
    )


def details(view: IncidentView, now: datetime) -> Iterator[Block]:
    """Everything the card says below its headline, without buttons."""
    yield from _first(view, now)
    yield from _further(view, now)


def _first(view: IncidentView, now: datetime) -> Iterator[Block]:
    """What stands above the buttons, what a person woken by this needs first at the top."""
    yield kit.section("\n".join(_urgent(view, now)))
    if story := list(_story(view, now)):
        yield kit.section("\n".join(story))
    yield kit.section("\n".join(_facts(view)), accessory=_alert_menu(view))


def _further(view: IncidentView, now: datetime) -> Iterator[Block]:
    """What stands below the buttons: it may take the space that it needs."""
    incident = view.incident
    yield kit.context(" · ".join(_small_print(view, now)))
    if len(labels.headline(view)) > HEADLINE:
        yield kit.section(f"*Title:* {text.literal(labels.title(incident), 600)}")
    if fields := [f"*{kit.line(name, 80)}:* {kit.line(value, 200)}" for name, value in incident.fields[:10]]:
        yield kit.section("\n".join(fields))
    if picture := kit.image(incident.alerts.snapshot, f"The metric of {incident.alerts.last_title}"):
        yield picture


def _urgent(view: IncidentView, now: datetime) -> Iterator[str]:
    incident = view.incident
    yield f"*{kit.line(labels.severity(view), 80)}* · {labels.state_line(incident)} · {labels.age(incident, now)}"
    if waiting := " · ".join(filter(None, _waiting(view, now))):
        yield waiting
    if following := labels.update_line(incident, now, view.timezone):
        yield following
    if (ended := labels.summary(incident)) and not incident.state.open:
        yield kit.quote(ended, 600)


def _waiting(view: IncidentView, now: datetime) -> Iterator[str]:
    """Until when it is to be acknowledged, and who is called next."""
    incident, tz = view.incident, view.timezone
    if incident.state is not State.DETECTED:
        return
    if late := labels.unacknowledged(incident, now):
        yield f"{late}, overdue"
    elif incident.deadlines.ack:
        yield f"Acknowledge by {text.at_time(incident.deadlines.ack, now, tz)}"
    if incident.escalation.paused_at:
        yield "escalation paused: every alert has recovered"
    elif view.next_page and (due := incident.deadlines.page):
        again = " again" if view.next_page.again else ""
        who = f"level {view.next_page.level} ({kit.line(labels.names(view.next_page.names), 200)})"
        yield f"{who}{again} at {text.at_time(due, now, tz)} ({text.since(due, now)})"


def _story(view: IncidentView, now: datetime) -> Iterator[str]:
    """What people wrote: the description, whom it hurts, the last update."""
    incident = view.incident
    if incident.description.strip():
        yield kit.quote(_beginning(incident.description), DESCRIPTION + 2 * LINES)
    if incident.impact:
        yield f"*Impact:* {kit.line(incident.impact, 300)}"
    if incident.updates.last and incident.updates.last_at:
        by = f" by {text.mention(incident.updates.last_by)}" if incident.updates.last_by else ""
        yield f"*Last update* {text.at_time(incident.updates.last_at, now, view.timezone)}{by}"
        yield kit.quote(incident.updates.last, 500)


def _beginning(description: str) -> str:
    lines = [" ".join(line.split()) for line in description[:5_000].splitlines() if line.strip()]
    return "\n".join([*lines[:LINES], "…"] if len(lines) > LINES else lines)


def _facts(view: IncidentView) -> Iterator[str]:
    incident = view.incident
    about = [f"*Commander:* {labels.person(incident.commander)}"]
    about += [f"*{kit.line(role.capitalize(), 60)}:* {text.mention(user)}" for role, user in incident.roles[:10]]
    if affected := kit.line(", ".join(incident.services), 200):
        about.append(f"*Services:* {affected}")
    if team := kit.line(incident.team or "", 80):
        about.append(f"*Team:* {team}")
    yield " · ".join(about)
    if numbers := alert_numbers(view):
        alerts = incident.alerts
        last = kit.link(alerts.last_link, text.unmarked(alerts.last_title) or "open the last alert")
        state = f"{labels.ALERT_SIGN[alerts.last_state]} {last} ({labels.ALERT_STATE[alerts.last_state]})"
        yield f"*Alerts:* {numbers} · {state}"
    if links := [
        kit.link(each.url, each.title) for each in incident.links[:8] if each.url != incident.alerts.last_link
    ]:
        yield " · ".join(links)


def _alert_menu(view: IncidentView) -> Block | None:
    """The menu beside the alerts: what integrations offer about them. None where they offer nothing."""
    offered = [entry for entry in view.menu if not entry.about_incident]
    chosen = [f"{ids.ALERT_MENU_LINK}:{entry.value}" if entry.url else entry.value for entry in offered]
    return kit.overflow(
        ids.ALERT_MENU,
        [
            Option(entry.label, ids.carry(view.incident.id, value), entry.url)
            for entry, value in zip(offered, chosen, strict=True)
        ],
    )


def _small_print(view: IncidentView, now: datetime) -> Iterator[str]:
    incident, state, tz = view.incident, view.incident.escalation, view.timezone
    if incident.private:
        yield "🔒 Private: only people in this channel see it"
    if incident.state is State.DETECTED and state.paged:
        yield f"Paged: {text.mentions(state.paged, 1500)} (in Slack only; Do Not Disturb holds that back)"
    if view.level_count:
        again = f", re-paged {times(state.rounds)}" if state.rounds else ""
        yield f"Escalation: level {view.levels_paged} of {view.level_count}{again}"
    declared_by = labels.person(incident.declared_by, labels.origin(incident))
    yield f"Declared {text.at_time(incident.declared_at, now, tz)} by {declared_by}"
    if incident.acknowledged_at:
        after = text.duration(incident.acknowledged_at - incident.declared_at)
        yield f"Acknowledged {text.at_time(incident.acknowledged_at, now, tz)} (after {after})"
    if incident.source_message:
        yield kit.link(incident.source_message, "the message it came from")


def times(count: int) -> str:
    """ "once", "twice", "3 times"."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _buttons(view: IncidentView) -> list[Block | None]:
    """No button stands where another one stood before: a thumb that comes late must not do something else.

    What takes the first place after Acknowledge and after Post update opens a form; Reopen asks first.
    """
    incident = view.incident
    carried = ids.carry(incident.id, incident.state.value)
    postmortem = kit.button("Post-mortem", ids.EDIT_POSTMORTEM, carried)
    update = kit.button("Post update", ids.POST_UPDATE, carried)
    match incident.state:
        case State.DETECTED:
            return [
                acknowledge_button(incident),
                escalate_button(view),
                resolve_button(incident),
                update,
                card_menu(view),
            ]
        case State.ACKNOWLEDGED | State.MITIGATED:
            return [update, escalate_button(view), resolve_button(incident), card_menu(view)]
        case State.RESOLVED:
            return [postmortem, reopen_button(incident)]
        case State.CLOSED:
            return [postmortem if incident.postmortem else None, reopen_button(incident)]
        case State.CANCELLED:
            undo = "Undo merge" if incident.merged else "Undo cancel"
            return [kit.button(undo, ids.REOPEN, carried) if incident.deadlines.undo else None]


def acknowledge_button(incident: Incident) -> Block:
    """Acknowledge."""
    return kit.button("Acknowledge", ids.ACKNOWLEDGE, ids.carry(incident.id, incident.state.value), style="primary")


def on_it_button(incident: Incident) -> Block:
    """I'm on it: answers a page about silence."""
    return kit.button("I'm on it", ids.ON_IT, ids.carry(incident.id, incident.state.value), style="primary")


def escalate_button(view: IncidentView) -> Block:
    """Escalate, with whom it calls as the question before it."""
    incident = view.incident
    return kit.button(
        "Escalate",
        ids.ESCALATE,
        ids.carry(incident.id, str(incident.escalation.reached + incident.escalation.rounds)),
        confirm=kit.confirm(f"Escalate {incident.name}?", _whom(view.next_page), "Page", "Cancel", style="danger"),
    )


def _whom(coming: NextPage | None) -> str:
    if coming is None:
        return "Nobody is on the escalation policy of this incident. Choose “Page someone…” in the menu instead."
    who = f"{labels.names(coming.names)} (level {coming.level})"
    if coming.again:
        return f"Everyone on the escalation policy has been paged; nobody else is left. Page {who} again?"
    return f"Page {who}?"


def resolve_button(incident: Incident) -> Block:
    """Resolve, which opens a form. It stands out once the incident is mitigated, not beside Acknowledge."""
    style = "primary" if incident.state is State.MITIGATED else None
    return kit.button("Resolve", ids.RESOLVE, ids.carry(incident.id, incident.state.value), style=style)


def reopen_button(incident: Incident) -> Block:
    """Reopen, with the question before it."""
    return kit.button(
        "Reopen",
        ids.REOPEN,
        ids.carry(incident.id, incident.state.value),
        confirm=kit.confirm(
            f"Reopen {incident.name}?",
            "Updates are due again. The channel and the announcement will say so.",
            "Reopen",
            "Cancel",
        ),
    )
