"""The App Home tab: the open incidents, mine first, and what is overdue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from blocks import ids, kit, labels, text
from blocks.kit import Block
from blocks.lists import incident_line, overdue, status_line
from warroom.incident.view import IncidentView

SHOWN = 40


def home(views: Sequence[IncidentView], user: str, now: datetime) -> Block:
    """One person's tab. A private incident is shown only to those it concerns."""
    seen = [view for view in views if view.incident.shown_to(user)]
    mine = _by_need([view for view in seen if labels.concerns(view.incident, user)], now)
    others = _by_need([view for view in seen if not labels.concerns(view.incident, user)], now)
    return kit.home_view(_blocks(mine, others, now))


def _by_need(views: Sequence[IncidentView], now: datetime) -> list[IncidentView]:
    return sorted(views, key=lambda v: (not overdue(v, now), v.severity_rank, -v.incident.number))


def _blocks(mine: list[IncidentView], others: list[IncidentView], now: datetime) -> Iterator[Block | None]:
    total = len(mine) + len(others)
    yield kit.header(f"{text.count(total, 'open incident')}" if total else "No open incidents")
    yield kit.actions([kit.button("Declare incident", ids.DECLARE, style="danger")])
    room = SHOWN
    for title, views in (("Mine", mine), ("Everybody else's" if mine else "", others)):
        shown = views[:room]
        room -= len(shown)
        if shown and title:
            yield kit.divider()
            yield kit.section(f"*{title}*")
        for view in shown:
            yield kit.section(f"{incident_line(view)}\n{status_line(view, now)}")
    if total > SHOWN:
        yield kit.context(f"and {total - SHOWN:,} more: `/incident list`")
    if not total:
        yield kit.section("✅ All quiet. When something breaks, declare it here or with `/incident declare`.")
    yield kit.context(f"As of {text.when(now)}")
