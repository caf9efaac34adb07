"""Whose turn it is to change an incident, within this process: one after another instead of racing each other.

A change waits for the decision before it, not for the disk: it is decided on the incident as the change before left it and
written behind it, both in one transaction where they meet. When the first could not be written, the second is not written
either, and is decided again. (The version alone would not tell: another process may have stored a change of the same number.)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

from storage.batch import Batch
from storage.priority_lock import PriorityLock
from warroom.errors import Conflict, StoreUnavailable
from warroom.incident.model import Incident
from warroom.outbox.changes import Changeset

Write = Callable[[Sequence[Changeset]], Awaitable[Sequence[bool]]]
"""Writes changes of one incident in their order; for each whether it was written."""


class Apart(Exception):
    """Something in the changes does not fit together: they must be written one by one to see which it is."""


@dataclass
class Link:
    """A change, and the one on whose outcome it was decided; None when that was read from the record."""

    change: Changeset
    basis: Link | None
    stored: bool = False
    error: StoreUnavailable | None = None
    """Why it was not, when that concerns every change."""


class IncidentTurn:
    """`warroom.ports.IncidentTurn`: what one change of an incident hands to the next."""

    def __init__(self, write: Write) -> None:
        self.incident: Incident | None = None
        self.lock = PriorityLock()
        self.users = 0
        """How many hold it, wait for it, or wait for their change to be written."""
        self.holder: asyncio.Task[object] | None = None
        self._write = write
        self._alone = False
        self._last: Link | None = None
        """The change that `incident` comes from."""
        self._basis: Link | None = None
        """The same as the holder found it."""
        self._batch = Batch(self._write_links, "changes of an incident")
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
        self._last = link = Link(change, self._basis)
        writing = self._batch.add(link)
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

    async def _write_links(self, links: Sequence[Link]) -> Sequence[bool]:
        if any(link.basis is not before for before, link in pairwise(links)):
            raise Apart
        basis = links[0].basis
        try:
            if basis is not None and basis.error is not None:
                raise basis.error
            if basis is not None and not basis.stored:
                raise Conflict("It was decided on a change that could not be stored. Decide again.")
            written = await self._write([link.change for link in links])
        except StoreUnavailable as error:
            for link in links:
                link.error = error
            raise
        for link, stored in zip(links, written, strict=True):
            link.stored = stored
            link.basis = None  # what is over need not be remembered
        return written

    def pass_on(self) -> None:
        """To whoever is next; nothing when the holder has done so."""
        if self.holder is asyncio.current_task():
            self.holder = None
            self.lock.pass_on()


class Turns:
    """One queue for each incident that is being changed, first come first served."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._turns: dict[str, IncidentTurn] = {}

    @asynccontextmanager
    async def of(self, incident_id: str, *, urgent: bool, alone: bool) -> AsyncIterator[IncidentTurn]:
        """Hold the incident; those that are urgent go before those that are not. Queues before it suspends."""
        turn = self._turns.get(incident_id)
        if turn is None:
            turn = self._turns[incident_id] = IncidentTurn(self._write)
        turn.users += 1
        try:
            await turn.lock.take(urgent=urgent)
            try:
                await turn.begin(alone=alone)
                yield turn
            finally:
                turn.pass_on()
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[incident_id]

    def held(self, incident_id: str) -> IncidentTurn | None:
        """The turn of the task that asks; None when it does not hold the incident."""
        turn = self._turns.get(incident_id)
        return turn if turn is not None and turn.holder is asyncio.current_task() else None
