"""What is to be written at the same moment is written together: a transaction costs a flush to the disk, whatever is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from warroom.errors import StoreUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

TOGETHER = 500
"""Changes in one transaction."""


class Batch(Generic[Item, Result]):
    """Gathers what is to be written for `store`, which writes it in one transaction. While one runs, the next one fills."""

    def __init__(self, store: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], name: str) -> None:
        self._store, self._name = store, name
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._work: asyncio.Task[None] | None = None

    async def join(self, item: Item) -> Result:
        """Returns when it is stored; raises what storing it raised."""
        return await self.add(item)

    def add(self, item: Item) -> asyncio.Future[Result]:
        """As `join`, in the order of the calls."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._work is None or self._work.done():
            self._begin()
        return future

    def _begin(self) -> None:
        self._work = asyncio.create_task(self._all(), name=self._name)
        self._work.add_done_callback(self._go_on)

    def _go_on(self, _ended: asyncio.Task[None]) -> None:
        """Whoever waits must not wait for a task that was cancelled by mistake."""
        self._waiting = [(item, future) for item, future in self._waiting if not future.done()]
        if self._waiting:
            self._begin()

    async def _all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            await self._some(together)

    async def _some(self, together: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._store([item for item, _ in together])
        except asyncio.CancelledError:
            cut_off = StoreUnavailable("The transaction was cut off. Nothing was stored.")
            for _, future in together:
                if not future.done():
                    future.set_exception(cut_off)
            raise
        except Exception as error:
            # Whoever waits must hear of it. One that cannot be stored must not take the others with it.
            if len(together) > 1 and not isinstance(error, StoreUnavailable):
                for one in together:
                    await self._some([one])
                return
            for _, future in together:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(together, results, strict=True):
            if not future.done():
                future.set_result(result)
