"""Checks whether Slack would accept Block Kit: blocks of messages, modals and Home tabs, and whole views.

Problems are worded as Slack words them in response_metadata.messages. Where its documentation names two limits, the
newer one is used. Sources: docs.slack.dev, "Reference: blocks", "block elements", "composition objects", "Modal views".
"""

from __future__ import annotations

from sandbox.blockkit.across_blocks import text_length
from sandbox.blockkit.checks import Location
from sandbox.blockkit.layout import Surface
from sandbox.blockkit.views import VIEW, blocks_of

__all__ = ["MESSAGE_TEXT", "Surface", "problems", "text_length", "view_problems"]

MESSAGE_TEXT = 13_000
"""Slack answers msg_blocks_too_long when `text_length` of a message's blocks is more (slackapi/bolt-js issue 2509)."""


def problems(blocks: object, surface: Surface) -> list[str]:
    """What is wrong with decoded `blocks` on that surface, in Slack's words; empty when they are valid."""
    location = Location("/blocks" if surface == "message" else "/view/blocks")
    blocks_of(surface)(blocks, location)
    return location.problems


def view_problems(view: object) -> list[str]:
    """What is wrong with a decoded view, its blocks included; `type` says whether it is a modal or a Home tab."""
    location = Location("/view")
    VIEW(view, location)
    return location.problems
