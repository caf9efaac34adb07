"""What arrives from the inputs of the page, as the state that Slack would hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from sandbox import forms, reading
from sandbox.model import Json, Message, View


def state_of(element: Json, values: Sequence[str], zone: tzinfo) -> Json:
    """The state of an input that holds these values; options come as numbers. ValueError when it does not take them."""
    kind = element["type"]
    key, _ = forms.INITIAL[kind]
    if key in ("selected_option", "selected_options"):
        return _chosen(element, key, values)
    if key.endswith("s"):
        return forms.entered(element, list(values))
    value = values[0] if values and values[0] else None
    if kind == "datetimepicker" and value is not None:
        return forms.entered(element, datetime.fromisoformat(value).replace(tzinfo=zone))
    return forms.entered(element, value) if key == "value" else {"type": kind, key: value}


def _chosen(element: Json, key: str, values: Sequence[str]) -> Json:
    chosen = [option_at(element, value) for value in values if value]
    if len(chosen) > element.get("max_selected_items", len(chosen)):
        raise ValueError(f"At most {element['max_selected_items']} can be chosen.")
    held: Any = chosen if key == "selected_options" else (chosen[0] if chosen else None)
    return {"type": element["type"], key: held}


def option_at(element: Json, number: str) -> Json:
    """The option with that number. ValueError when there is none."""
    offered = reading.options_of(element)
    if not number.isdecimal() or int(number) >= len(offered):
        raise ValueError("That option is not offered any more.")
    return offered[int(number)]


def find(blocks: Sequence[Json], block_id: str, action_id: str) -> tuple[Json, Json]:
    """The block and element of these ids. LookupError when the message or form has changed meanwhile."""
    for block, element in reading.elements(blocks):
        if (block["block_id"], element["action_id"]) == (block_id, action_id):
            return block, element
    raise LookupError("That is not there any more; it has changed meanwhile.")


def enter(surface: View | Message, entered: Sequence[Json], zone: tzinfo) -> dict[str, str]:
    """Take over what the inputs hold. Returns what is wrong, by block id; inputs that are gone are passed over."""
    wrong = {}
    given = {(str(one["block"]), str(one["action"])): one["values"] for one in entered}
    for block, element in reading.elements(surface.blocks):
        if element["type"] not in forms.INITIAL:
            continue
        place = surface.state.setdefault(block["block_id"], {})
        place.setdefault(element["action_id"], forms.initial(element))
        values = given.get((block["block_id"], element["action_id"]))
        if values is None:
            continue
        try:
            place[element["action_id"]] = state_of(element, [str(value) for value in values], zone)
        except ValueError as error:
            wrong[block["block_id"]] = str(error)
    return wrong
