"""Layout blocks and where each may stand. Limits: Slack, "Reference: blocks"."""

from __future__ import annotations

from typing import Any, Literal

from sandbox.blockkit import elements
from sandbox.blockkit.parts import ID, IMAGE_FILE, WEB_URL, exactly_one, plain, rich
from sandbox.blockkit.rich_text import RICH_TEXT
from sandbox.blockkit.spot import Check, Spot, array, boolean, both, integer, one_of, record, string, typed

Surface = Literal["message", "modal", "home"]

MOST_BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MARKDOWN_IN_ALL = 12_000
TABLE_IN_ALL = 10_000

_BLOCK: dict[str, Check] = {"block_id": ID}


def _says_something(block: Any, spot: Spot) -> None:
    if "text" not in block and "fields" not in block:
        spot.error("missing required field: text or fields")


_CELL = typed({"raw_text": record({"text": string(least=0)}), "rich_text": record({"elements": RICH_TEXT}, _BLOCK)})
TABLE = record(
    {"rows": array(array(_CELL, 20), 100)},
    {
        **_BLOCK,
        "column_settings": array(
            record({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean}), 20, least=0
        ),
    },
)
SECTION = both(
    record(
        {},
        {
            **_BLOCK,
            "text": rich(3000),
            "fields": array(rich(2000), 10),
            "accessory": typed(elements.BESIDE_TEXT),
            "expand": boolean,
        },
    ),
    _says_something,
)
CONTEXT_ELEMENT = typed(
    {
        "image": elements.IMAGE,
        "plain_text": plain(2000),
        "mrkdwn": rich(2000),
    }
)
IMAGE = both(
    record(
        {"alt_text": string(2000)},
        {**_BLOCK, "image_url": WEB_URL, "slack_file": IMAGE_FILE, "title": plain(2000)},
    ),
    exactly_one("image_url", "slack_file"),
)


def _input(surface: Surface) -> Check:
    fields = {**elements.IN_INPUT, **(elements.FILES if surface == "modal" else {})}
    return record(
        {"label": plain(2000), "element": typed(fields)},
        {**_BLOCK, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    )


def block(surface: Surface) -> Check:
    """One block as it may stand on that surface."""
    kinds: dict[str, Check] = {
        "header": record({"text": plain(150)}, {**_BLOCK, "level": integer(1, 4)}),
        "section": SECTION,
        "divider": record({}, _BLOCK),
        "context": record({"elements": array(CONTEXT_ELEMENT, 10)}, _BLOCK),
        "actions": record({"elements": array(typed(elements.IN_ACTIONS), 25)}, _BLOCK),
        "image": IMAGE,
        "input": _input(surface),
        "rich_text": record({"elements": RICH_TEXT}, _BLOCK),
    }
    if surface == "message":
        kinds |= {"markdown": record({"text": string()}, _BLOCK), "table": TABLE}
    return typed(kinds)


def blocks(surface: Surface) -> Check:
    """The blocks of a message or a view, each on its own."""
    return array(block(surface), MOST_BLOCKS[surface], least=0)
