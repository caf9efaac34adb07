"""Values to stored JSON and back, and what stored text may look like.

A body is the value's JSON with its format's version in "v". A format that changed in a way that pydantic cannot read
gets one more step in `LADDERS`; the version is the number of steps plus one.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from storage.errors import DatabaseFromTheFuture, Unreadable
from warroom.outbox.effects import EFFECT, Effect

Body = dict[str, Any]
Step = Callable[[Body], Body]
V = TypeVar("V", bound=BaseModel)


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


LADDERS: dict[str, tuple[Step, ...]] = {"Incident": (_incident_2,), "Effect": (_effect_2,), "Entry": (_entry_2,)}
"""Format name (the value's class, "Effect" for all effects) to the steps that bring version n to n + 1, oldest first."""

_FURTHER: dict[tuple[str, int], list[Step]] = {}
"""By format name and version: steps of others that follow the ladder's own step to that version. See `upgrade_with`."""


def upgrade_with(format_name: str, version: int, step: Step) -> None:
    """From now on that step follows the ladder's own to `version`. Whoever keeps something in a body under a name of its own
    brings the step that reads what it kept there before. Doing it twice changes nothing.
    """
    if not 2 <= version <= len(LADDERS.get(format_name, ())) + 1:
        raise ValueError(f"{format_name} has no version {version} to upgrade to")
    steps = _FURTHER.setdefault((format_name, version), [])
    if step not in steps:
        steps.append(step)


LONGEST_KEY = 200
"""In characters. PostgreSQL refuses index rows above 2,704 bytes (https://www.postgresql.org/docs/current/btree.html)."""

# PostgreSQL stores neither U+0000 nor half a surrogate pair (https://www.postgresql.org/docs/current/datatype-json.html).
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """The text with U+FFFD in place of what no database keeps: NUL and lone surrogates."""
    return _UNSTORABLE.sub("\ufffd", text)


def key(text: str) -> str:
    """The text as a key: cleaned, and when too long for an index its beginning with a digest of the whole."""
    text = clean(text)
    if len(text) <= LONGEST_KEY:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[: LONGEST_KEY - len(digest) - 1]}~{digest}"


def fold(text: str) -> str:
    """The text as it is compared in searches: without case, compatible forms made equal."""
    return unicodedata.normalize("NFKC", clean(text).casefold()).strip()


def utc(time: datetime) -> datetime:
    """The time in UTC. Raises ValueError when it has no time zone."""
    if time.tzinfo is None:
        raise ValueError(f"{time.isoformat()} has no time zone; stored times are aware.")
    return time.astimezone(UTC)


def timer_key(incident_id: str, kind: str) -> str:
    """The job key of an incident's timer."""
    return key(f"{incident_id}:timer:{kind}")


def to_text(body: Any) -> str:
    """JSON text that every database keeps; given to the engines as their serializer."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    if "\\u0000" not in text and not _UNSTORABLE.search(text):
        return text
    return json.dumps(_cleaned(body), ensure_ascii=False, separators=(",", ":"))


def _cleaned(part: Any) -> Any:
    if isinstance(part, str):
        return clean(part)
    if isinstance(part, Mapping):
        return {clean(name): _cleaned(value) for name, value in part.items()}
    if isinstance(part, Sequence):
        return [_cleaned(value) for value in part]
    return part


def to_body(value: BaseModel, *, format_name: str | None = None) -> Body:
    """The value as a body of the current version."""
    ladder = LADDERS.get(format_name or type(value).__name__, ())
    return {"v": len(ladder) + 1, **value.model_dump(mode="json")}


def from_body(model: type[V], body: Mapping[str, Any]) -> V:
    """The value of a body of any version so far. Raises DatabaseFromTheFuture or Unreadable."""
    fields = _upgraded(model.__name__, body)
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise _unreadable(model.__name__, error) from error


def effect_body(effect: Effect) -> Body:
    """The effect as a body of the current version."""
    return to_body(effect, format_name="Effect")


def effect_from(body: Mapping[str, Any]) -> Effect:
    """The effect of a body of any version so far. Raises DatabaseFromTheFuture or Unreadable."""
    fields = _upgraded("Effect", body)
    try:
        return EFFECT.validate_python(fields)
    except ValidationError as error:
        raise _unreadable("Effect", error) from error


def _upgraded(format_name: str, body: Mapping[str, Any]) -> Body:
    ladder = LADDERS.get(format_name, ())
    fields = dict(body)
    version = fields.pop("v", None)
    if not isinstance(version, int) or version < 1:
        raise Unreadable(f"A stored {format_name} has no format version. Restore the database from a backup.")
    if version > len(ladder) + 1:
        raise DatabaseFromTheFuture(
            f"A stored {format_name} is of format {version}, and this version of Warroom reads up to {len(ladder) + 1}. "
            "Start the newer version of Warroom again."
        )
    for number, step in enumerate(ladder[version - 1 :], version + 1):
        fields = step(fields)
        for further in _FURTHER.get((format_name, number), ()):
            fields = further(fields)
    return fields


def _unreadable(format_name: str, error: ValidationError) -> Unreadable | DatabaseFromTheFuture:
    first = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "union_tag_invalid":
        return DatabaseFromTheFuture(
            f"A stored {format_name} is of kind {first['ctx']['tag']!r}, which this version of Warroom does not know. "
            "Start the newer version of Warroom again."
        )
    where = ".".join(str(part) for part in first["loc"]) or "the whole"
    return Unreadable(
        f"A stored {format_name} does not read: {first['msg']} at {where}. "
        "It was changed by hand or damaged; restore it from a backup."
    )
