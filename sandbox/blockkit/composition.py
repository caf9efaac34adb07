"""Composition objects: texts, options, confirmation dialogs. RateLimits: Slack, "Reference: composition objects"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.blockkit.checks import (
    Check,
    Location,
    all_of,
    array,
    boolean,
    by_type,
    length,
    matching,
    one_of,
    record,
    string,
)

ID = string(255)
URL = matching(r"(?:https?|mailto|slack|tel):\S+|https?://\S+", "URL", 3000)
WEB_URL = matching(r"https?://[^\s/]+\S*", "URL", 3000)


def _text_check(most: int, measure: Callable[[str], int] = length) -> Check:
    def check(value: Any, location: Location) -> None:
        if not isinstance(value, str):
            location.error("must be a string")
        elif not value.strip():
            location.error("must be more than 0 characters")
        elif measure(value) > most:
            location.error(f"must be less than {most + 1} characters")

    return check


def plain_text(most: int) -> Check:
    """A plain_text object of at most `most` characters."""
    return by_type({"plain_text": record({"text": _text_check(most)}, {"emoji": boolean})})


def any_text(most: int) -> Check:
    """A plain_text or mrkdwn object of at most `most` characters; mrkdwn is counted as written, because it is escaped already."""
    return by_type(
        {
            "plain_text": record({"text": _text_check(most)}, {"emoji": boolean}),
            "mrkdwn": record({"text": _text_check(most, len)}, {"verbatim": boolean}),
        }
    )


CONFIRM = record(
    {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": one_of("primary", "danger")},
)

OPTION = record({"text": plain_text(75), "value": string(150)}, {"description": plain_text(75)})
CHECKBOX_OPTION = record({"text": any_text(75), "value": string(150)}, {"description": any_text(75)})
OVERFLOW_OPTION = record({"text": plain_text(75), "value": string(150)}, {"description": plain_text(75), "url": URL})
GROUP = record({"label": plain_text(75), "options": array(OPTION, 100)})
FILTER = record(
    {},
    {
        "include": array(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
DISPATCH_CONFIG = record({}, {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2)})
IMAGE_FILE = record({}, {"id": string(), "url": WEB_URL})


def offered(element: Any) -> list[Any]:
    """Every option of an element, those of its groups included."""
    options = element.get("options")
    groups = element.get("option_groups")
    found = list(options) if isinstance(options, list) else []
    for group in groups if isinstance(groups, list) else []:
        inside = group.get("options") if isinstance(group, dict) else None
        found += inside if isinstance(inside, list) else []
    return found


def initial_options_exist(element: Any, location: Location) -> None:
    """The initial option or options have to equal one of the options."""
    options = offered(element)
    if "initial_option" in element and element["initial_option"] not in options:
        location.at("initial_option").error("must match one of the options")
    several = element.get("initial_options")
    for i, choice in enumerate(several if isinstance(several, list) else []):
        if choice not in options:
            location.at("initial_options").at(i).error("must match one of the options")


def exactly_one(*names: str) -> Check:
    """Exactly one of these fields is present."""

    def check(value: Any, location: Location) -> None:
        there = [name for name in names if name in value]
        if len(there) != 1:
            location.error(f"must provide exactly one of: {', '.join(names)}")

    return check


def options_or_groups(required: dict[str, Check], optional: dict[str, Check], option: Check, most: int) -> Check:
    """An element with either `options` or `option_groups`."""
    fields = {**optional, "options": array(option, most), "option_groups": array(GROUP, 100)}
    return all_of(record(required, fields), exactly_one("options", "option_groups"), initial_options_exist)
