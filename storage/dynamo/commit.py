"""The one way to write: a change in one transaction, everything or nothing; what meets shares a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from storage import codec
from storage.dynamo import layout
from storage.dynamo.table import Data, Item, Key, Table
from storage.dynamo.transaction import TooMuch, Transaction, Unchanged, transact
from storage.dynamo.write import wanted, write
from storage.keys import NAME_COLUMNS, email_key, keys_of
from storage.queues import Apart, Batch, IncidentQueue, IncidentQueues
from warroom.errors import StoreUnavailable
from warroom.outbox.changes import Changeset
from warroom.people.model import Group, Person

T = TypeVar("T")

TOGETHER = 12
"""Changes in one transaction, which takes 100 items; a delivery of Slack's is three or four."""
TOO_MUCH = "A change has more than a transaction takes. Nothing was stored."
WRITERS = 32
"""Items of the directory that are written at the same time."""


class DynamoCommits:
    """`warroom.stores.Commits`."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._batcher = Batch(self._commit_together, "arrivals", TOGETHER)
        self._new: Batch[Callable[[int], Changeset], Changeset | None] = Batch(
            self._commit_new, "new incidents", TOGETHER // 2
        )
        self._claim_results = Batch(self._commit_together, "claim results", TOGETHER)
        self._queues = IncidentQueues(self._commit_pending)

    async def commit(self, change: Changeset) -> bool:
        """See `warroom.stores.Commits.commit`."""
        self._table.require_open()
        await self._write_directory(change)
        if can_be_batched(change):
            return await self._batcher.join(change)
        if only_ends_a_claim(change):
            return await self._claim_results.join(change)
        turn = self._queues.held(change.incident.id) if change.incident else None
        return await (turn.commit(change) if turn else self._commit(change))

    async def commit_new(self, build: Callable[[int], Changeset]) -> Changeset | None:
        """See `warroom.stores.Commits.commit_new`."""
        return await self._new.join(build)

    def in_turn(
        self, incident_id: str, *, urgent: bool = False, alone: bool = False
    ) -> AbstractAsyncContextManager[IncidentQueue]:
        """See `warroom.stores.Commits.in_turn`."""
        return self._queues.of(incident_id, urgent=urgent, alone=alone)

    async def _commit(self, change: Changeset) -> bool:
        async def once(transaction: Transaction) -> bool:
            if not await write(transaction, change):
                raise Unchanged(result=False)
            return True

        try:
            return await transact(self._table, once)
        except TooMuch:
            raise StoreUnavailable(TOO_MUCH) from None

    async def _commit_together(self, changes: Sequence[Changeset]) -> list[bool]:
        """As if one after another; of two that bring the same the first did."""
        if len(changes) == 1:
            return [await self._commit(changes[0])]

        async def once(transaction: Transaction) -> list[bool]:
            await transaction.load(key for change in changes for key in wanted(change))
            written = []
            for change in changes:
                before = transaction.savepoint()
                written.append(await write(transaction, change))
                if not written[-1]:
                    transaction.back_to(before)
            return written

        return await self._apart_if_too_much(once, len(changes))

    async def _commit_pending(self, changes: Sequence[Changeset]) -> list[bool]:
        if len(changes) == 1:
            return [await self._commit(changes[0])]

        async def once(transaction: Transaction) -> list[bool]:
            await transaction.load(key for change in changes for key in wanted(change))
            for change in changes:
                if not await write(transaction, change):
                    raise Apart  # the next ones were decided on what is not written
            return [True] * len(changes)

        return await self._apart_if_too_much(once, len(changes))

    async def _commit_new(self, builds: Sequence[Callable[[int], Changeset]]) -> list[Changeset | None]:
        async def once(transaction: Transaction) -> list[Changeset | None]:
            highest = (await transaction.read(layout.INCIDENT_NUMBER) or {"number": 0})["number"]
            found: list[Changeset | None] = []
            number = highest
            for build in builds:
                change = build(number + 1)
                before = transaction.savepoint()
                if await write(transaction, change):
                    number += 1
                    found.append(change)
                else:
                    transaction.back_to(before)
                    found.append(None)
            return found

        return await self._apart_if_too_much(once, len(builds))

    async def _apart_if_too_much(self, once: Callable[[Transaction], Awaitable[T]], count: int) -> T:
        try:
            return await transact(self._table, once)
        except TooMuch:
            if count == 1:
                raise StoreUnavailable(TOO_MUCH) from None
            raise Apart from None

    async def _write_directory(self, change: Changeset) -> None:
        """People and groups, which are a cache: each by itself, before the change that says that they were read. A process that
        ends in between reads them again.
        """
        old = await self._table.get_many(layout.person(each.id) for each in change.people)
        limit = asyncio.Semaphore(WRITERS)

        async def person(one: Person) -> None:
            async with limit:
                await self._write_person(one, old.get(layout.person(one.id)))

        async def group(one: Group) -> None:
            async with limit:
                await self._put(layout.group(one.id), {"body": codec.to_body(one)})

        await asyncio.gather(*(person(each) for each in change.people), *(group(each) for each in change.groups))

    async def _write_person(self, person: Person, old: Item | None) -> None:
        before, now = set(old.data["places"] if old else ()), places(person)
        body = {"body": codec.to_body(person), "places": sorted(now)}
        if old is not None and old.data == body:
            return
        for place in sorted(now - before):
            await self._put(Key(*place.rsplit("\n", 1)), {"id": person.id})
        await self._put(layout.person(person.id), body)
        for place in sorted(before - now):
            key = Key(*place.rsplit("\n", 1))
            await self._table.call("delete_item", TableName=self._table.address.table, Key=key.raw)

    async def _put(self, key: Key, data: Data) -> None:
        async def once(transaction: Transaction) -> None:
            transaction.replace(key, data)

        await transact(self._table, once)


def places(person: Person) -> set[str]:
    """Where somebody is found by name and by email."""
    names = keys_of(person)
    found = [layout.person_named(name, person.id) for column in NAME_COLUMNS if (name := names[column])]
    if email := email_key(person.email or ""):
        found.append(layout.person_mailed(email, person.id))
    return {f"{each.pk}\n{each.sk}" for each in found}


SIMPLE = {"now", "envelope", "received", "effects", "envelope_done", "audited"}


def can_be_batched(change: Changeset) -> bool:
    """Whether it depends on nothing that was there before, so that it can share a transaction."""
    if change.envelope and change.received:
        return False
    return all(name in SIMPLE or not getattr(change, name) for name in Changeset.model_fields)


def only_ends_a_claim(change: Changeset) -> bool:
    """Whether it does nothing but end a claim."""
    return change.claim_result is not None and all(
        name in ("now", "claim_result") or not getattr(change, name) for name in Changeset.model_fields
    )
