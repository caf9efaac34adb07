"""Block elements: buttons, menus, selects, pickers and inputs. RateLimits: Slack, "Reference: block elements"."""

from __future__ import annotations

from typing import Any

from sandbox.blockkit.checks import Check, Location, all_of, array, boolean, integer, matching, one_of, record, string
from sandbox.blockkit.composition import (
    CHECKBOX_OPTION,
    CONFIRM,
    DISPATCH_CONFIG,
    FILTER,
    ID,
    IMAGE_FILE,
    OPTION,
    OVERFLOW_OPTION,
    URL,
    WEB_URL,
    exactly_one,
    initial_options_exist,
    options_or_groups,
    plain_text,
)

_ANY: dict[str, Check] = {"action_id": ID}
_WITH_CONFIRM: dict[str, Check] = {**_ANY, "confirm": CONFIRM, "focus_on_load": boolean}
_MENU: dict[str, Check] = {**_WITH_CONFIRM, "placeholder": plain_text(150)}
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
_TEXT_INPUT: dict[str, Check] = {
    **_ANY,
    "placeholder": plain_text(150),
    "focus_on_load": boolean,
    "dispatch_action_config": DISPATCH_CONFIG,
}


def _lengths_in_order(element: Any, location: Location) -> None:
    least, most, initial = (element.get(name) for name in ("min_length", "max_length", "initial_value"))
    if isinstance(least, int) and isinstance(most, int) and least > most:
        location.at("min_length").error("must not be more than max_length")
    if isinstance(initial, str) and len(initial) > (most if isinstance(most, int) else 3000):
        location.at("initial_value").error("must not be longer than max_length")


def _several(kind: str, initial: Check, more: dict[str, Check] | None = None) -> Check:
    fields = {**_MENU, f"initial_{kind}": array(initial), "max_selected_items": _SELECTED}
    return record({}, {**fields, **(more or {})})


BUTTON = record(
    {"text": plain_text(75)},
    {
        **_ANY,
        "value": string(2000),
        "url": URL,
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
OVERFLOW = record({"options": array(OVERFLOW_OPTION, 5)}, {**_ANY, "confirm": CONFIRM})
IMAGE = all_of(
    record({"alt_text": string(2000)}, {"image_url": WEB_URL, "slack_file": IMAGE_FILE}),
    exactly_one("image_url", "slack_file"),
)
_BOXES: dict[str, Check] = {**_WITH_CONFIRM, "initial_options": array(CHECKBOX_OPTION, 10)}
CHECKBOXES = all_of(record({"options": array(CHECKBOX_OPTION, 10)}, _BOXES), initial_options_exist)
RADIO = all_of(
    record({"options": array(CHECKBOX_OPTION, 10)}, {**_WITH_CONFIRM, "initial_option": CHECKBOX_OPTION}),
    initial_options_exist,
)

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
DATETIME_PICKER: dict[str, Check] = {
    "datetimepicker": record({}, {**_WITH_CONFIRM, "initial_date_time": integer(1_000_000_000, 9_999_999_999)})
}
BOXES: dict[str, Check] = {"checkboxes": CHECKBOXES, "radio_buttons": RADIO}
TEXT_INPUTS: dict[str, Check] = {
    "plain_text_input": all_of(
        record(
            {},
            {
                **_TEXT_INPUT,
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
        {**_TEXT_INPUT, "initial_value": _NUMBER, "min_value": _NUMBER, "max_value": _NUMBER},
    ),
    "url_text_input": record({}, {**_TEXT_INPUT, "initial_value": URL}),
    "email_text_input": record({}, {**_TEXT_INPUT, "initial_value": matching(r"[^\s@]+@[^\s@]+", "email address")}),
}
FILES: dict[str, Check] = {
    "file_input": record({}, {**_ANY, "filetypes": array(string()), "max_files": integer(1, 10)})
}

ACTIONS_ELEMENTS: dict[str, Check] = {
    "button": BUTTON, "overflow": OVERFLOW, **SELECTS, **PICKERS, **DATETIME_PICKER, **BOXES,
}  # fmt: skip
SECTION_ACCESSORIES: dict[str, Check] = {
    "button": BUTTON, "overflow": OVERFLOW, "image": IMAGE, **SELECTS, **MULTI_SELECTS, **PICKERS, **BOXES,
}  # fmt: skip
INPUT_ELEMENTS: dict[str, Check] = {**TEXT_INPUTS, **SELECTS, **MULTI_SELECTS, **PICKERS, **DATETIME_PICKER, **BOXES}
