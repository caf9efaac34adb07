"""The fields of an incident of Datadog's beside severity and state: what stands in them, and what is put there.

Each field has a type, by which Datadog wants one value or a list (docs.datadoghq.com/api/latest/incidents); the answer
that names the field names its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.datadog.client import Answer
from integrations.datadog.context import DatadogContext
from integrations.datadog.failures import DatadogDeclined
from integrations.datadog.snapshot import SERVICES, TEAMS

ONE_VALUE = frozenset({"dropdown", "textbox"})
BAD_REQUEST = 400


def fields_in(data: Answer) -> Mapping[str, Any]:
    """The fields of an incident by name."""
    fields = (data.get("attributes") or {}).get("fields")
    return fields if isinstance(fields, Mapping) else {}


def values_of(field: Any) -> tuple[str, ...]:
    """What stands in a field; () for an empty one."""
    value = field.get("value") if isinstance(field, Mapping) else None
    several = value if isinstance(value, list) else [value]
    return tuple(str(each) for each in several if each not in (None, ""))


async def fill(
    context: DatadogContext[Any], data: Answer, wanted: Mapping[str, Any]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """(what stands in the fields now that were filled, why the others were not).

    All at once; where Datadog does not take them, each alone, so that one bad value keeps no other away.
    """
    known = fields_in(data)
    # Every organisation has these two until it takes them out; only what the policy asks for is missed.
    refused = [f"it has no field {name}" for name in wanted if name not in known and name not in (SERVICES, TEAMS)]
    bodies = {name: _body(known[name], values) for name, values in wanted.items() if name in known}
    filled = {name: values_of(body) for name, body in bodies.items()}
    if bodies:
        try:
            await _send(context, data, bodies)
        except DatadogDeclined as error:
            if error.status != BAD_REQUEST:
                raise
            for name, body in bodies.items():
                try:
                    await _send(context, data, {name: body})
                except DatadogDeclined as why:
                    refused.append(f"{name} ({why})")
                    del filled[name]
    return filled, tuple(refused)


def _body(field: Any, values: tuple[str, ...]) -> Answer:
    kind = str(field.get("type")) if isinstance(field, Mapping) else "textbox"
    one = ", ".join(values) or None
    return {"type": kind, "value": one if kind in ONE_VALUE else list(values)}


async def _send(context: DatadogContext[Any], data: Answer, fields: Answer) -> None:
    name = str(data["id"])
    body = {"type": "incidents", "id": name, "attributes": {"fields": fields}}
    await context.datadog.call("Filling its fields", "update_incident", name, body={"data": body})
