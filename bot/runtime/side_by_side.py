"""Runs the looks of an investigation at the same time, each within its limit and all within another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from warroom.errors import Rejected, WarroomError
from warroom.investigation.looks import Found, Look
from warroom.investigation.model import NotLookedAt

log = structlog.get_logger(__name__)

EACH, WHOLE = 15.0, 35.0
"""Seconds for one look, and for all: the analysis has the rest of the minute."""
AT_ONCE = 24
"""Looks under way at the same time."""

Done = Callable[[Look, Found | NotLookedAt], Awaitable[None]]


async def side_by_side(
    looks: Sequence[Look], done: Done, *, each: float = EACH, whole: float = WHOLE
) -> list[Found | NotLookedAt]:
    """See `warroom.investigation.usecases.SideBySide`."""
    places = asyncio.Semaphore(AT_ONCE)
    loop = asyncio.get_running_loop()
    over = loop.time() + whole

    async def one(look: Look) -> Found | NotLookedAt:
        came = await _within(look, places, each, over)
        await done(look, came)
        return came

    return list(await asyncio.gather(*(one(look) for look in looks)))


async def _within(look: Look, places: asyncio.Semaphore, each: float, over: float) -> Found | NotLookedAt:
    try:
        async with asyncio.timeout_at(over), places, asyncio.timeout(each):
            found = await look.run()
            return found if isinstance(found, Found) else await asyncio.to_thread(found)
    except TimeoutError:
        return NotLookedAt(source=look.source, why="it took too long to answer")
    except Rejected as error:
        return NotLookedAt(source=look.source, why=f"{error}. {error.advice}".removesuffix(" ").removesuffix("."))
    except WarroomError as error:
        return NotLookedAt(source=look.source, why=str(error))
    except Exception:
        # Of any kind, an answer of an unexpected shape or a bug: one source never keeps the others away. It is logged.
        log.exception("a source could not be looked at", source=look.source)
        return NotLookedAt(source=look.source, why="it answered in a way that is not understood")
