"""Block elements: buttons, menus, selects, pickers and inputs. Limits: Slack, "Reference: block elements"."""

from __future__ import annotations

from typing import Any

from sandbox.blockkit.parts import (
    BOX,
    CONFIRM,
    DISPATCH,
    FILTER,
    ID,
    IMAGE_FILE,
    MENU_ITEM,
    OPTION,
    URL,
    WEB_URL,
    chosen_among_offered,
    exactly_one,
    options_or_groups,
    plain,
)
from sandbox.blockkit.spot import Check, Spot, array, boolean, both, integer, matching, one_of, record, string

_ANY: dict[str, Check] = {"action_id": ID}
_ASKS: dict[str, Check] = {**_ANY, "confirm": CONFIRM, "focus_on_load": boolean}
_MENU: dict[str, Check] = {**_ASKS, "placeholder": plain(150)}
_USER = matching(r"[UW][A-Z0-9]+", "user id")
_CHANNEL = matching(r"[CGD][A-Z0-9]+", "channel id")
_CONVERSATION = matching(r"[CGDUW][A-Z0-9]+", "conversation id")
_DATE = matching(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "date (YYYY-MM-DD)")
_TIME = matching(r"([01]\d|2[0-3]):[0-5]\d", "time (HH:mm)")
_NUMBER = matching(r"-?\d+(\.\d+)?", "number")
_SELECTED = integer(1)
_EXTERNAL = record({}, {**_MENU, "min_query_length": integer(0), "initial_option": OPTION})
_EXTERNALS = record(
    {},
    {**_MENU, "min_query_length": integer(0), "initial_options": array(OPTION, 100), "max_selected_items": _SELECTED},
)
_TYPED: dict[str, Check] = {
    **_ANY,
    "placeholder": plain(150),
    "focus_on_load": boolean,
    "dispatch_action_config": DISPATCH,
}


def _lengths_in_order(element: Any, spot: Spot) -> None:
    least, most, initial = (element.get(name) for name in ("min_length", "max_length", "initial_value"))
    if isinstance(least, int) and isinstance(most, int) and least > most:
        spot.at("min_length").error("must not be more than max_length")
    if isinstance(initial, str) and len(initial) > (most if isinstance(most, int) else 3000):
        spot.at("initial_value").error("must not be longer than max_length")


def _several(kind: str, initial: Check, more: dict[str, Check] | None = None) -> Check:
    fields = {**_MENU, f"initial_{kind}": array(initial), "max_selected_items": _SELECTED}
    return record({}, {**fields, **(more or {})})


BUTTON = record(
    {"text": plain(75)},
    {
        **_ANY,
        "value": string(2000),
        "url": URL,
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
OVERFLOW = record({"options": array(MENU_ITEM, 5)}, {**_ANY, "confirm": CONFIRM})
IMAGE = both(
    record({"alt_text": string(2000)}, {"image_url": WEB_URL, "slack_file": IMAGE_FILE}),
    exactly_one("image_url", "slack_file"),
)
_BOXES: dict[str, Check] = {**_ASKS, "initial_options": array(BOX, 10)}
CHECKBOXES = both(record({"options": array(BOX, 10)}, _BOXES), chosen_among_offered)
RADIO = both(record({"options": array(BOX, 10)}, {**_ASKS, "initial_option": BOX}), chosen_among_offered)

SELECTS: dict[str, Check] = {
    "static_select": options_or_groups({}, {**_MENU, "initial_option": OPTION}, OPTION, 100),
    "external_select": _EXTERNAL,
    "users_select": record({}, {**_MENU, "initial_user": _USER}),
    "conversations_select": record(
        {},
        {
            **_MENU,
            "initial_conversation": _CONVERSATION,
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": FILTER,
        },
    ),
    "channels_select": record({}, {**_MENU, "initial_channel": _CHANNEL, "response_url_enabled": boolean}),
}
MULTI_SELECTS: dict[str, Check] = {
    "multi_static_select": options_or_groups(
        {}, {**_MENU, "initial_options": array(OPTION, 100), "max_selected_items": _SELECTED}, OPTION, 100
    ),
    "multi_external_select": _EXTERNALS,
    "multi_users_select": _several("users", _USER),
    "multi_conversations_select": _several(
        "conversations", _CONVERSATION, {"default_to_current_conversation": boolean, "filter": FILTER}
    ),
    "multi_channels_select": _several("channels", _CHANNEL),
}
PICKERS: dict[str, Check] = {
    "datepicker": record({}, {**_MENU, "initial_date": _DATE}),
    "timepicker": record({}, {**_MENU, "initial_time": _TIME, "timezone": string()}),
}
MOMENT: dict[str, Check] = {
    "datetimepicker": record({}, {**_ASKS, "initial_date_time": integer(1_000_000_000, 9_999_999_999)})
}
BOXES: dict[str, Check] = {"checkboxes": CHECKBOXES, "radio_buttons": RADIO}
FIELDS: dict[str, Check] = {
    "plain_text_input": both(
        record(
            {},
            {
                **_TYPED,
                "initial_value": string(least=0),
                "multiline": boolean,
                "min_length": integer(0, 3000),
                "max_length": integer(1, 3000),
            },
        ),
        _lengths_in_order,
    ),
    "number_input": record(
        {"is_decimal_allowed": boolean},
        {**_TYPED, "initial_value": _NUMBER, "min_value": _NUMBER, "max_value": _NUMBER},
    ),
    "url_text_input": record({}, {**_TYPED, "initial_value": URL}),
    "email_text_input": record({}, {**_TYPED, "initial_value": matching(r"[^\s@]+@[^\s@]+", "email address")}),
}
FILES: dict[str, Check] = {
    "file_input": record({}, {**_ANY, "filetypes": array(string()), "max_files": integer(1, 10)})
}

IN_ACTIONS: dict[str, Check] = {
    "button": BUTTON, "overflow": OVERFLOW, **SELECTS, **PICKERS, **MOMENT, **BOXES,
}  # fmt: skip
BESIDE_TEXT: dict[str, Check] = {
    "button": BUTTON, "overflow": OVERFLOW, "image": IMAGE, **SELECTS, **MULTI_SELECTS, **PICKERS, **BOXES,
}  # fmt: skip
IN_INPUT: dict[str, Check] = {**FIELDS, **SELECTS, **MULTI_SELECTS, **PICKERS, **MOMENT, **BOXES}
