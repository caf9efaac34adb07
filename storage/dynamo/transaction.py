"""Transactions over the table: everything that a change writes, or nothing, on what it has read.

A change reads items, decides, and writes. Each item that is written must still have the revision that was read, or still be
absent; otherwise the change is decided again on what is there now. One TransactWriteItems does it, with the token that makes it
safe to be sent twice (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).

A transaction takes 100 items and 4 MB. What is larger is written in two parts. What must not happen twice (incident, claim,
delivery) is in the first, together with a marker; the rest is laid down before and carried out after it. Once the marker is there
the change has happened: whoever reads an item that has it, or looks for markers (`finish_left`), carries out what is left. Without
the marker nothing has happened, and what was laid down expires.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

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
    size_of,
    to_json,
)
from warroom.errors import Conflict, StoreUnavailable

T = TypeVar("T")

ATTEMPTS = 12
MOST_BYTES = 3_500_000
"""Of one transaction; DynamoDB takes 4 MB."""
MARKERS = "UNFINISHED"
LAID_DOWN = "LAID#"
KEPT = 86_400
"""Seconds for which what was laid down without a marker is kept."""
GROUP = 50
"""Writes that are carried out together after the marker."""


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

    async def load(self, keys: Iterable[Key]) -> None:
        """Read those that are not known yet."""
        wanted = [key for key in keys if key not in self._known]
        if not wanted:
            return
        found = await self._table.get_many(wanted)
        for unfinished in {item.unfinished for item in found.values() if item.unfinished}:
            await finish(self._table, unfinished)
            found = await self._table.get_many(wanted)
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

    def replace(self, key: Key, data: Data, *, late: bool = True) -> None:
        """Write it whatever is there, without a look. For entries of lists, which are small."""
        self._writes[key] = _Write(data, late=late, blind=True)

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
        first = [key for key, write in self._writes.items() if not write.late]
        late = [key for key, write in self._writes.items() if write.late]
        operations = [operation for key in (*first, *late) for operation in self._operations(key)]
        if not operations:
            return
        if len(operations) <= AT_ONCE and sum(map(_size, operations)) <= MOST_BYTES:
            await _transact(self._table, operations)
        else:
            await self._in_two_parts(first, late)

    async def _in_two_parts(self, first: Sequence[Key], late: Sequence[Key]) -> None:
        name = uuid.uuid4().hex
        flagged = next((key for key in first if self._writes[key].data is not None), None)
        operations = [each for key in first for each in self._operations(key, name if key == flagged else None)]
        behind = [operation for key in late for operation in self._operations(key)]
        room, used = AT_ONCE - len(operations) - 1, sum(map(_size, operations))
        while behind and room > 0 and used + _size(behind[0]) < MOST_BYTES:
            used += _size(behind[0])
            operations.append(behind.pop(0))
            room -= 1
        if room < 0:
            raise TooMuch
        pieces = _pieces(json.dumps([_said(each) for each in behind]))
        expires = int(time.time()) + KEPT  # noqa: TID251  # DynamoDB deletes by its own clock, not by the bot's
        for n, piece in enumerate(pieces):
            laid: Raw = {
                **Key(LAID_DOWN + name, f"{n:04}").raw,
                "r": {"N": "1"},
                "d": {"S": piece},
                "x": {"N": str(expires)},
            }
            await self._table.call("put_item", TableName=self._table.address.table, Item=laid)
        marker = encoded(
            Key(MARKERS, name), {"pieces": len(pieces), "flagged": [flagged.pk, flagged.sk] if flagged else None}, 1
        )
        await _transact(self._table, [*operations, _put(self._table, marker.first, None)])
        await finish(self._table, name)

    def _operations(self, key: Key, unfinished: str | None = None) -> list[Raw]:
        """The item's own operation, and those of the parts that go and come."""
        write = self._writes[key]
        if write.blind:
            if write.data is None:
                return [{"Delete": {"TableName": self._table.address.table, "Key": key.raw}}]
            raw = encoded(key, write.data, random.getrandbits(48)).first  # only to differ from the one before
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
        return [_put(self._table, new.first, rev), *parts, *old]


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
        await _pause(attempt)
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


async def finish_left(table: Table) -> int:
    """Carry out what processes that ended left between the parts of a change. Returns how many changes."""
    left = await table.query(MARKERS)
    for item in left:
        await finish(table, item.key.sk)
    return len(left)


async def finish(table: Table, name: str) -> None:
    """Carry out what is left of that change; nothing when somebody has done so."""
    marker = await table.get(Key(MARKERS, name))
    if marker is None:
        return
    laid = [Key(LAID_DOWN + name, f"{n:04}") for n in range(marker.data["pieces"])]
    answers = await table._get_chunk([key.raw for key in laid])
    pieces = {key_of(raw): raw["d"]["S"] for raw in answers}
    if len(pieces) < len(laid):
        return  # somebody else has just finished it
    text = "".join(pieces[key] for key in laid)
    operations = [_meant(table, each) for each in json.loads(text)]
    for start in range(0, len(operations), GROUP):
        await _carried_out(table, operations[start : start + GROUP])
    if marker.data["flagged"]:
        await _unflagged(table, Key(*marker.data["flagged"]), name)
    for key in (marker.key, *laid):
        await table.call("delete_item", TableName=table.address.table, Key=key.raw)


async def _carried_out(table: Table, operations: list[Raw]) -> None:
    """One that finds its item changed was carried out before, or somebody has written something newer: it is left out."""
    from botocore.exceptions import ClientError

    for attempt in range(ATTEMPTS):
        try:
            await _transact(table, operations)
        except ClientError as error:
            conflict = _again(table, error)
            reasons = [each.get("Code") for each in error.response.get("CancellationReasons", [])]
            if conflict and len(reasons) == len(operations):
                operations = [
                    each for each, why in zip(operations, reasons, strict=True) if why != "ConditionalCheckFailed"
                ]
                if not operations:
                    return
            await _pause(attempt)
        else:
            return
    raise StoreUnavailable(f"{table.address.shown} is too busy to finish a change. It is finished later.")


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
    await table.call("transact_write_items", TransactItems=list(operations), ClientRequestToken=uuid.uuid4().hex)


async def _pause(attempt: int) -> None:
    """A moment of chance length, longer with each attempt, so that those who met do not meet again."""
    longest = min(0.02 * 2**attempt, 1.0)
    await asyncio.sleep(random.uniform(0, longest))  # noqa: TID251, S311  # the database's time, not the bot's


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
