"""Words for what happened, in every spelling that senders use."""

from __future__ import annotations

from warroom.alerts.model import AlertState, Transition
from warroom.alerts.parsing.fields import Fields, plain_name

Happening = tuple[Transition, AlertState]

_FIRING: Happening = (Transition.TRIGGER, AlertState.ALERT)
_WARNING: Happening = (Transition.WARN, AlertState.WARN)
_SILENT: Happening = (Transition.NO_DATA, AlertState.NO_DATA)
_OVER: Happening = (Transition.RECOVER, AlertState.OK)
_NEWS: Happening = (Transition.UPDATE, AlertState.UNKNOWN)

_DATADOG: dict[str, Happening] = {
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
"""`$ALERT_TRANSITION`, and the words in brackets that a title begins with
(https://docs.datadoghq.com/integrations/webhooks/)."""

_OTHERS: dict[str, Happening] = {
    **dict.fromkeys(
        ("trigger", "alert", "alerting", "firing", "fired", "open", "opened", "active", "problem"), _FIRING
    ),
    **dict.fromkeys(("warning",), _WARNING),
    **dict.fromkeys(("retrigger",), _DATADOG["retriggered"]),
    **dict.fromkeys(("renotified", "reminder"), _DATADOG["renotify"]),
    **dict.fromkeys(("recover", "recovery", "resolved", "resolve", "ok", "closed", "completed"), _OVER),
    **dict.fromkeys(("update", "updated", "stable", "acknowledged", "unknown"), _NEWS),
}

_TYPES: dict[str, Happening] = {"error": _FIRING, "warning": _WARNING, "success": _OVER, "info": _NEWS}
"""`$ALERT_TYPE`."""

_TRANSITIONS = (
    *("alert_transition", "transition", "event_transition", "monitor_transition", "transition_trans_name"),
    *("monitor_transition_transition_type", "transition_transition_type", "transition_trans_type"),
)
_AFTERWARDS = ("monitor_transition_destination_state", "transition_destination_state", "states_dest_state")
"""The state that a transition led to, where a body says it beside its kind."""

_REMINDED = {"error": AlertState.ALERT, "warning": AlertState.WARN}


def known(word: str | None) -> Happening | None:
    """What a word means, compared without case, spaces, hyphens and underscores; None when it is no such word."""
    plain = plain_name(word or "")
    return _DATADOG.get(plain) or _OTHERS.get(plain)


def of_title(word: str) -> Happening | None:
    """What a word in a title's brackets means. Only Datadog's own: "[Error]" may belong to the monitor's name."""
    return _DATADOG.get(plain_name(word))


def happened(fields: Fields, in_title: str | None) -> tuple[Transition, AlertState, str | None]:
    """(transition, state, the sender's word where it is an unknown one).

    An explicit transition goes first; one that nobody knows is an update. Then a status word, the title's beginning,
    the alert's type. Who says none of it sends an alert because something fires.
    """
    word = fields.word(*_TRANSITIONS, limit=80)
    kind = plain_name(fields.word("alert_type", "event_alert_type") or "")
    after = known(fields.word(*_AFTERWARDS, limit=80))
    if word and known(word) is None:
        return (*after, None) if after else (*_NEWS, word)
    status = fields.word("status", "state", "alert_state", "monitor_state", "monitor_status", "incident_status")
    found = known(word) or after or known(status) or known(fields.word("alert_status"))
    of_type = _TYPES.get(kind) or _TYPES.get(plain_name(status or ""))
    transition, state = found or of_title(in_title or "") or of_type or _FIRING
    if transition is Transition.RENOTIFY:
        state = _REMINDED.get(kind, state)
    return transition, state, None
