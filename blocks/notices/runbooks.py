"""Runs of runbooks, changes, and whether the named cause was right."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from blocks import kit, text
from blocks.investigation import cause_buttons, cause_question
from blocks.kit import Block
from blocks.notices.phrases import to_whom
from blocks.runbooks import step_name
from warroom.changes.model import Change
from warroom.incident import notices
from warroom.incident.notices import RunNotice
from warroom.incident.view import IncidentView

MOST_CHANGES = 5
"""So many changes are shown, in one line each."""


def lines(notice: RunNotice, view: IncidentView, now: datetime) -> list[str]:
    """What is said, line by line; empty ones are left out."""
    match notice:
        case notices.RunFailed():
            return _run_failed(notice)
        case notices.RunAsks():
            sign, what = ("🔒", "needs an approval for") if notice.approval else ("❓", "needs an answer for")
            name = f"*{kit.line(notice.runbook, 150)}*"
            step = f"the step {kit.line(step_name(notice.step), 60)}"
            return [f"{sign} {to_whom(notice.people)}{name} {what} {step}. The buttons are in its message."]
        case notices.RunSays():
            return [f"🛠️ {kit.line(notice.runbook, 100)}:", kit.quote(notice.text, 2500)]
        case notices.RecentChanges():
            return ["🚢 Changed lately:", *(_changed(each, view, now) for each in notice.changes[:MOST_CHANGES])]
        case notices.CauseQuestion():
            return [cause_question(view)]
    assert_never(notice)


def buttons(notice: RunNotice, view: IncidentView) -> list[Block | None]:
    """For what to do next."""
    return [*cause_buttons(view.incident)] if isinstance(notice, notices.CauseQuestion) else []


def _run_failed(notice: notices.RunFailed) -> list[str]:
    name = f"*{kit.line(notice.runbook, 150)}*"
    why = kit.line(notice.why, 600)
    if not notice.begun:
        return [f"❌ {name} should have begun by itself, and did not: {why}"]
    by_itself = ", which began by itself," if notice.automatic else ""
    tried = (
        f"Done before that: {kit.line(', '.join(notice.tried), 300)}."
        if notice.tried
        else "Nothing was done before that."
    )
    return [f"❌ {name}{by_itself} failed at the step {step_name(why)}", tried]


def _changed(change: Change, view: IncidentView, now: datetime) -> str:
    name = kit.cut(" ".join(filter(None, (change.kind, "of", change.service, change.version))), 120)
    shown = text.link(change.url or None, name)
    where = f" in {kit.line(change.environment, 40)}" if change.environment else ""
    by = f" by {kit.line(change.author, 60)}" if change.author else ""
    said = f": {kit.line(change.text, 120)}" if change.text else ""
    return f"• {text.when(change.at, view.timezone)} {shown}{where}{by}{said}"
