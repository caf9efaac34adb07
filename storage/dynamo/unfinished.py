"""Changes that are larger than a transaction: what is left of them behind their marker is carried out by whoever comes next."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from storage.dynamo.table import (
    AT_ONCE,
    Item,
    Key,
    Raw,
    Table,
    encoded,
    key_of,
    pause,
)
from storage.dynamo.transact_calls import (
    ATTEMPTS,
    MOST_BYTES,
    from_said,
    may_pass,
    operation_size,
    put_if_still,
    sent,
)
from warroom.errors import StoreUnavailable

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
    return [from_said(table, each) for each in json.loads("".join(found[key] for key in keys))]


async def _one_group(table: Table, marker: Item, operations: Sequence[Raw], gone: set[int]) -> bool:
    """Carry out the next operations with the marker's progress. False when that has to be tried again. What finds its item changed
    is added to `gone` and left out: somebody has written something newer.
    """
    from botocore.exceptions import ClientError

    done = end = marker.data["done"]
    size = 0
    while end < len(operations) and end - done < GROUP:
        size += operation_size(operations[end])
        if size > MOST_BYTES and end > done:
            break
        end += 1
    numbers = [n for n in range(done, end) if n not in gone]
    progress = encoded(marker.key, marker.data | {"done": end}, marker.rev + 1).first
    try:
        await sent(table, [*(operations[n] for n in numbers), put_if_still(table, progress, marker.rev)])
    except ClientError as error:
        may_pass(table, error)
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
