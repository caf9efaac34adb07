"""Turns the values of the page's inputs into the state that Slack keeps for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from sandbox import block_contents, forms
from sandbox.model import Json, SlackMessage, View


def state_of(element: Json, values: Sequence[str], zone: tzinfo) -> Json:
    """The state of an input with these values; options are given by index. ValueError when they are not allowed."""
    kind = element["type"]
    key, _ = forms.INPUT_KEYS[kind]
    if key in ("selected_option", "selected_options"):
        return _chosen(element, key, values)
    if key.endswith("s"):
        return forms.state_after_entry(element, list(values))
    value = values[0] if values and values[0] else None
    if kind == "datetimepicker" and value is not None:
        return forms.state_after_entry(element, datetime.fromisoformat(value).replace(tzinfo=zone))
    return forms.state_after_entry(element, value) if key == "value" else {"type": kind, key: value}


def _chosen(element: Json, key: str, values: Sequence[str]) -> Json:
    chosen = [option_at(element, value) for value in values if value]
    if len(chosen) > element.get("max_selected_items", len(chosen)):
        raise ValueError(f"At most {element['max_selected_items']} can be chosen.")
    held: Any = chosen if key == "selected_options" else (chosen[0] if chosen else None)
    return {"type": element["type"], key: held}


def option_at(element: Json, number: str) -> Json:
    """The option with that index. ValueError when there is none."""
    offered = block_contents.options_of(element)
    if not number.isdecimal() or int(number) >= len(offered):
        raise ValueError("That option is not offered any more.")
    return offered[int(number)]


def find(blocks: Sequence[Json], block_id: str, action_id: str) -> tuple[Json, Json]:
    """The block and element with these ids. LookupError when the message or form no longer has them."""
    for block, element in block_contents.elements(blocks):
        if (block["block_id"], element["action_id"]) == (block_id, action_id):
            return block, element
    raise LookupError("The message or form has changed in the meantime.")


def store_values(surface: View | SlackMessage, entered: Sequence[Json], zone: tzinfo) -> dict[str, str]:
    """Store the values in the state of the view or message. Returns errors by block id; unknown inputs are ignored."""
    wrong = {}
    given = {(str(one["block"]), str(one["action"])): one["values"] for one in entered}
    for block, element in block_contents.elements(surface.blocks):
        if element["type"] not in forms.INPUT_KEYS:
            continue
        place = surface.state.setdefault(block["block_id"], {})
        place.setdefault(element["action_id"], forms.initial_state(element))
        values = given.get((block["block_id"], element["action_id"]))
        if values is None:
            continue
        try:
            place[element["action_id"]] = state_of(element, [str(value) for value in values], zone)
        except ValueError as error:
            wrong[block["block_id"]] = str(error)
    return wrong
