"""The incident card: one picture of what is known and what can be done next, read on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from blocks import ids, kit, labels, text
from blocks.kit import Block, Card, Option
from warroom.incident.model import Incident, State
from warroom.incident.view import IncidentView


def incident_card(view: IncidentView, now: datetime) -> Card:
    """The card as it is at `now`. While nobody has the incident it mentions everybody paged: posting it notifies them."""
    incident = view.incident
    head = labels.headline(view)
    return kit.card(
        f"{kit.line(head, 400)} ({kit.line(labels.severity(view), 80)}, {labels.STATE[incident.state].lower()})",
        [
            kit.header(head),
            *details(view, now),
            kit.actions(_buttons(incident), block_id="card"),
        ],
    )


def details(view: IncidentView, now: datetime) -> Iterator[Block]:
    """Everything the card says below its headline, without buttons."""
    yield kit.section("\n".join(_urgent(view, now)))
    yield kit.section("\n".join(_facts(view, now)), accessory=_alert_menu(view))
    if picture := kit.image(view.incident.alerts.snapshot, f"The metric of {view.incident.alerts.last_title}"):
        yield picture
    yield from _story(view)
    yield kit.context(" · ".join(_small_print(view.incident)))


def _urgent(view: IncidentView, now: datetime) -> Iterator[str]:
    """What a person woken by this needs first."""
    incident = view.incident
    yield f"*{kit.line(labels.severity(view), 80)}* · {labels.state_line(incident)}"
    if incident.state is State.DETECTED:
        if incident.escalation.paged:
            yield f"Paged: {text.mentions(incident.escalation.paged, 2000)}"
        if incident.overdue:
            yield f"⚠️ *Overdue:* nobody has acknowledged since {text.when(incident.declared_at, view.timezone)}"
        elif incident.deadlines.ack:
            yield f"Acknowledge by {text.when(incident.deadlines.ack, view.timezone)}"
        yield from _escalation(view)
    if labels.update_overdue(incident, now) and incident.deadlines.update:
        yield f"⚠️ *Update overdue* since {text.when(incident.deadlines.update, view.timezone)}"
    elif incident.state.open and incident.deadlines.update:
        yield f"Next update due {text.when(incident.deadlines.update, view.timezone)}"
    if (ended := labels.summary(incident)) and not incident.state.open:
        yield kit.quote(ended, 600)


def _escalation(view: IncidentView) -> Iterator[str]:
    state, due = view.incident.escalation, view.incident.deadlines.page
    if not view.level_count:
        return
    level = f"Escalation: level {view.levels_paged} of {view.level_count}"
    if state.rounds:
        level += f", paged again {text.count(state.rounds, 'time')}"
    yield f"{level}, next at {text.when(due, view.timezone)}" if due else f"{level}"


def _facts(view: IncidentView, now: datetime) -> Iterator[str]:
    incident, tz = view.incident, view.timezone
    yield f"*Commander:* {labels.person(incident.commander)}"
    for role, user_id in incident.roles[:10]:
        yield f"*{kit.line(role, 60)}:* {text.mention(user_id)}"
    affected = kit.line(", ".join(incident.services), 200)
    team = kit.line(incident.team or "", 80)
    about = [f"*Affected:* {affected}" if affected else "", f"*Team:* {team}" if team else ""]
    if any(about):
        yield " · ".join(filter(None, about))
    yield f"*Started:* {text.when(incident.declared_at, tz)} · {_age(incident, now)}"
    if incident.acknowledged_at:
        after = text.duration(incident.acknowledged_at - incident.declared_at)
        yield f"*Acknowledged:* {text.when(incident.acknowledged_at, tz)} (after {after})"
    if incident.impact:
        yield f"*Impact:* {kit.line(incident.impact, 400)}"
    yield from _alerts(view)
    for name, value in incident.fields[:10]:
        yield f"*{kit.line(name, 80)}:* {kit.line(value, 200)}"


def _age(incident: Incident, now: datetime) -> str:
    if incident.state.open:
        return text.since(incident.declared_at, now)
    return f"lasted {text.duration(labels.lasted(incident, now))}"


def _alerts(view: IncidentView) -> Iterator[str]:
    alerts = view.incident.alerts
    if not alerts.count:
        return
    numbers = text.count(alerts.count, "alert")
    if alerts.monitors > 1:
        numbers += f" from {text.count(alerts.monitors, 'monitor')}"
    firing = f"{alerts.firing:,} firing" if alerts.firing else "all recovered"
    flapping = ", flapping" if alerts.flapping else ""
    sign = labels.ALERT_SIGN[alerts.last_state]
    last = kit.link(alerts.last_link, alerts.last_title or "open the last alert")
    yield f"*Alerts:* {numbers}, {firing}{flapping}\n{sign} {last} ({labels.ALERT_STATE[alerts.last_state]})"


def _alert_menu(view: IncidentView) -> Block | None:
    """The menu beside the alerts: what integrations offer. None where they offer nothing."""
    chosen = [f"{ids.ALERT_MENU_LINK}:{entry.value}" if entry.url else entry.value for entry in view.menu]
    return kit.overflow(
        ids.ALERT_MENU,
        [
            Option(entry.label, ids.carry(view.incident.id, value), entry.url)
            for entry, value in zip(view.menu, chosen, strict=True)
        ],
    )


def _story(view: IncidentView) -> Iterator[Block]:
    """What people wrote: the last update, and until there is one, what it was declared with."""
    incident = view.incident
    if incident.updates.last and incident.updates.last_at:
        by = f" by {text.mention(incident.updates.last_by)}" if incident.updates.last_by else ""
        head = f"*Last update* {text.when(incident.updates.last_at, view.timezone)}{by}"
        yield kit.section(f"{head}\n{kit.quote(incident.updates.last, 700)}")
    if incident.description:
        yield kit.section(kit.quote(incident.description, 300 if incident.updates.last else 500))


def _small_print(incident: Incident) -> Iterator[str]:
    if incident.private:
        yield "🔒 Private: only people in this room see it"
    for each in incident.links[:8]:
        yield kit.link(each.url, each.title)
    yield f"Declared by {labels.person(incident.declared_by, labels.origin(incident))}"
    if incident.source_message:
        yield kit.link(incident.source_message, "the message it came from")


def _buttons(incident: Incident) -> list[Block | None]:
    carried = ids.carry(incident.id, incident.state.value)
    postmortem = kit.button("Post-mortem", ids.EDIT_POSTMORTEM, carried)
    match incident.state:
        case State.DETECTED | State.ACKNOWLEDGED | State.MITIGATED:
            waiting = incident.state is State.DETECTED
            return [
                acknowledge_button(incident) if waiting else None,
                kit.button("Escalate", ids.ESCALATE, ids.carry(incident.id, str(incident.escalation.reached))),
                resolve_button(incident),
                kit.button("Post update", ids.POST_UPDATE, carried),
                _menu(incident),
            ]
        case State.RESOLVED:
            return [kit.button("Reopen", ids.REOPEN, carried), postmortem]
        case State.CLOSED:
            return [postmortem if incident.postmortem else None]
        case State.CANCELLED:
            return [kit.button("Undo cancel", ids.REOPEN, carried) if incident.deadlines.undo else None]


def acknowledge_button(incident: Incident) -> Block:
    """Acknowledge."""
    return kit.button("Acknowledge", ids.ACKNOWLEDGE, ids.carry(incident.id, incident.state.value), style="primary")


def resolve_button(incident: Incident) -> Block:
    """Resolve, which opens a form."""
    return kit.button("Resolve", ids.RESOLVE, ids.carry(incident.id, incident.state.value), style="danger")


def _menu(incident: Incident) -> Block | None:
    offered = [("Severity…", ids.MENU_SEVERITY), ("Roles…", ids.MENU_ROLES), ("Page someone…", ids.MENU_PAGE)]
    if incident.state in (State.DETECTED, State.ACKNOWLEDGED):
        offered.append(("Mitigated", ids.MENU_MITIGATE))
    if incident.state is State.MITIGATED:
        offered.append(("Not mitigated after all", ids.MENU_REOPEN))
    offered.append(("Post-mortem", ids.MENU_POSTMORTEM))
    return kit.overflow(ids.MENU, [Option(label, ids.carry(incident.id, what)) for label, what in offered])
