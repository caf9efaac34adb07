"""Words for what happened, in every spelling that senders use."""

from __future__ import annotations

from warroom.alerts.model import AlertState, Transition
from warroom.alerts.parsing.fields import plain_name

Happening = tuple[Transition, AlertState]

_FIRING: Happening = (Transition.TRIGGER, AlertState.ALERT)
_WARNING: Happening = (Transition.WARN, AlertState.WARN)
_SILENT: Happening = (Transition.NO_DATA, AlertState.NO_DATA)
_OVER: Happening = (Transition.RECOVER, AlertState.OK)
_NEWS: Happening = (Transition.UPDATE, AlertState.UNKNOWN)

_IN_TITLES: dict[str, Happening] = {
    "triggered": _FIRING,
    "retriggered": (Transition.RETRIGGER, AlertState.ALERT),
    # A reminder says nothing of the state it reminds of.
    "renotify": (Transition.RENOTIFY, AlertState.UNKNOWN),
    "warn": _WARNING,
    "rewarn": (Transition.REWARN, AlertState.WARN),
    "nodata": _SILENT,
    "renodata": (Transition.RE_NO_DATA, AlertState.NO_DATA),
    "recovered": _OVER,
    **{f"{what}{over}": _OVER for what in ("alert", "warn", "warning", "nodata") for over in ("recovered", "recovery")},
    "escalated": _FIRING,
    "muted": _NEWS,
}
"""Transitions of monitors, as a field or as the words in brackets that a title begins with ("[Triggered] CPU")."""

_OTHERS: dict[str, Happening] = {
    **dict.fromkeys(
        ("trigger", "alert", "alerting", "firing", "fired", "open", "opened", "active", "problem"), _FIRING
    ),
    **dict.fromkeys(("warning",), _WARNING),
    **dict.fromkeys(("retrigger",), _IN_TITLES["retriggered"]),
    **dict.fromkeys(("renotified", "reminder"), _IN_TITLES["renotify"]),
    **dict.fromkeys(("recover", "recovery", "resolved", "resolve", "ok", "closed", "completed"), _OVER),
    **dict.fromkeys(("update", "updated", "stable", "acknowledged", "unknown"), _NEWS),
    # States of alerts that are routed or evaluated by rules, beside firing, active and resolved.
    **dict.fromkeys(("suppressed", "silenced", "pending"), _NEWS),
    **dict.fromkeys(("unprocessed",), _FIRING),
    **dict.fromkeys(("inactive",), _OVER),
}

_TYPES: dict[str, Happening] = {
    "error": _FIRING,
    "warning": _WARNING,
    "success": _OVER,
    "info": _NEWS,
    **dict.fromkeys(("userupdate", "recommendation", "snapshot"), _NEWS),
}
"""The type of an event, where nothing else says what happened."""

_REMINDED = {"error": AlertState.ALERT, "warning": AlertState.WARN}


def known(word: str | None) -> Happening | None:
    """What a word means, compared without case, spaces, hyphens and underscores; None when it is no such word."""
    plain = plain_name(word or "")
    return _IN_TITLES.get(plain) or _OTHERS.get(plain)


def of_title(word: str) -> Happening | None:
    """What a word in a title's brackets means. Only transitions of monitors: "[Error]" may belong to the monitor's name."""
    return _IN_TITLES.get(plain_name(word))


def happened(
    *, word: str | None, after: str | None, statuses: tuple[str | None, ...], in_title: str | None, kind: str | None
) -> tuple[Transition, AlertState, str | None]:
    """(transition, state, the sender's word where it is an unknown one).

    `word` is an explicit transition and goes first; one that nobody knows is an update. Then `after`, the state that it
    led to, then `statuses` in their order, the word in the title, the alert's type (`kind`). Who says none of it sends
    an alert because something fires.
    """
    kind = plain_name(kind or "")
    led_to = known(after)
    if word and known(word) is None:
        return (*led_to, None) if led_to else (*_NEWS, word)
    found = known(word) or led_to or next((what for what in map(known, statuses) if what), None)
    of_type = _TYPES.get(kind) or next((what for what in map(_of_type, statuses) if what), None)
    transition, state = found or of_title(in_title or "") or of_type or _FIRING
    if transition is Transition.RENOTIFY:
        state = _REMINDED.get(kind, state)
    return transition, state, None


def _of_type(word: str | None) -> Happening | None:
    return _TYPES.get(plain_name(word or ""))
