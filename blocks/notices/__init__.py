"""The words for every notice: short, literal, at most three lines, with the button for what to do next.

A file for each subject, as in `warroom.incident.notices`. A kind without words is an error of the type checker.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from blocks import kit, name_matches
from blocks.kit import Block, Card
from blocks.notices import alerts, lifecycle, people, postmortem, room, runbooks
from warroom.incident import notices
from warroom.incident.notices import Notice
from warroom.incident.view import IncidentView


def notice_card(notice: Notice, view: IncidentView, now: datetime) -> Card:
    """What is said in the room or a thread. People it names are mentioned; posting it calls them."""
    lines, buttons = _words(notice, view, now)
    shown = "\n".join(each for each in lines if each)
    asked: list[Block] = []
    if isinstance(notice, notices.DeclaredNotice) and (notice.ambiguous or notice.unknown):
        asked = name_matches.candidates(view.incident.id, notice.ambiguous, notice.unknown).blocks
    head = shown if isinstance(notice, notices.DeclaredNotice) else f"{view.incident.name}: {shown}"
    return kit.card(head, [kit.section(shown), *asked, kit.actions(buttons)])


def _words(notice: Notice, view: IncidentView, now: datetime) -> tuple[list[str], list[Block | None]]:
    """(the lines, the buttons)"""
    if isinstance(notice, notices.LifecycleNotice):
        return lifecycle.lines(notice, view, now), lifecycle.buttons(notice, view)
    if isinstance(notice, notices.PeopleNotice):
        return people.lines(notice, view, now), people.buttons(notice, view)
    if isinstance(notice, notices.RoomNotice):
        return room.lines(notice, view, now), room.buttons(notice, view)
    if isinstance(notice, notices.AlertNotice):
        return alerts.lines(notice, view, now), alerts.buttons(notice, view)
    if isinstance(notice, notices.PostmortemNotice):
        return postmortem.lines(notice, view, now), postmortem.buttons(notice, view)
    if isinstance(notice, notices.RunNotice):
        return runbooks.lines(notice, view, now), runbooks.buttons(notice, view)
    assert_never(notice)
