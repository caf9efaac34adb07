"""Is this Block Kit that Slack would take? Blocks of messages, modals and Home tabs, and whole views.

Problems are worded as Slack words them in response_metadata.messages. Where its documentation names two limits, the
newer one counts. Sources: docs.slack.dev, "Reference: blocks", "block elements", "composition objects", "Modal views".
"""

from __future__ import annotations

from sandbox.blockkit.layout import Surface
from sandbox.blockkit.spot import Spot
from sandbox.blockkit.together import text_length
from sandbox.blockkit.views import VIEW, blocks_of

__all__ = ["MESSAGE_TEXT", "Surface", "problems", "text_length", "view_problems"]

MESSAGE_TEXT = 13_000
"""Slack answers msg_blocks_too_long when `text_length` of a message's blocks is more (slackapi/bolt-js issue 2509)."""


def problems(blocks: object, surface: Surface) -> list[str]:
    """What is wrong with decoded `blocks` on that surface, in Slack's words; empty when they are fine."""
    spot = Spot("/blocks" if surface == "message" else "/view/blocks")
    blocks_of(surface)(blocks, spot)
    return spot.found


def view_problems(view: object) -> list[str]:
    """What is wrong with a decoded view, its blocks included; `type` says whether it is a modal or a Home tab."""
    spot = Spot("/view")
    VIEW(view, spot)
    return spot.found
