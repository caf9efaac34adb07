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
    LARGEST,
    Data,
    Item,
    Key,
    Raw,
    Table,
    encoded,
    from_json,
    key_of,
    pause,
    size_of,
    to_json,
)
from warroom.errors import Conflict, StoreUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")

ATTEMPTS = 12
MOST_BYTES = 3_500_000
"""Of one transaction; DynamoDB takes 4 MB."""
MARKERS = "UNFINISHED"
LAYING = "LAYING"
"""Changes whose second part is being laid down; the transaction that sets the marker takes the entry away."""
LAID_DOWN = "LAID#"
KEPT = 86_400
"""Seconds for which what was laid down without a marker is kept."""
GROUP = AT_ONCE - 1
"""Writes that are carried out together after the marker, with its progress."""
LOOKS = 8
"""How often an item is read again whose change somebody else is finishing."""


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
        if len(operations) <= AT_ONCE and sum(map(_size, operations)) <= MOST_BYTES:
            await _transact(self._table, operations)
        else:
            await self._in_two_parts(first, late)

    def _checks(self) -> list[Raw]:
        checked = sorted(self._checked - self._writes.keys())
        revisions = [(key, item.rev if (item := self._known[key]) else None) for key in checked]
        return [
            {"ConditionCheck": {"TableName": self._table.address.table, "Key": key.raw, **_still(rev)}}
            for key, rev in revisions
        ]

    async def _in_two_parts(self, first: Sequence[Key], late: Sequence[Key]) -> None:
        name = uuid.uuid4().hex
        flagged = [key for key in first if not (write := self._writes[key]).blind and write.data is not None]
        operations = [each for key in first for each in self._operations(key, name if key in flagged else None)]
        operations += self._checks()
        behind = [operation for key in late for operation in self._operations(key)]
        room, used = AT_ONCE - len(operations) - 2, sum(map(_size, operations))
        while behind and room > 0 and used + _size(behind[0]) < MOST_BYTES:
            used += _size(behind[0])
            operations.append(behind.pop(0))
            room -= 1
        if room < 0 or used > MOST_BYTES:
            raise TooMuch
        pieces = _pieces(json.dumps([_said(each) for each in behind]))
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
        await _transact(
            self._table,
            [*operations, _put(self._table, marker.first, None), _delete(self._table, Key(LAYING, name), 1)],
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
            return [_delete(self._table, key, rev), *old] if rev is not None else []
        new = encoded(key, write.data, (rev or 0) + 1, expires=write.expires, unfinished=unfinished)
        parts = [{"Put": {"TableName": self._table.address.table, "Item": part}} for part in new.parts]
        # In this order, should it be carried out group by group: what is there can always be read.
        return [*parts, _put(self._table, new.first, rev), *old]


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
            conflicting = _again(table, error)
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


def _again(table: Table, error: Any) -> bool:
    """Whether it was a conflict that another try may pass; False for throttling. Raises StoreUnavailable for the rest."""
    codes = {each.get("Code") for each in error.response.get("CancellationReasons", [])} - {"None", None}
    if error.response["Error"]["Code"] == "TransactionInProgressException":
        return True
    if codes & {"ThrottlingError", "ProvisionedThroughputExceeded"}:
        return False
    if codes <= {"ConditionalCheckFailed", "TransactionConflict"} and codes:
        return True
    raise table._away(
        ", ".join(sorted(codes)) or "TransactionCanceledException", error.response["Error"].get("Message", "")
    ) from error


async def finished(table: Table, keys: Sequence[Key]) -> dict[Key, Item]:
    """The items, after what changes of them left unfinished was carried out."""
    found = await table.get_many(keys)
    for attempt in range(LOOKS):
        unfinished = {item.unfinished for item in found.values() if item.unfinished}
        if not unfinished:
            return found
        for name in unfinished:
            await finish(table, name)
        if attempt:
            await pause(attempt)
        found = await table.get_many(keys)
    raise StoreUnavailable(f"{table.address.shown} is too busy to finish a change. It is finished later.")


async def finish_left(table: Table) -> int:
    """Carry out what processes that ended left between the parts of a change, and clear away what they never began. Returns how
    many changes were carried out.
    """
    left = await table.query(MARKERS)
    for item in left:
        await finish(table, item.key.sk)
    for item in await table.query(LAYING):
        if item.data["at"] < time.time() - KEPT:  # noqa: TID251  # real time, not the bot's
            await _clear_away(table, item.key)
    return len(left)


async def _clear_away(table: Table, laying: Key) -> None:
    """The entry goes first: without it the marker cannot come any more."""
    await _deleted(table, laying)
    for piece in await table.keys(LAID_DOWN + laying.sk):
        await _deleted(table, piece)


async def _deleted(table: Table, key: Key) -> None:
    await table.call("delete_item", TableName=table.address.table, Key=key.raw)


async def finish(table: Table, name: str) -> None:
    """Carry out what is left of that change; nothing when somebody has done so."""
    at = Key(MARKERS, name)
    marker = await table.get(at)
    operations: list[Raw] | None = None
    gone: set[int] = set()
    attempt = 0
    while marker is not None and marker.data["done"] < marker.data["count"]:
        if operations is None:
            operations = await _laid_down(table, name, marker.data["pieces"])
        if operations is None or not await _one_group(table, marker, operations, gone):
            if attempt >= ATTEMPTS:
                raise StoreUnavailable(f"{table.address.shown} is too busy to finish a change. It is finished later.")
            await pause(attempt)
            attempt += 1
        else:
            attempt = 0
        marker = await table.get(at)
    if marker is None:
        return
    for pk, sk in marker.data["flagged"]:
        await _unflagged(table, Key(pk, sk), name)
    for n in range(marker.data["pieces"]):
        await _deleted(table, Key(LAID_DOWN + name, f"{n:04}"))
    await _deleted(table, at)


async def _laid_down(table: Table, name: str, count: int) -> list[Raw] | None:
    """What is to be carried out; None when somebody has just finished it."""
    keys = [Key(LAID_DOWN + name, f"{n:04}") for n in range(count)]
    found: dict[Key, str] = {}
    for start in range(0, count, AT_ONCE):
        for raw in await table.raws([key.raw for key in keys[start : start + AT_ONCE]]):
            found[key_of(raw)] = raw["d"]["S"]
    if len(found) < count:
        return None
    return [_meant(table, each) for each in json.loads("".join(found[key] for key in keys))]


async def _one_group(table: Table, marker: Item, operations: Sequence[Raw], gone: set[int]) -> bool:
    """Carry out the next operations with the marker's progress. False when that has to be tried again. What finds its item changed
    is added to `gone` and left out: somebody has written something newer.
    """
    from botocore.exceptions import ClientError

    done = end = marker.data["done"]
    size = 0
    while end < len(operations) and end - done < GROUP:
        size += _size(operations[end])
        if size > MOST_BYTES and end > done:
            break
        end += 1
    numbers = [n for n in range(done, end) if n not in gone]
    progress = encoded(marker.key, marker.data | {"done": end}, marker.rev + 1).first
    try:
        await _transact(table, [*(operations[n] for n in numbers), _put(table, progress, marker.rev)])
    except ClientError as error:
        _again(table, error)
        reasons = [each.get("Code") for each in error.response.get("CancellationReasons", [])]
        if len(reasons) == len(numbers) + 1:
            gone |= {n for n, why in zip(numbers, reasons, strict=False) if why == "ConditionalCheckFailed"}
        return False
    return True


async def _unflagged(table: Table, key: Key, name: str) -> None:
    from botocore.exceptions import ClientError

    try:
        await table.call(
            "update_item",
            TableName=table.address.table,
            Key=key.raw,
            UpdateExpression="REMOVE u",
            ConditionExpression="u = :name",
            ExpressionAttributeValues={":name": {"S": name}},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise


async def _transact(table: Table, operations: Sequence[Raw]) -> None:
    """Sent again with the same token as long as DynamoDB is still at it: it is done once."""
    from botocore.exceptions import ClientError

    token = uuid.uuid4().hex
    for attempt in range(ATTEMPTS):
        try:
            await table.call("transact_write_items", TransactItems=list(operations), ClientRequestToken=token)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionInProgressException" or attempt == ATTEMPTS - 1:
                raise
            await pause(attempt)
        else:
            return


def _put(table: Table, raw: Raw, rev: int | None) -> Raw:
    return {"Put": {"TableName": table.address.table, "Item": raw, **_still(rev)}}


def _delete(table: Table, key: Key, rev: int) -> Raw:
    return {"Delete": {"TableName": table.address.table, "Key": key.raw, **_still(rev)}}


def _still(rev: int | None) -> Raw:
    """The condition that the item is as it was read."""
    if rev is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {"ConditionExpression": "r = :rev", "ExpressionAttributeValues": {":rev": {"N": str(rev)}}}


def _size(operation: Raw) -> int:
    (content,) = operation.values()
    return size_of(content.get("Item") or content["Key"])


def _said(operation: Raw) -> Data:
    """The operation as JSON."""
    ((kind, content),) = operation.items()
    rev = content.get("ExpressionAttributeValues", {}).get(":rev", {}).get("N")
    still = "ConditionExpression" in content
    return {
        "do": kind,
        "item": to_json(content.get("Item") or content["Key"]),
        "rev": int(rev) if rev else None,
        "still": still,
    }


def _meant(table: Table, said: Data) -> Raw:
    """The reverse of `_said`."""
    place = "Item" if said["do"] == "Put" else "Key"
    condition = _still(said["rev"]) if said["still"] else {}
    return {said["do"]: {"TableName": table.address.table, place: from_json(said["item"]), **condition}}


def _pieces(text: str) -> list[str]:
    """In bytes a piece is at most four times as long as in characters."""
    length = LARGEST // 4
    return [text[start : start + length] for start in range(0, len(text), length)] or [""]
