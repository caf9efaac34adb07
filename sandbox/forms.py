"""The state of the inputs of a view or a message, and a form that a person fills in.

https://docs.slack.dev/reference/block-kit/block-elements
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sandbox import block_contents
from sandbox.channel_operations import with_ids
from sandbox.model import Json, View
from sandbox.workspace import WorkspaceState

INPUT_KEYS = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
"""By type of input: (the key of its value in the state, the key of its initial value in the block)."""
_LISTS = ("selected_options", "selected_users", "selected_conversations", "selected_channels")


def initial_state(element: Json) -> Json:
    """The state of an input that nobody has changed."""
    key, first = INPUT_KEYS[element["type"]]
    value = element.get(first)
    return {"type": element["type"], key: [] if value is None and key in _LISTS else value}


def prepare_inputs(ws: WorkspaceState, view: View) -> None:
    """Give the view's blocks ids and its inputs a state. What was entered under the same ids is kept."""
    before = view.state
    view.body = view.body | {"blocks": with_ids(ws, view.body["blocks"])}
    view.state = {}
    for block, element in block_contents.elements(view.blocks):
        if element["type"] in INPUT_KEYS:
            kept = before.get(block["block_id"], {}).get(element["action_id"])
            state = kept if kept is not None and kept["type"] == element["type"] else initial_state(element)
            view.state.setdefault(block["block_id"], {})[element["action_id"]] = state


def find_input(view: View, label: str) -> tuple[Json, Json]:
    """(block, element) of the input with that label, text or placeholder. LookupError names those that exist."""
    there = []
    for block, element in block_contents.elements(view.blocks):
        names = [
            (block.get("label") or {}).get("text", ""),
            (block.get("text") or {}).get("text", ""),
            (element.get("placeholder") or {}).get("text", ""),
        ]
        if label in names:
            return block, element
        there.append(names[0] or names[2])
    raise LookupError(f"the form has no input {label!r}; it has {', '.join(there)}")


def state_after_entry(element: Json, value: Any) -> Json:
    """The state of an input after `value` is entered; options go by their text or value. ValueError when not allowed."""
    kind = element["type"]
    key, _ = INPUT_KEYS[kind]
    if key == "selected_option":
        value = None if value is None else _option(element, value)
    elif key == "selected_options":
        value = [_option(element, each) for each in value]
    elif key == "value":
        value = _text_value(element, value)
    elif kind == "datepicker" and isinstance(value, date):
        value = value.isoformat()
    elif kind == "datetimepicker" and isinstance(value, datetime):
        value = int(value.timestamp())
    elif key in _LISTS and len(value) > element.get("max_selected_items", len(value)):
        raise ValueError(f"at most {element['max_selected_items']} can be chosen")
    return {"type": kind, key: value}


def _text_value(element: Json, value: Any) -> str | None:
    text = str(value) if value is not None else ""
    if len(text) > element.get("max_length", len(text)):
        raise ValueError(f"the input takes at most {element['max_length']} characters")
    return text or None


def _option(element: Json, wanted: Any) -> Json:
    for option in block_contents.options_of(element):
        if wanted in (option["text"]["text"], option.get("value")):
            return option
    offered = ", ".join(option["text"]["text"] for option in block_contents.options_of(element))
    raise ValueError(f"{wanted!r} is not offered; there are {offered}")


def missing_required(view: View) -> dict[str, str]:
    """By label, what Slack's client says of required inputs that are empty or too short. The app is not asked."""
    found = {}
    for block, element in block_contents.elements(view.blocks):
        if block["type"] != "input" or block.get("optional"):
            continue
        state = view.state[block["block_id"]][element["action_id"]]
        value = state[INPUT_KEYS[element["type"]][0]]
        label = block["label"]["text"]
        if value in (None, "", []):
            found[label] = "Please complete this required field."
        elif isinstance(value, str) and len(value) < element.get("min_length", 0):
            found[label] = f"Must be at least {element['min_length']} characters."
    return found


class Form:
    """An open modal, filled in by its labels."""

    def __init__(self, view: View) -> None:
        self.view = view

    @property
    def title(self) -> str:
        """Its title."""
        return str(self.view.body["title"]["text"])

    def fill(self, label: str, value: Any) -> None:
        """Enter a value: options by text or value, people and channels by id. LookupError, ValueError."""
        block, element = find_input(self.view, label)
        self.view.state.setdefault(block["block_id"], {})[element["action_id"]] = state_after_entry(element, value)

    def has(self, labels: Iterable[str]) -> bool:
        """Whether it has inputs with all these labels."""
        try:
            return all(find_input(self.view, label) for label in labels)
        except LookupError:
            return False

    def value(self, label: str) -> Any:
        """The current value of the input with that label. LookupError."""
        block, element = find_input(self.view, label)
        key = INPUT_KEYS[element["type"]][0]
        return self.view.state[block["block_id"]][element["action_id"]][key]

    def labels(self) -> list[str]:
        """The labels of its buttons and options."""
        return block_contents.labels(self.view.blocks)

    def plain(self) -> str:
        """Its visible text."""
        return block_contents.plain(self.view.blocks)
