"""Transactions over the table: everything that a change writes, or nothing, on what it has read.

A change reads items, decides, and writes. Each item that is written must still have the revision that was read, or still be
absent; otherwise the change is decided again on what is there now. One TransactWriteItems does it, with the token that makes it
safe to be sent twice (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).

A transaction takes 100 items and 4 MB. What is larger is written in two parts. What must not happen twice (incident, claim,
delivery) is in the first, together with a marker; the rest is laid down before and carried out after it. Once the marker is there
the change has happened: whoever reads an item that names it, or looks for markers (`finish_left`), carries out what is left, each
group of writes in one transaction with the marker's progress, so that two who do it at the same time do none of it twice. Without
the marker nothing has happened, and what was laid down is cleared away a day later.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from storage.dynamo.table import (
    AT_ONCE,
    Data,
    Item,
    Key,
    Raw,
    Table,
    encoded,
    pause,
)
from storage.dynamo.transact_calls import (
    ATTEMPTS,
    MOST_BYTES,
    as_json,
    delete_if_still,
    if_still,
    may_pass,
    operation_size,
    pieces_of,
    put_if_still,
    sent,
)
from storage.dynamo.unfinished import LAID_DOWN, LAYING, MARKERS, finish, finished
from warroom.errors import Conflict, StoreUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")


class TooMuch(Exception):
    """More has to be written at once than a transaction takes."""


class Unchanged(Exception):
    """Raised by a change that writes nothing after all; `result` is its answer."""

    def __init__(self, result: Any) -> None:
        super().__init__("nothing is written")
        self.result = result


@dataclass(slots=True)
class _Write:
    data: Data | None
    """None: the item is deleted."""
    expires: int | None = None
    late: bool = False
    """It may be written behind the marker when there is too much for one transaction."""
    blind: bool = False
    """Whatever is there is replaced, unread."""


class Transaction:
    """What one attempt of a change has read, and what it writes."""

    def __init__(self, table: Table, known: dict[Key, Item | None]) -> None:
        self._table, self._known = table, known
        self._writes: dict[Key, _Write] = {}
        self._checked: set[Key] = set()

    async def load(self, keys: Iterable[Key]) -> None:
        """Read those that are not known yet."""
        wanted = [key for key in keys if key not in self._known]
        if not wanted:
            return
        found = await finished(self._table, wanted)
        for key in wanted:
            self._known[key] = found.get(key)

    def know(self, items: Iterable[Item]) -> None:
        """Items that a query brought."""
        for item in items:
            self._known.setdefault(item.key, item)

    async def read(self, key: Key) -> Data | None:
        """The value as this change sees it."""
        if key in self._writes:
            return self._writes[key].data
        await self.load([key])
        item = self._known[key]
        return item.data if item else None

    def seen(self, key: Key) -> Data | None:
        """As `read`, of what is loaded; what is not is taken to be absent, which the transaction makes sure of."""
        if key in self._writes:
            return self._writes[key].data
        item = self._known.setdefault(key, None)
        return item.data if item else None

    async def listed(self, pk: str) -> list[tuple[Key, Data]]:
        """A small partition as this change sees it, by sort key. What others add to it meanwhile does not stand in the way."""
        found = {item.key: item.data for item in await self._table.query(pk)}
        for key, write in self._writes.items():
            if key.pk == pk and write.data is None:
                found.pop(key, None)
            elif key.pk == pk and write.data is not None:
                found[key] = write.data
        return sorted(found.items())

    def savepoint(self) -> dict[Key, _Write]:
        """What is to be written so far."""
        return dict(self._writes)

    def back_to(self, savepoint: dict[Key, _Write]) -> None:
        """Forget what was to be written since."""
        self._writes = savepoint

    def put(self, key: Key, data: Data, *, expires: int | None = None, late: bool = False) -> None:
        """Write it. Whatever is not loaded is taken to be absent."""
        self._known.setdefault(key, None)
        self._writes[key] = _Write(data, expires, late)

    def require(self, key: Key) -> None:
        """Make sure that it is still as it was read, although it is not written."""
        self._known.setdefault(key, None)
        self._checked.add(key)

    def replace(self, key: Key, data: Data, *, expires: int | None = None, late: bool = True) -> None:
        """Write it whatever is there, without a look. For entries of lists, which are small."""
        self._writes[key] = _Write(data, expires, late=late, blind=True)

    def discard(self, key: Key, *, late: bool = True) -> None:
        """Take it away if it is there, without a look."""
        self._writes[key] = _Write(None, late=late, blind=True)

    def delete(self, key: Key, *, late: bool = False) -> None:
        """Take it away. What is not loaded is taken to be absent, and there is nothing to do."""
        if self._known.setdefault(key, None) is None:
            self._writes.pop(key, None)
        else:
            self._writes[key] = _Write(None, late=late)

    async def commit(self) -> None:
        """Raises ClientError with the reasons when something was changed meanwhile."""
        self._table.require_open()
        first = [key for key, write in self._writes.items() if not write.late]
        late = [key for key, write in self._writes.items() if write.late]
        operations = [operation for key in (*first, *late) for operation in self._operations(key)]
        if not operations:
            return
        operations += self._checks()
        if len(operations) <= AT_ONCE and sum(map(operation_size, operations)) <= MOST_BYTES:
            await sent(self._table, operations)
        else:
            await self._in_two_parts(first, late)

    def _checks(self) -> list[Raw]:
        checked = sorted(self._checked - self._writes.keys())
        revisions = [(key, item.rev if (item := self._known[key]) else None) for key in checked]
        return [
            {"ConditionCheck": {"TableName": self._table.address.table, "Key": key.raw, **if_still(rev)}}
            for key, rev in revisions
        ]

    async def _in_two_parts(self, first: Sequence[Key], late: Sequence[Key]) -> None:
        name = uuid.uuid4().hex
        flagged = [key for key in first if not (write := self._writes[key]).blind and write.data is not None]
        operations = [each for key in first for each in self._operations(key, name if key in flagged else None)]
        operations += self._checks()
        behind = [operation for key in late for operation in self._operations(key)]
        room, used = AT_ONCE - len(operations) - 2, sum(map(operation_size, operations))
        while behind and room > 0 and used + operation_size(behind[0]) < MOST_BYTES:
            used += operation_size(behind[0])
            operations.append(behind.pop(0))
            room -= 1
        if room < 0 or used > MOST_BYTES:
            raise TooMuch
        pieces = pieces_of(json.dumps([as_json(each) for each in behind]))
        laying = encoded(Key(LAYING, name), {"at": int(time.time())}, 1)  # noqa: TID251  # real time, not the bot's
        await self._lay_down(laying.first)
        for n, piece in enumerate(pieces):
            await self._lay_down({**Key(LAID_DOWN + name, f"{n:04}").raw, "r": {"N": "1"}, "d": {"S": piece}})
        said = {
            "pieces": len(pieces),
            "count": len(behind),
            "done": 0,
            "flagged": [[key.pk, key.sk] for key in flagged],
        }
        marker = encoded(Key(MARKERS, name), said, 1)
        await sent(
            self._table,
            [
                *operations,
                put_if_still(self._table, marker.first, None),
                delete_if_still(self._table, Key(LAYING, name), 1),
            ],
        )
        try:
            await finish(self._table, name)
        except StoreUnavailable as error:
            # The change is stored: with the marker there, it is only a matter of time, and of whoever comes next.
            log.warning("a change is stored and will be finished later", error=str(error))

    async def _lay_down(self, raw: Raw) -> None:
        await self._table.call("put_item", TableName=self._table.address.table, Item=raw)

    def _operations(self, key: Key, unfinished: str | None = None) -> list[Raw]:
        """The item's own operation, and those of the parts that go and come."""
        write = self._writes[key]
        if write.blind:
            if write.data is None:
                return [{"Delete": {"TableName": self._table.address.table, "Key": key.raw}}]
            # The revision only has to differ from the one before.
            raw = encoded(key, write.data, random.getrandbits(48), expires=write.expires).first
            return [{"Put": {"TableName": self._table.address.table, "Item": raw}}]
        item = self._known[key]
        rev = item.rev if item else None
        old = [
            {"Delete": {"TableName": self._table.address.table, "Key": part.raw}}
            for part in (item.parts if item else ())
        ]
        if write.data is None:
            return [delete_if_still(self._table, key, rev), *old] if rev is not None else []
        new = encoded(key, write.data, (rev or 0) + 1, expires=write.expires, unfinished=unfinished)
        parts = [{"Put": {"TableName": self._table.address.table, "Item": part}} for part in new.parts]
        # In this order, should it be carried out group by group: what is there can always be read.
        return [*parts, put_if_still(self._table, new.first, rev), *old]


async def transact(table: Table, change: Callable[[Transaction], Awaitable[T]]) -> T:
    """Run a change until it is written. It is called again when what it read was changed by somebody else. Raises what it raises,
    Conflict when that goes on, StoreUnavailable.
    """
    from botocore.exceptions import ClientError

    known: dict[Key, Item | None] = {}
    conflicting = False
    for attempt in range(ATTEMPTS):
        transaction = Transaction(table, known)
        try:
            result = await change(transaction)
            await transaction.commit()
        except Unchanged as nothing:
            return nothing.result  # type: ignore[no-any-return]
        except ClientError as error:
            conflicting = may_pass(table, error)
        else:
            return result
        # What stood in the way, and what else was read, is read anew; what was taken to be absent is looked for.
        again = list(transaction._known)
        known = {}
        await Transaction(table, known).load(again)
        await pause(attempt)
    if conflicting:
        raise Conflict("Several writers kept standing in each other's way. Load and decide again.")
    raise table._away("ThrottlingException", "")
