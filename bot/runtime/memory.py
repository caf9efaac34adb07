"""Memory that the C library keeps free for later is given back to the system, so that a process does not grow over weeks.

Python takes what is larger than 512 bytes from the C library. glibc keeps an arena of its own for nearly every thread (SQLite's,
those that draw pictures); it takes even large blocks from it once one of their size was freed; and of what is freed in the middle
of an arena it gives nothing back by itself. Fewer arenas, a fixed size from which a block stands by itself and goes back when
it is freed, and `malloc_trim` now and then end that; docs/reliability.md has figures. See mallopt(3) and malloc_trim(3). With
another C library there is nothing to do.
"""

from __future__ import annotations

import ctypes
import os

import structlog

from bot import clock

log = structlog.get_logger(__name__)

ARENAS = 2
"""One for the event loop, one that all other threads share: they are seldom at work at the same time."""
ALONE_FROM = 256 * 1024
"""Bytes from which a block stands by itself: those of pictures do."""
KEPT_ON_TOP = 128 * 1024
"""Bytes that may stay free at the end of an arena; glibc's own default, which a fixed ALONE_FROM would else leave behind."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""The numbers of these options in glibc's malloc.h."""
SET_BY_HAND = ("MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")
"""Environment variables with which whoever runs the process decides it."""
GIVE_BACK_EVERY = 60.0
"""Seconds. It takes about a millisecond."""


def _glibc() -> ctypes.CDLL | None:
    """The C library of this process, where it is glibc."""
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018  # raises AttributeError in any other library
    except (OSError, AttributeError, TypeError):
        return None
    return library


def hold_less() -> bool:
    """To be called before other threads begin. Whether it had an effect; what whoever runs the process has set is kept."""
    library = _glibc()
    if library is None or any(os.environ.get(name) for name in SET_BY_HAND):
        return False
    options = ((M_ARENA_MAX, ARENAS), (M_MMAP_THRESHOLD, ALONE_FROM), (M_TRIM_THRESHOLD, KEPT_ON_TOP))
    taken = [library.mallopt(option, value) for option, value in options]  # each of them, whatever became of the others
    return all(taken)


def give_back() -> bool:
    """Whether memory that is free was given back to the system."""
    library = _glibc()
    return library is not None and bool(library.malloc_trim(0))


async def keep_memory_small() -> None:
    """Give back what is free every so often, for ever."""
    while True:
        await clock.sleep(GIVE_BACK_EVERY)
        log.debug("memory that is free was looked for", given_back=give_back())
