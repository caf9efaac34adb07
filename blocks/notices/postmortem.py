"""Action items and the post-mortem."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from blocks import ids, kit, labels, text
from blocks.kit import Block
from blocks.notices.phrases import quoted, to_whom
from warroom.incident import notices
from warroom.incident.notices import PostmortemNotice
from warroom.incident.view import IncidentView


def lines(notice: PostmortemNotice, view: IncidentView, now: datetime) -> list[str]:
    """What is said, line by line; empty ones are left out."""
    tz = view.timezone
    match notice:
        case notices.PostmortemReady():
            return _postmortem(notice)
        case notices.PostmortemDue():
            late = notice.required_by < now
            required = (
                f"was due {text.ago(notice.required_by, now)}"
                if late
                else f"is due {text.when(notice.required_by, tz)}"
            )
            return [f"📝 {to_whom(notice.people)}the post-mortem of {view.incident.name} {required}."]
        case notices.ActionDue():
            owner = text.mention(notice.owner) if notice.owner else "Nobody owns it:"
            if notice.late:
                told = [person for person in notice.people if person != notice.owner]
                helpers = f" {text.mentions(told)}: help, or give it to somebody else." if told else ""
                return [
                    f"☑️ {owner} an action item is late; it was due {text.when(notice.due_at, tz)}.{helpers}",
                    quoted(notice.text),
                ]
            verb = "is due tomorrow," if notice.soon else "is due"
            return [f"☑️ {owner} an action item {verb} {text.when(notice.due_at, tz)}.", quoted(notice.text)]
        case notices.ActionAssigned():
            until = f", due {text.when(notice.due_at, tz)}" if notice.due_at else ""
            until += f", {labels.PRIORITY[notice.priority]}" if notice.priority else ""
            incident = view.incident
            head = f"*{incident.name}* {text.literal(labels.title(incident), 150)}"
            return [
                f"☑️ {text.mention(notice.by)} assigned you action item {notice.number} of {head}{until}.",
                quoted(notice.text),
                f"When it is done: `/incident action done #{incident.number} {notice.number}`",
            ]
    assert_never(notice)


def buttons(notice: PostmortemNotice, view: IncidentView) -> list[Block | None]:
    """For what to do next."""
    incident = view.incident
    carried = ids.carry(incident.id, incident.state.value)
    match notice:
        case notices.PostmortemReady(published_by=None):
            seen = ids.carry(incident.id, str(notice.revision))
            return [
                kit.button("Edit post-mortem", ids.EDIT_POSTMORTEM, seen),
                kit.button("Publish", ids.PUBLISH_POSTMORTEM, seen, style=None if notice.missing else "primary"),
            ]
        case notices.PostmortemDue():
            return [kit.button("Write post-mortem", ids.EDIT_POSTMORTEM, carried, style="primary")]
        case _:
            return []


def _postmortem(notice: notices.PostmortemReady) -> list[str]:
    if notice.published_by:
        return [f"📝 {text.mention(notice.published_by)} published the post-mortem. Thank you, everybody."]
    if notice.missing:
        missing = kit.line(", ".join(map(labels.part, notice.missing)), 400)
        return [f"📝 The post-mortem is drafted (revision {notice.revision}).", f"Still to be written: *{missing}*"]
    return [f"📝 The post-mortem is complete (revision {notice.revision}) and can be published."]
