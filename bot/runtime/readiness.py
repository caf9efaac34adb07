"""Whether the database can be used: it answers, its schema is ours, and a transaction that writes is committed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from bot import clock
from warroom.errors import Conflict, StoreUnavailable
from warroom.stores import Operations

WRITE_EVERY = 15.0
"""Seconds between two tries to write; in between what the last one came to stands."""


class DatabaseHealth:
    """Reading is tried each time it is asked for, writing at most every WRITE_EVERY seconds."""

    def __init__(self, store: Operations, steady: Callable[[], float] = clock.steady) -> None:
        self._store, self._steady = store, steady
        self._checked_at = -math.inf
        self._refusal: str | None = None
        self._check: asyncio.Task[None] | None = None

    async def problem(self, within: float) -> str | None:
        """Why the database cannot be used, None when it can. Returns within that many seconds.

        A write that takes longer goes on; what it comes to is said the next time.
        """
        try:
            async with asyncio.timeout(within):
                await self._store.ready()
                if self._check is None and self._steady() - self._checked_at >= WRITE_EVERY:
                    self._check = asyncio.create_task(self._write(), name="write check")
                if self._check is not None:
                    await asyncio.shield(self._check)
        except StoreUnavailable as error:
            return str(error)
        except TimeoutError:
            return f"no answer within {within:g} s"
        return self._refusal

    async def _write(self) -> None:
        try:
            await self._store.check_writable()
            self._refusal = None
        except (StoreUnavailable, Conflict) as error:
            self._refusal = str(error)
        finally:
            self._checked_at = self._steady()
            self._check = None
