"""The operations of one TransactWriteItems: made, measured, laid down as JSON, sent."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from storage.dynamo.table import (
    LARGEST,
    Data,
    Key,
    Raw,
    Table,
    from_json,
    pause,
    size_of,
    to_json,
)

ATTEMPTS = 12
MOST_BYTES = 3_500_000
"""Of one transaction; DynamoDB takes 4 MB."""


def may_pass(table: Table, error: Any) -> bool:
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


async def sent(table: Table, operations: Sequence[Raw]) -> None:
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


def put_if_still(table: Table, raw: Raw, rev: int | None) -> Raw:
    return {"Put": {"TableName": table.address.table, "Item": raw, **if_still(rev)}}


def delete_if_still(table: Table, key: Key, rev: int) -> Raw:
    return {"Delete": {"TableName": table.address.table, "Key": key.raw, **if_still(rev)}}


def if_still(rev: int | None) -> Raw:
    """The condition that the item is as it was read."""
    if rev is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {"ConditionExpression": "r = :rev", "ExpressionAttributeValues": {":rev": {"N": str(rev)}}}


def operation_size(operation: Raw) -> int:
    (content,) = operation.values()
    return size_of(content.get("Item") or content["Key"])


def as_json(operation: Raw) -> Data:
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


def from_said(table: Table, said: Data) -> Raw:
    """The reverse of `as_json`."""
    place = "Item" if said["do"] == "Put" else "Key"
    condition = if_still(said["rev"]) if said["still"] else {}
    return {said["do"]: {"TableName": table.address.table, place: from_json(said["item"]), **condition}}


def pieces_of(text: str) -> list[str]:
    """In bytes a piece is at most four times as long as in characters."""
    length = LARGEST // 4
    return [text[start : start + length] for start in range(0, len(text), length)] or [""]
