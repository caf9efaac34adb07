"""How a store reaches its database: readers beside each other, writers in turn where the database has only one at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.address import Address
from storage.engine import POOL, WRITES
from storage.faults import translated
from storage.priority_lock import PriorityLock
from warroom.errors import StoreUnavailable


class Connected:
    """The base of the store: `_reading` and `_writing` give a connection and translate what goes wrong with it."""

    def __init__(self, address: Address, engine: AsyncEngine) -> None:
        self._address = address
        self._engine = engine
        self._readers = (
            engine.execution_options(isolation_level="AUTOCOMMIT") if address.kind == "postgresql" else engine
        )
        self._writers = engine.execution_options(**{WRITES: True})
        # SQLite has one writer at a time; waiting here is cheaper and fairer than its busy handler. On PostgreSQL writers
        # may wait for each other's rows, and half of the connections remain for those who read.
        self._turn = PriorityLock(1 if address.kind == "sqlite" else POOL // 2)
        self._closed = False

    @property
    def _shared(self) -> bool:
        """Whether several processes may use it: a SQLite file belongs to one."""
        return self._address.kind == "postgresql"

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        self._refuse_if_closed()
        with translated(self._address):
            async with self._readers.connect() as conn:
                yield conn

    @asynccontextmanager
    async def _writing(self, *, urgent: bool = False) -> AsyncIterator[AsyncConnection]:
        self._refuse_if_closed()
        async with self._turn.taken(urgent=urgent):
            with translated(self._address):
                async with self._writers.begin() as conn:
                    yield conn

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreUnavailable(f"The {self._address.shown} is closed: Warroom is stopping. Nothing was stored.")

    async def _close(self) -> None:
        """Waits for the writer at work."""
        self._closed = True
        async with self._turn.taken(urgent=False):
            await self._engine.dispose()
