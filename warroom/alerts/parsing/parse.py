"""The way in: a body in, alerts and refusals out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from warroom.alerts.model import Alert
from warroom.alerts.parsing import generic
from warroom.alerts.parsing.body import Unusable, opened, unpacked
from warroom.alerts.parsing.formats import AlertFormat, Arrival
from warroom.value import Value

MOST_ALERTS = 1000
"""So many alerts of one body are read."""
COLUMNS = (
    *("kind", "event_id", "monitor_id", "title", "transition", "state", "priority", "severity", "group", "hosts"),
    *("service", "env", "team", "tags", "link", "snapshot", "occurred_at", "dedup_key"),
)
"""What a row of an alert has, in order: other people's scripts count on it."""

_KINDS = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list"}


class Parsed(Value):
    """What a body holds. `refused` has a sentence for every item that is no alert, or one for a body that is useless."""

    alerts: tuple[Alert, ...] = ()
    refused: tuple[str, ...] = ()


def parse(body: bytes, content_type: str, arrival: Arrival, formats: Sequence[AlertFormat] = ()) -> Parsed:
    """The alerts in `body`, each delivery once. Raises nothing, whatever the bytes.

    `body` is JSON or a form: one object, a list of them, or an object with a list under `alerts`. Each object is read by the
    first of `formats` that recognises it; what none of them does is read as a plain one.
    """
    try:
        data = opened(body, content_type)
        items = _items(data)
    except Unusable as error:
        return Parsed(refused=(error.reason,))
    alerts: dict[str, Alert] = {}
    refused = [*_left_out(data)]
    for number, item in enumerate(items[:MOST_ALERTS], start=1):
        where = f"Alert {number} of {len(items)}" if len(items) > 1 else "The alert"
        try:
            alert = _alert(item, arrival, formats)
        except Unusable as error:
            refused.append(f"{where} {error.reason}.")
        else:
            alerts.setdefault(alert.delivery_id, alert)
    if len(items) > MOST_ALERTS:
        refused.append(
            f"Alerts {MOST_ALERTS + 1} to {len(items)} were not read: "
            f"a body may hold {MOST_ALERTS}. Send the others in a second one."
        )
    return Parsed(alerts=tuple(alerts.values()), refused=tuple(refused))


def row(alert: Alert) -> dict[str, Any]:
    """The alert's COLUMNS as plain JSON values: what is absent is None, lists are lists, times ISO 8601 in UTC."""
    values = alert.model_dump(mode="json", include=set(COLUMNS))
    return {name: values[name] for name in COLUMNS}


def _items(data: object) -> list[object]:
    found = generic.listed(data)
    if isinstance(found, dict):
        return [found]
    if not isinstance(found, list):
        raise Unusable(f"The body is {_named(found)}, not an object. Paste the README's template as the payload.")
    if not found:
        raise Unusable("The list of alerts is empty. Send at least one object with a title.")
    return found


def _left_out(data: object) -> Iterator[str]:
    """A sentence where the sender says that it left alerts out of a group (`max_alerts` of its receiver)."""
    said = data.get("truncatedAlerts") if isinstance(data, dict) else None
    if isinstance(said, int) and said > 0:
        yield (
            f"The sender left {said} more alerts of this group out (truncatedAlerts), so they are not known here. "
            "Raise max_alerts of its receiver, or group by more labels."
        )


def _alert(item: object, arrival: Arrival, formats: Sequence[AlertFormat]) -> Alert:
    item = unpacked(item)
    if not isinstance(item, dict):
        raise Unusable(f"is {_named(item)}, not an object; send an object with at least a title")
    inside = generic.unwrapped(item)
    read = next((each.read for each in formats if each.recognises(inside)), generic.read)
    return read(inside, arrival)


def _named(data: object) -> str:
    return _KINDS.get(type(data), "null")
