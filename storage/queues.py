"""Who waits for whom within this process: one queue for each incident that is changed, one lock for the writers, and batches.

A change waits for the decision before it, not for the disk: it is decided on the incident as the change before left it and
written behind it, both in one transaction where they meet. When the first could not be written, the second is not written
either, and is decided again. (The version alone would not tell: another process may have stored a change of the same number.)
What is to be written at the same moment is written together: a transaction costs a flush to the disk, whatever is in it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from warroom.errors import Conflict, StoreUnavailable
from warroom.incident.model import Incident
from warroom.outbox.changes import Changeset

Write = Callable[[Sequence[Changeset]], Awaitable[Sequence[bool]]]
"""Writes changes of one incident in their order; for each whether it was written."""


class Apart(Exception):
    """Something in the changes does not fit together: they must be written one by one to see which it is."""


@dataclass
class PendingWrite:
    """A change, and the one on whose outcome it was decided; None when that was read from the record."""

    change: Changeset
    basis: PendingWrite | None
    stored: bool = False
    error: StoreUnavailable | None = None
    """Why it was not, when that concerns every change."""


class IncidentQueue:
    """`warroom.ports.IncidentTurn`: what one change of an incident passes to the next."""

    def __init__(self, write: Write) -> None:
        self.incident: Incident | None = None
        self.lock = PriorityLock()
        self.users = 0
        """How many hold it, wait for it, or wait for their change to be written."""
        self.holder: asyncio.Task[object] | None = None
        self._write = write
        self._alone = False
        self._last: PendingWrite | None = None
        """The change that `incident` comes from."""
        self._basis: PendingWrite | None = None
        """The same as the holder found it."""
        self._batch = Batch(self._write_pending, "changes of an incident")
        self._at_work = 0
        self._written = asyncio.Event()
        self._written.set()

    async def begin(self, *, alone: bool) -> None:
        """By whoever has the lock now."""
        self.holder, self._alone = asyncio.current_task(), alone
        if alone or self.incident is None:
            # The record is read next, and must show what was decided so far.
            await self._written.wait()
        self._basis = self._last

    async def certain(self) -> bool:
        """See `warroom.ports.IncidentTurn.certain`."""
        await self._written.wait()
        return self.incident is not None

    async def commit(self, change: Changeset) -> bool:
        """By the holder, as Store.commit. Unless it is alone, the next change is decided meanwhile."""
        assert change.incident is not None
        self._last = PendingWrite(change, self._basis)
        writing = self._batch.add(self._last)
        self._at_work += 1
        self._written.clear()
        self.incident = change.incident.copy_with(version=change.incident.version + 1)
        if not self._alone:
            self.pass_on()
        written = False
        try:
            written = await writing
        finally:
            if not written:
                self.incident = self._last = None
            self._at_work -= 1
            if not self._at_work:
                self._written.set()
        return written

    async def _write_pending(self, pending: Sequence[PendingWrite]) -> Sequence[bool]:
        if any(each.basis is not before for before, each in pairwise(pending)):
            raise Apart
        basis = pending[0].basis
        try:
            if basis is not None and basis.error is not None:
                raise basis.error
            if basis is not None and not basis.stored:
                raise Conflict("It was decided on a change that could not be stored. Decide again.")
            written = await self._write([each.change for each in pending])
        except StoreUnavailable as error:
            for each in pending:
                each.error = error
            raise
        for each, stored in zip(pending, written, strict=True):
            each.stored = stored
            each.basis = None  # what is over need not be remembered
        return written

    def pass_on(self) -> None:
        """To whoever is next; nothing when the holder has done so."""
        if self.holder is asyncio.current_task():
            self.holder = None
            self.lock.pass_on()


class IncidentQueues:
    """One queue for each incident that is being changed, first come first served."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._queues: dict[str, IncidentQueue] = {}

    @asynccontextmanager
    async def of(self, incident_id: str, *, urgent: bool, alone: bool) -> AsyncIterator[IncidentQueue]:
        """Hold the incident; those that are urgent go before those that are not. Queues before it suspends."""
        queue = self._queues.get(incident_id)
        if queue is None:
            queue = self._queues[incident_id] = IncidentQueue(self._write)
        queue.users += 1
        try:
            await queue.lock.take(urgent=urgent)
            try:
                await queue.begin(alone=alone)
                yield queue
            finally:
                queue.pass_on()
        finally:
            queue.users -= 1
            if not queue.users:
                del self._queues[incident_id]

    def held(self, incident_id: str) -> IncidentQueue | None:
        """The queue held by the task that asks; None when it does not hold the incident."""
        queue = self._queues.get(incident_id)
        return queue if queue is not None and queue.holder is asyncio.current_task() else None


Item = TypeVar("Item")
Result = TypeVar("Result")

TOGETHER = 500
"""Changes in one transaction."""


class Batch(Generic[Item, Result]):
    """Gathers what is to be written for `store`, which writes it in one transaction. While one runs, the next one fills."""

    def __init__(
        self, store: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], name: str, most: int = TOGETHER
    ) -> None:
        self._store, self._name, self._most = store, name, most
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
            together, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
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
            # Any: it is raised by whoever waits for the item, below. One that cannot be stored must not take the others
            # with it.
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


IN_A_ROW = 4


class PriorityLock:
    """A lock with two queues, each first come first served: urgent writers, for whom somebody waits, go before the others.

    As many hold it at the same time as there are `places`. Of those who wait, one that is not urgent is let in after every
    `IN_A_ROW` urgent ones: what a crowd does must not keep results of the outbox from being stored until leases run out.
    """

    def __init__(self, places: int = 1) -> None:
        self._free = places
        self._in_a_row = 0
        self._queues: tuple[deque[asyncio.Future[None]], ...] = (deque(), deque())

    @asynccontextmanager
    async def taken(self, *, urgent: bool) -> AsyncIterator[None]:
        """Hold it. A writer that is cancelled while waiting passes its turn on."""
        await self.take(urgent=urgent)
        try:
            yield
        finally:
            self.pass_on()

    async def take(self, *, urgent: bool) -> None:
        """Hold it until `pass_on`. Queues before it suspends."""
        if self._free:
            self._free -= 1
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues[0 if urgent else 1].append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.pass_on()
            raise

    def pass_on(self) -> None:
        """To whoever is next."""
        for queue in reversed(self._queues) if self._in_a_row >= IN_A_ROW else self._queues:
            while queue:
                following = queue.popleft()
                if not following.done():
                    self._in_a_row = self._in_a_row + 1 if queue is self._queues[0] else 0
                    following.set_result(None)
                    return
        self._free += 1
