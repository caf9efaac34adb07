"""Composition objects: texts, options, confirmation dialogs. Limits: Slack, "Reference: composition objects"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.blockkit.spot import Check, Spot, array, boolean, both, length, matching, one_of, record, string, typed

ID = string(255)
URL = matching(r"(?:https?|mailto|slack|tel):\S+|https?://\S+", "URL", 3000)
WEB_URL = matching(r"https?://[^\s/]+\S*", "URL", 3000)


def _said(most: int, measure: Callable[[str], int] = length) -> Check:
    def check(value: Any, spot: Spot) -> None:
        if not isinstance(value, str):
            spot.error("must be a string")
        elif not value.strip():
            spot.error("must be more than 0 characters")
        elif measure(value) > most:
            spot.error(f"must be less than {most + 1} characters")

    return check


def plain(most: int) -> Check:
    """A plain_text object of at most `most` characters."""
    return typed({"plain_text": record({"text": _said(most)}, {"emoji": boolean})})


def rich(most: int) -> Check:
    """A plain_text or mrkdwn object of at most `most` characters; mrkdwn, being escaped already, counts as written."""
    return typed(
        {
            "plain_text": record({"text": _said(most)}, {"emoji": boolean}),
            "mrkdwn": record({"text": _said(most, len)}, {"verbatim": boolean}),
        }
    )


CONFIRM = record(
    {"title": plain(100), "text": rich(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)

OPTION = record({"text": plain(75), "value": string(150)}, {"description": plain(75)})
BOX = record({"text": rich(75), "value": string(150)}, {"description": rich(75)})
MENU_ITEM = record({"text": plain(75), "value": string(150)}, {"description": plain(75), "url": URL})
GROUP = record({"label": plain(75), "options": array(OPTION, 100)})
FILTER = record(
    {},
    {
        "include": array(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
DISPATCH = record({}, {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2)})
IMAGE_FILE = record({}, {"id": string(), "url": WEB_URL})


def offered(element: Any) -> list[Any]:
    """Every option of a select, a group of boxes or a menu, however nested."""
    options = element.get("options")
    groups = element.get("option_groups")
    found = list(options) if isinstance(options, list) else []
    for group in groups if isinstance(groups, list) else []:
        inside = group.get("options") if isinstance(group, dict) else None
        found += inside if isinstance(inside, list) else []
    return found


def chosen_among_offered(element: Any, spot: Spot) -> None:
    """What is chosen from the start has to be one of the options, exactly."""
    options = offered(element)
    if "initial_option" in element and element["initial_option"] not in options:
        spot.at("initial_option").error("must match one of the options")
    several = element.get("initial_options")
    for i, choice in enumerate(several if isinstance(several, list) else []):
        if choice not in options:
            spot.at("initial_options").at(i).error("must match one of the options")


def exactly_one(*names: str) -> Check:
    """Of these fields one is there, and only one."""

    def check(value: Any, spot: Spot) -> None:
        there = [name for name in names if name in value]
        if len(there) != 1:
            spot.error(f"must provide exactly one of: {', '.join(names)}")

    return check


def options_or_groups(required: dict[str, Check], optional: dict[str, Check], option: Check, most: int) -> Check:
    """An element with options or groups of them."""
    fields = {**optional, "options": array(option, most), "option_groups": array(GROUP, 100)}
    return both(record(required, fields), exactly_one("options", "option_groups"), chosen_among_offered)
