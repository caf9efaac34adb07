"""The App Home tab: open incidents, mine first, what is overdue, post-mortems due, my action items, what ended lately."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count

from blocks import ids, kit, labels, text
from blocks.action_items import item_section
from blocks.kit import Block, Option
from blocks.lists import incident_line, overdue, status_line
from blocks.oncall import duty_section
from warroom.incident.action_items import OwnedAction
from warroom.incident.model import Incident, State
from warroom.incident.view import IncidentView
from warroom.oncall.duty import Duty

SHOWN = 30
ENDED_SHOWN = 10
ITEMS_SHOWN = 10

Places = Iterator[int]
"""Numbers for the menus of one tab: Slack wants each id once."""


def home(
    views: Sequence[IncidentView],
    user: str,
    now: datetime,
    ended: Sequence[IncidentView] = (),
    items: Sequence[OwnedAction] = (),
    duty: Duty | None = None,
) -> Block:
    """One person's tab. `ended` are incidents that are over, newest first, `items` the person's open action items, `duty` what
    they have to do with schedules.

    A private incident is shown only to those it concerns.
    """
    seen = [view for view in views if view.incident.shown_to(user)]
    mine = _by_need([view for view in seen if labels.concerns(view.incident, user)], now)
    others = _by_need([view for view in seen if not labels.concerns(view.incident, user)], now)
    over = [view for view in ended if view.incident.shown_to(user)]
    place = count()
    on_call = duty_section(duty, now) if duty else ()
    return kit.home_view([*_open(mine, others, now, place), *on_call, *_after(over, items, user, now, place)])


def _by_need(views: Sequence[IncidentView], now: datetime) -> list[IncidentView]:
    return sorted(views, key=lambda v: (not overdue(v, now), v.severity_rank, -v.incident.number))


def _open(mine: list[IncidentView], others: list[IncidentView], now: datetime, place: Places) -> Iterator[Block | None]:
    total = len(mine) + len(others)
    yield kit.header(f"{text.count(total, 'open incident')}" if total else "No open incidents")
    yield kit.actions([kit.button("Declare incident", ids.DECLARE, style="danger")])
    room = SHOWN
    for title, views in (("Mine", mine), ("Other open incidents" if mine else "", others)):
        shown = views[:room]
        room -= len(shown)
        if shown and title:
            yield kit.divider()
            yield kit.section(f"*{title}*")
        for view in shown:
            yield _row(view, now, place)
    if total > SHOWN:
        yield kit.context(f"and {total - SHOWN:,} more: `/incident list`")
    if not total:
        yield kit.section("✅ All quiet. When something breaks, declare it here or with `/incident declare`.")


def _after(
    over: Sequence[IncidentView], items: Sequence[OwnedAction], user: str, now: datetime, place: Places
) -> Iterator[Block | None]:
    """What is left to do after incidents, and those that ended lately."""
    due = [view for view in over if postmortem_due(view.incident)]
    due.sort(key=lambda view: (not labels.concerns(view.incident, user), view.incident.postmortem_required_by or now))
    if due:
        yield kit.divider()
        yield kit.section("*Post-mortems due*")
        for view in due[:ENDED_SHOWN]:
            yield _row(view, now, place)
        if len(due) > ENDED_SHOWN:
            yield kit.context(f"and {len(due) - ENDED_SHOWN:,} more: `/incident list closed`")
    if items:
        yield kit.divider()
        yield kit.section("*My action items*")
        for each in items[:ITEMS_SHOWN]:
            yield item_section(each, over[0].timezone if over else "UTC", now, next(place))
        if len(items) > ITEMS_SHOWN:
            yield kit.context(f"and {len(items) - ITEMS_SHOWN:,} more: `/incident action list mine`")
    lately = [view for view in over if view not in due][:ENDED_SHOWN]
    if lately:
        yield kit.divider()
        yield kit.section("*Ended lately*")
        for view in lately:
            yield _row(view, now, place)
        yield kit.context("All of them: `/incident list closed`")
    yield kit.context(f"As of {text.when(now)}")


def postmortem_due(incident: Incident) -> bool:
    """Whether a post-mortem is required and not published yet."""
    published = incident.postmortem and incident.postmortem.published_at
    return incident.state is State.RESOLVED and incident.postmortem_required_by is not None and not published


def _row(view: IncidentView, now: datetime, place: Places) -> Block:
    line = f"{incident_line(view)}\n{status_line(view, now)}"
    required = view.incident.postmortem_required_by
    if postmortem_due(view.incident) and required and required > now:
        line += f" · post-mortem due {text.when(required, view.timezone)}"
    return kit.section(line, accessory=_menu(view.incident, next(place)))


def _menu(incident: Incident, place: int) -> Block | None:
    """What can be done about an incident from here."""
    match incident.state:
        case State.DETECTED:
            offered = [
                ("Acknowledge", ids.HOME_ACKNOWLEDGE),
                ("Post update…", ids.HOME_UPDATE),
                ("Edit…", ids.MENU_EDIT),
                ("Resolve…", ids.HOME_RESOLVE),
                ("Cancel…", ids.MENU_CANCEL),
            ]
        case State.ACKNOWLEDGED | State.MITIGATED:
            offered = [
                ("Post update…", ids.HOME_UPDATE),
                ("Edit…", ids.MENU_EDIT),
                ("Roles…", ids.MENU_ROLES),
                ("Add action item…", ids.MENU_ACTION),
                ("Resolve…", ids.HOME_RESOLVE),
            ]
        case State.RESOLVED:
            offered = [
                ("Post-mortem…", ids.MENU_POSTMORTEM),
                ("Add action item…", ids.MENU_ACTION),
                ("Edit…", ids.MENU_EDIT),
                ("Reopen", ids.MENU_REOPEN),
            ]
        case State.CLOSED:
            offered = [("Add action item…", ids.MENU_ACTION), ("Edit…", ids.MENU_EDIT)]
        case State.CANCELLED:
            undo = "Undo merge" if incident.merged else "Undo cancel"
            offered = [(undo, ids.MENU_REOPEN)] if incident.deadlines.undo else []
    return kit.overflow(
        ids.nth(ids.HOME_MENU, place), [Option(label, ids.carry(incident.id, what)) for label, what in offered]
    )
