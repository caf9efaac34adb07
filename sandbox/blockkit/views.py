"""Whole views: modals and Home tabs. Limits: Slack, "Modal views" and "Home tab views"."""

from __future__ import annotations

from typing import Any

from sandbox.blockkit.layout import Surface, blocks
from sandbox.blockkit.parts import plain
from sandbox.blockkit.spot import Check, Spot, boolean, record, string, typed
from sandbox.blockkit.together import together


def blocks_of(surface: Surface) -> Check:
    """The blocks of a message or view: each on its own, then all together."""

    def check(value: Any, spot: Spot) -> None:
        blocks(surface)(value, spot)
        if isinstance(value, list):
            together(value, surface, spot)

    return check


def _submit_with_inputs(view: Any, spot: Spot) -> None:
    listed = view.get("blocks")
    kinds = [block.get("type") for block in listed if isinstance(block, dict)] if isinstance(listed, list) else []
    if "input" in kinds and not view.get("submit"):
        spot.error("missing required field: submit (a modal with an input block needs it)")


_ANY: dict[str, Check] = {
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
    "private_metadata": string(3000, 0),
}
_MODAL = record(
    {"title": plain(24), "blocks": blocks_of("modal")},
    {
        **_ANY,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME = record({"blocks": blocks_of("home")}, _ANY)


def _modal(view: Any, spot: Spot) -> None:
    _MODAL(view, spot)
    _submit_with_inputs(view, spot)


VIEW = typed({"modal": _modal, "home": _HOME})
