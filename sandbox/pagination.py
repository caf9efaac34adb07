"""Lists in pages, with opaque cursors that expire.

https://docs.slack.dev/apis/web-api/pagination
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.model import Json
from sandbox.workspace import WorkspaceState

T = TypeVar("T")

CURSOR_LIFE = 3600
"""Seconds that a cursor is valid. Slack documents no figure."""


def paginate(
    ws: WorkspaceState, args: Arguments, items: Sequence[T], *, default: int = 100, most: int = 999
) -> tuple[Sequence[T], Json]:
    """(the items of this page, its response_metadata). Raises invalid_cursor and invalid_limit."""
    limit = args.number("limit", 0, "invalid_limit")
    if limit < 0 or limit > most:
        raise SlackError("invalid_limit")
    size = min(limit or default, ws.page_size or most)
    start = _position(ws, args.text("cursor"))
    following = start + size
    cursor = _cursor(ws, following) if following < len(items) else ""
    return items[start:following], {"response_metadata": {"next_cursor": cursor}}


def _cursor(ws: WorkspaceState, position: int) -> str:
    return base64.b64encode(f"next:{position}:{ws.now_seconds}".encode()).decode()


def _position(ws: WorkspaceState, cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, position, issued = base64.b64decode(cursor, validate=True).decode().split(":")
        if word != "next" or ws.now_seconds - int(issued) > CURSOR_LIFE:
            raise ValueError("expired")
        return int(position)
    except ValueError:
        raise SlackError("invalid_cursor") from None
