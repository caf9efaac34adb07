"""What whoever runs the sandbox adds to its page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scene:
    """A button of the page: something from the outside world that happens when it is pressed."""

    label: str
    play: Callable[[], Awaitable[object]]
    note: str = ""
