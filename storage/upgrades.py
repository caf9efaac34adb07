"""From older stored formats to the newest: one step for each version of a format, and the steps that integrations bring."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Body = dict[str, Any]
Step = Callable[[Body], Body]


def _incident_2(body: Body) -> Body:
    """The field's names, and the fields grouped into parts."""
    state = _renamed(body.get("chain") or {}, told="paged", spoke_at="last_paged_at")
    body = {name: value for name, value in body.items() if name != "chain"} | {"escalation": state}
    for part, names in _PARTS.items():
        body[part] = {new: body.pop(old) for old, new in names.items() if old in body}
    return body


_PARTS: dict[str, dict[str, str]] = {
    "deadlines": {
        "page_due_at": "page",
        "ack_due_at": "ack",
        "update_due_at": "update",
        "stale_at": "stale",
        "postmortem_due_at": "postmortem",
        "close_at": "close",
        "auto_resolve_at": "auto_resolve",
        "redraw_at": "redraw",
        "storm_at": "storm",
    },
    "room": {name: name for name in ("channel_id", "channel_name", "card_ts", "announced_in", "announced_ts", "slots")},
    "participants": {"wanted": "invitees", "invited": "invited", "left": "left"},
    "updates": {
        "last_update": "last",
        "last_update_at": "last_at",
        "last_update_by": "last_by",
        "updates_missed": "missed",
    },
    "alert_group": {
        "group_key": "key",
        "group_until": "until",
        "auto_resolve_after": "auto_resolve_after",
    },
}
"""Parts of an incident in format 2, with the names that their fields had in format 1."""


def _effect_2(body: Body) -> Body:
    """Two kinds of effect and a reason for paging have the field's names."""
    kinds = {"whisper": "private_reply", "judge_alerts": "decide_alerts"}
    body = body | {"kind": kinds.get(body["kind"], body["kind"])}
    notice = body.get("notice") or {}
    if notice.get("reason") == "chain":
        body = body | {"notice": notice | {"reason": "escalation"}}
    return body


def _entry_2(body: Body) -> Body:
    """An event in place of its kind and its text. What was only said in the text stays text (`recorded`)."""
    body = dict(body)
    what, text = str(body.pop("what")), str(body.pop("text", ""))
    return body | {"event": _event(what, text) or {"kind": "recorded", "what": what, "text": text}}


def _event(what: str, text: str) -> Body | None:
    """The event that format 1 of a timeline entry told in words; None where its parts cannot be had."""
    if what in _BARE_EVENTS:
        return {"kind": _BARE_EVENTS[what]}
    if what in _TEXT_EVENTS:
        kind, name = _TEXT_EVENTS[what]
        return {"kind": kind, name: text}
    if what == "post-mortem" and text in _POSTMORTEM_EVENTS:
        return {"kind": _POSTMORTEM_EVENTS[text]}
    if what == "room opened" and text.startswith("#"):
        return {"kind": "room_opened", "name": text[1:]}
    if what == "alert":
        kind = "alert_fired" if text.endswith(" (again)") else "alert_attached"
        return {"kind": kind, "title": text.removesuffix(" (again)")}
    if what == "role assigned" and (found := re.fullmatch(r"(.+): <@(\w+)>", text)):
        return {"kind": "role_assigned", "role": found[1], "person": found[2]}
    if what == "invited" and re.fullmatch(r"<@\w+>(, <@\w+>)*", text):
        return {"kind": "people_invited", "invited": re.findall(r"<@(\w+)>", text)}
    levels, _, why = text.partition(", because of ")
    if what == "severity changed" and levels.count(" to ") == 1:
        before, _, after = levels.partition(" to ")
        return {"kind": "severity_changed", "before": before, "after": after, "why": why}
    return None


_BARE_EVENTS = {
    "acknowledgement overdue": "acknowledgement_overdue",
    "acknowledged": "acknowledged",
    "update missed": "update_missed",
    "snoozed": "snoozed",
    "mitigated": "mitigated",
    "reopened": "reopened",
    "closed": "closed",
}
_TEXT_EVENTS = {
    "declared": ("declared", "title"),
    "update": ("update_posted", "text"),
    "resolved": ("resolved", "summary"),
    "cancelled": ("cancelled", "why"),
    "alert recovered": ("alert_recovered", "title"),
    "note": ("note_added", "text"),
    "pinned message": ("message_pinned", "text"),
    "action item": ("action_added", "text"),
}
"""Kind in format 1 to the event's kind and the field that has the text."""
_POSTMORTEM_EVENTS = {
    "draft written": "postmortem_drafted",
    "edited": "postmortem_edited",
    "published": "postmortem_published",
    "late": "postmortem_late",
}


def _renamed(body: Body, **names: str) -> Body:
    return {names.get(name, name): value for name, value in body.items()}


UPGRADES: dict[str, tuple[Step, ...]] = {"Incident": (_incident_2,), "Effect": (_effect_2,), "Entry": (_entry_2,)}
"""Format name (the value's class, "Effect" for all effects) to the steps that bring version n to n + 1, oldest first."""

_FURTHER: dict[tuple[str, int], list[Step]] = {}
"""By format name and version: steps of others that follow our own step to that version. See `upgrade_with`."""


def upgrade_with(format_name: str, version: int, step: Step) -> None:
    """From now on that step follows our own to `version`. Whoever keeps something in a body under a name of its own
    brings the step that reads what it kept there before. Doing it twice changes nothing.
    """
    if not 2 <= version <= len(UPGRADES.get(format_name, ())) + 1:
        raise ValueError(f"{format_name} has no version {version} to upgrade to")
    steps = _FURTHER.setdefault((format_name, version), [])
    if step not in steps:
        steps.append(step)


def newest(format_name: str) -> int:
    """The version in which bodies of that format are written."""
    return len(UPGRADES.get(format_name, ())) + 1


def upgraded(format_name: str, body: Body, version: int) -> Body:
    """The body of that version in the newest. Raises whatever a step raises on a body that is damaged."""
    for number, step in enumerate(UPGRADES.get(format_name, ())[version - 1 :], version + 1):
        body = step(body)
        for further in _FURTHER.get((format_name, number), ()):
            body = further(body)
    return body
