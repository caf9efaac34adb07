"""A shift change where people read it, and what is said about the user group of a schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import assert_never

from blocks import kit, text
from blocks.kit import Card
from blocks.lists import incident_line, status_line
from warroom.incident.view import IncidentView
from warroom.outbox.effects import GroupNews, TellShift, TellUserGroup

SHOWN = 20
"""Incidents in one message."""


def shift_card(
    shift: TellShift, views: Sequence[IncidentView], timezone: str, now: datetime, *, to_person: bool
) -> Card:
    """Who takes over until when, and the open incidents that are handed over."""
    where = f"*{kit.line(shift.schedule, 100)}*"
    until = f", until {text.when(shift.until, timezone)}" if shift.until else ""
    if to_person:
        head = f"📟 You are on call in {where} now{until}."
    elif not shift.people:
        head = f"⚠️ Nobody is on call in {where} now{until}. Fill it with `/incident oncall override`, or change the policy."
    elif shift.before:
        head = f"🔁 {text.mentions(shift.people)} took over {where} from {text.mentions(shift.before)}{until}."
    else:
        head = f"🔁 {text.mentions(shift.people)} is on call in {where} now{until}."
    return kit.card(head, [kit.section(head), *(kit.section(line) for line in _open(views, now))])


def _open(views: Sequence[IncidentView], now: datetime) -> Iterator[str]:
    if not views:
        yield "No incident is open."
        return
    yield f"*Handed over: {text.count(len(views), 'open incident')}*"
    for view in views[:SHOWN]:
        yield f"{incident_line(view)}\n{status_line(view, now)}"
    if len(views) > SHOWN:
        yield f"and {len(views) - SHOWN} more: `/incident list`"


def user_group_card(said: TellUserGroup, group: str) -> Card:
    """What happened to the user group, and what follows."""
    name, where = f"*{kit.line(group, 100)}*", f"*{kit.line(said.schedule, 100)}*"
    by_hand = ", ".join(
        f"{text.mentions(people)} {what}"
        for people, what in ((said.added, "added"), (said.removed, "removed"))
        if people
    )
    match said.news:
        case GroupNews.BY_HAND:
            line = (
                f"✋ The user group {name} was changed by hand ({by_hand}) and is not equal to who is on call in {where} any "
                "more. It stays like this until the next shift. To be on call yourself: `/incident oncall override`"
            )
        case GroupNews.SET_AGAIN:
            line = f"🔁 The user group {name} was changed by hand ({by_hand}). It is equal to who is on call in {where} again."
        case GroupNews.REFUSED:
            line = (
                f"⚠️ The user group {name} cannot be kept equal to who is on call in {where}: "
                f"{kit.line(said.error, 300)}. {kit.line(said.advice, 300)}"
            )
        case _:
            assert_never(said.news)
    return kit.card(line, [kit.section(line)])
