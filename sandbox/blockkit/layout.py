"""Layout blocks and the surfaces on which each is allowed. RateLimits: Slack, "Reference: blocks"."""

from __future__ import annotations

from typing import Any, Literal

from sandbox.blockkit import elements
from sandbox.blockkit.checks import Check, Location, all_of, array, boolean, by_type, integer, one_of, record, string
from sandbox.blockkit.composition import ID, IMAGE_FILE, WEB_URL, any_text, exactly_one, plain_text
from sandbox.blockkit.rich_text import RICH_TEXT

Surface = Literal["message", "modal", "home"]

MOST_BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MARKDOWN_IN_ALL = 12_000
TABLE_IN_ALL = 10_000

_BLOCK: dict[str, Check] = {"block_id": ID}


def _text_or_fields(block: Any, location: Location) -> None:
    if "text" not in block and "fields" not in block:
        location.error("missing required field: text or fields")


_CELL = by_type({"raw_text": record({"text": string(least=0)}), "rich_text": record({"elements": RICH_TEXT}, _BLOCK)})
TABLE = record(
    {"rows": array(array(_CELL, 20), 100)},
    {
        **_BLOCK,
        "column_settings": array(
            record({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean}), 20, least=0
        ),
    },
)
SECTION = all_of(
    record(
        {},
        {
            **_BLOCK,
            "text": any_text(3000),
            "fields": array(any_text(2000), 10),
            "accessory": by_type(elements.SECTION_ACCESSORIES),
            "expand": boolean,
        },
    ),
    _text_or_fields,
)
CONTEXT_ELEMENT = by_type(
    {
        "image": elements.IMAGE,
        "plain_text": plain_text(2000),
        "mrkdwn": any_text(2000),
    }
)
IMAGE = all_of(
    record(
        {"alt_text": string(2000)},
        {**_BLOCK, "image_url": WEB_URL, "slack_file": IMAGE_FILE, "title": plain_text(2000)},
    ),
    exactly_one("image_url", "slack_file"),
)


def _input(surface: Surface) -> Check:
    fields = {**elements.INPUT_ELEMENTS, **(elements.FILES if surface == "modal" else {})}
    return record(
        {"label": plain_text(2000), "element": by_type(fields)},
        {**_BLOCK, "hint": plain_text(2000), "optional": boolean, "dispatch_action": boolean},
    )


def block(surface: Surface) -> Check:
    """The check of one block on that surface."""
    kinds: dict[str, Check] = {
        "header": record({"text": plain_text(150)}, {**_BLOCK, "level": integer(1, 4)}),
        "section": SECTION,
        "divider": record({}, _BLOCK),
        "context": record({"elements": array(CONTEXT_ELEMENT, 10)}, _BLOCK),
        "actions": record({"elements": array(by_type(elements.ACTIONS_ELEMENTS), 25)}, _BLOCK),
        "image": IMAGE,
        "input": _input(surface),
        "rich_text": record({"elements": RICH_TEXT}, _BLOCK),
    }
    if surface == "message":
        kinds |= {"markdown": record({"text": string()}, _BLOCK), "table": TABLE}
    return by_type(kinds)


def blocks(surface: Surface) -> Check:
    """The check of each block of that surface by itself."""
    return array(block(surface), MOST_BLOCKS[surface], least=0)
