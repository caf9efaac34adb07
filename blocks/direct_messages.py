"""Direct messages about an incident: to whoever is paged, and to whoever follows it. Each is redrawn whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from blocks import ids, kit, labels, text
from blocks.incident_card import acknowledge_button, on_it_button
from blocks.kit import Block, Card
from warroom.incident.model import State
from warroom.incident.parts import DirectPurpose
from warroom.incident.view import IncidentView


def direct_message(
    purpose: DirectPurpose, user: str, view: IncidentView, now: datetime, *, by: str | None = None, why: str = ""
) -> Card:
    """What `user` is written; `by` and `why` are those of the page, known when it is sent."""
    match purpose:
        case DirectPurpose.PAGE:
            return _page(user, view, now, by, why)
        case DirectPurpose.SUBSCRIPTION:
            return _subscription(user, view, now)


def _page(user: str, view: IncidentView, now: datetime, by: str | None, why: str) -> Card:
    incident = view.incident
    waiting = incident.state is State.DETECTED
    silent = incident.state is State.ACKNOWLEDGED and incident.escalation.silent > 0
    head = "📟 You are paged" if waiting or silent else "You were paged"
    if by:
        head += f" by {text.mention(by)}"
    lines = [f"*{head} for {_name(view)}*", *_state(view, now)]
    if why:
        lines.append(kit.quote(why, 500))
    elif silent:
        last = incident.escalation.heard_at or incident.acknowledged_at or incident.declared_at
        lines.append(f"Nobody has posted an update or written in the channel for {text.duration(now - last)}.")
    elif waiting and incident.description:
        lines.append(kit.quote(incident.description, 300))
    buttons: list[Block | None] = [
        acknowledge_button(incident) if waiting else on_it_button(incident) if silent else None
    ]
    return kit.card(
        f"{head} for {kit.line(labels.headline(view), 400)}", [kit.section("\n".join(lines)), kit.actions(buttons)]
    )


MORNING_SHOWN = 15
"""Incidents in one message about what waited."""


def morning_message(views: Sequence[IncidentView], now: datetime) -> Card:
    """What waited for one person's morning, each with the button that acknowledges it."""
    head = f"📟 You are paged for {text.count(len(views), 'incident')} that waited for your morning"
    shown: list[Block | None] = [kit.section(f"*{head}*")]
    for place, view in enumerate(views[:MORNING_SHOWN]):
        button = kit.button(
            "Acknowledge", ids.nth(ids.ACKNOWLEDGE, place), ids.carry(view.incident.id, view.incident.state.value)
        )
        shown.append(kit.section("\n".join([f"*{_name(view)}*", *_state(view, now)]), accessory=button))
    if len(views) > MORNING_SHOWN:
        shown.append(kit.context(f"and {len(views) - MORNING_SHOWN} more: `/incident list`"))
    return kit.card(head, shown)


def _subscription(user: str, view: IncidentView, now: datetime) -> Card:
    incident, following = view.incident, user in view.incident.subscribers
    lines = [f"*{_name(view)}*", *_state(view, now)]
    if incident.impact:
        lines.append(f"*Impact:* {kit.line(incident.impact, 400)}")
    if incident.updates.last and incident.updates.last_at:
        lines += [
            f"*Last update* {text.when(incident.updates.last_at, view.timezone)}",
            kit.quote(incident.updates.last, 1500),
        ]
    if not incident.state.open and (ended := labels.summary(incident)):
        lines.append(kit.quote(ended, 700))
    if not following:
        lines.append(f"You no longer follow {incident.name}.")
    button = kit.button("Unsubscribe", ids.UNSUBSCRIBE, ids.carry(incident.id)) if following else None
    return kit.card(
        f"{kit.line(labels.headline(view), 400)}: {labels.STATE[incident.state]}",
        [kit.section("\n".join(lines)), kit.actions([button])],
    )


def _name(view: IncidentView) -> str:
    incident = view.incident
    return f"{labels.severity_sign(view)} {incident.name} {kit.line(labels.title(incident), 200)}"


def _state(view: IncidentView, now: datetime) -> Iterator[str]:
    incident = view.incident
    room = text.channel_link(incident.room.channel_id)
    yield f"{kit.line(labels.severity(view), 80)} · {labels.state_line(incident)} · started {text.since(incident.declared_at, now)}"
    yield f"Commander: {labels.person(incident.commander)} · Channel: {room}"


def source_reply(view: IncidentView) -> Card:
    """Below the message that an incident was declared from."""
    incident = view.incident
    line = (
        f"{labels.severity_sign(view)} {labels.person(incident.declared_by, 'Somebody')} declared *{incident.name}* "
        f"({kit.line(incident.severity, 80)}) about this message → {text.channel_link(incident.room.channel_id)}"
    )
    return kit.card(line, [kit.section(line)])
