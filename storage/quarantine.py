"""How much of what could not be used is kept."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

MOST = 1000
MOST_BYTES = 64 * 1024 * 1024
"""What goes beyond either pushes the oldest out: a sender that is wrong for days must not fill the disk."""

K = TypeVar("K", bound=Hashable)


def too_many(newest_first: Iterable[tuple[K, int]], most: int = MOST, most_bytes: int = MOST_BYTES) -> list[K]:
    """Which of (key, size in bytes) have to go."""
    total, going = 0, []
    for place, (key, size) in enumerate(newest_first):
        total += size
        if place >= most or total > most_bytes:
            going.append(key)
    return going
