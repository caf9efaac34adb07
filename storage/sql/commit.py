"""The one way to write: changes in one transaction, everything or nothing; what meets shares a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from sqlalchemy.ext.asyncio import AsyncEngine

from storage.batch import Batch
from storage.sql.address import Address
from storage.sql.commit_batcher import CommitBatcher, can_be_batched, write_together
from storage.sql.connection import Connected
from storage.sql.write import following_number, only_ends_a_claim, write, write_claim_results, write_merged
from storage.turns import IncidentTurn, Turns
from warroom.outbox.changes import Changeset


class SqlCommits(Connected):
    """`warroom.stores.Commits`."""

    def __init__(self, address: Address, engine: AsyncEngine) -> None:
        super().__init__(address, engine)
        self._batcher = CommitBatcher(self._commit_together)
        self._new: Batch[Callable[[int], Changeset], Changeset | None] = Batch(self._commit_new, "new incidents")
        self._claim_results = Batch(self._end_claims_together, "claim results")
        self._turns = Turns(self._commit_links)

    async def commit(self, change: Changeset) -> bool:
        """See `warroom.stores.Commits.commit`."""
        if can_be_batched(change):
            return await self._batcher.join(change)
        if only_ends_a_claim(change):
            return await self._claim_results.join(change)
        turn = self._turns.held(change.incident.id) if change.incident else None
        return await (turn.commit(change) if turn else self._commit(change))

    async def commit_new(self, build: Callable[[int], Changeset]) -> Changeset | None:
        """See `warroom.stores.Commits.commit_new`."""
        return await self._new.join(build)

    def in_turn(
        self, incident_id: str, *, urgent: bool = False, alone: bool = False
    ) -> AbstractAsyncContextManager[IncidentTurn]:
        """See `warroom.stores.Commits.in_turn`."""
        return self._turns.of(incident_id, urgent=urgent, alone=alone)

    async def _commit(self, change: Changeset) -> bool:
        async def once() -> bool:
            # Somebody waits for what they did; nobody waits for what a claim came to.
            async with self._writing(urgent=change.claim_result is None) as conn:
                written = await write(conn, change)
                if not written:
                    await conn.rollback()
                return written

        return await self._commit_again(once)

    async def _commit_together(self, changes: Sequence[Changeset]) -> list[bool]:
        async def once() -> list[bool]:
            async with self._writing(urgent=True) as conn:
                return await write_together(conn, changes)

        return await self._commit_again(once)

    async def _end_claims_together(self, changes: Sequence[Changeset]) -> list[bool]:
        async def once() -> list[bool]:
            # Until its claim has ended, an effect takes the place of the next one, which may be an answer.
            async with self._writing(urgent=True) as conn:
                await write_claim_results(conn, changes)
            return [True] * len(changes)

        return await self._commit_again(once)

    async def _commit_links(self, changes: Sequence[Changeset]) -> list[bool]:
        if len(changes) == 1:
            return [await self._commit(changes[0])]

        async def once() -> None:
            async with self._writing(urgent=True) as conn:
                await write_merged(conn, changes)

        await self._commit_again(once)
        return [True] * len(changes)

    async def _commit_new(self, builds: Sequence[Callable[[int], Changeset]]) -> list[Changeset | None]:
        async def once() -> list[Changeset | None]:
            async with self._writing(urgent=True) as conn:
                number = await following_number(conn)
                changes = [build(number + n) for n, build in enumerate(builds)]
                if len(changes) > 1:
                    await write_merged(conn, changes)
                elif not await write(conn, changes[0]):
                    await conn.rollback()
                    return [None]
                return list(changes)

        return await self._commit_again(once)
