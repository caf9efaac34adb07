"""Memory that the C library keeps free for later is given back to the system, so that a process does not grow over weeks.

Python takes what is larger than 512 bytes from the C library. glibc keeps an arena of its own for nearly every thread (SQLite's,
those that draw pictures), and of what is freed in the middle of an arena it gives nothing back by itself: measured over 14
minutes of load nothing more was in use, and 10 MiB more were kept. Fewer arenas, and `malloc_trim` every few minutes, end
that. See malloc_trim(3) and mallopt(3). With another C library there is nothing to do.
"""

from __future__ import annotations

import ctypes
import os

import structlog

from bot import clock

log = structlog.get_logger(__name__)

ARENAS = 2
"""One for the event loop, one that all other threads share: they are seldom at work at the same time."""
M_ARENA_MAX = -8
"""The number of that option in glibc's malloc.h."""
GIVE_BACK_EVERY = 300.0
"""Seconds. It takes about a millisecond."""


def _glibc() -> ctypes.CDLL | None:
    """The C library of this process, where it is glibc."""
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018  # raises AttributeError in any other library
    except (OSError, AttributeError, TypeError):
        return None
    return library


def limit_arenas() -> bool:
    """To be called before other threads begin. Whether it had an effect; what whoever runs the process has set is kept."""
    library = _glibc()
    if library is None or os.environ.get("MALLOC_ARENA_MAX") or "arena_max" in os.environ.get("GLIBC_TUNABLES", ""):
        return False
    return bool(library.mallopt(M_ARENA_MAX, ARENAS))


def give_back() -> bool:
    """Whether memory that is free was given back to the system."""
    library = _glibc()
    return library is not None and bool(library.malloc_trim(0))


async def keep_memory_small() -> None:
    """Give back what is free every so often, for ever."""
    while True:
        await clock.sleep(GIVE_BACK_EVERY)
        log.debug("memory that is free was looked for", given_back=give_back())
