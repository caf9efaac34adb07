"""Whole views: modals and Home tabs. RateLimits: Slack, "Modal views" and "Home tab views"."""

from __future__ import annotations

from typing import Any

from sandbox.blockkit.across_blocks import check_across_blocks
from sandbox.blockkit.checks import Check, Location, boolean, by_type, record, string
from sandbox.blockkit.composition import plain_text
from sandbox.blockkit.layout import Surface, blocks


def blocks_of(surface: Surface) -> Check:
    """The check of all blocks of that surface: each by itself, then all together."""

    def check(value: Any, location: Location) -> None:
        blocks(surface)(value, location)
        if isinstance(value, list):
            check_across_blocks(value, surface, location)

    return check


def _submit_with_inputs(view: Any, location: Location) -> None:
    listed = view.get("blocks")
    kinds = [block.get("type") for block in listed if isinstance(block, dict)] if isinstance(listed, list) else []
    if "input" in kinds and not view.get("submit"):
        location.error("missing required field: submit (a modal with an input block needs it)")


_ANY: dict[str, Check] = {
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
    "private_metadata": string(3000, 0),
}
_MODAL = record(
    {"title": plain_text(24), "blocks": blocks_of("modal")},
    {
        **_ANY,
        "submit": plain_text(24),
        "close": plain_text(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME = record({"blocks": blocks_of("home")}, _ANY)


def _modal(view: Any, location: Location) -> None:
    _MODAL(view, location)
    _submit_with_inputs(view, location)


VIEW = by_type({"modal": _modal, "home": _HOME})
