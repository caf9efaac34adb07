"""Ids of our own things."""

from __future__ import annotations

import uuid


def new_id() -> str:
    """A new unique id, short enough for a button's value."""
    return uuid.uuid4().hex
