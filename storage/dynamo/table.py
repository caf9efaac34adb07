"""The table as keys and values: reading by key and by partition, and what goes wrong on the way.

An item is a JSON value under a partition key and a sort key, with a revision that grows with each write. A value that is too
large for one item (DynamoDB takes 400 KB) is compressed, and split into parts under a name of their own if that does not do.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import uuid
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage import codec
from storage.dynamo.address import Address
from storage.errors import SchemaTooOld
from warroom.errors import StoreUnavailable

Data = dict[str, Any]
Raw = dict[str, Any]
"""An item as the API has it: {"pk": {"S": …}, …}."""

AT_ONCE = 100
"""Keys of one BatchGetItem, and items of one TransactWriteItems:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"""
PLAIN = 16 * 1024
"""Bytes of a value that is stored as it is; more is compressed."""
LARGEST = 300 * 1024
"""Bytes of a value in one item; the rest of the 400 KB is for keys and index attributes."""
OVER = "over"
"""The index of what may be deleted some day, by that time: partition key g, sort key x, keys only."""
OVER_SHARDS = 4
"""Its partitions, for the reason of `storage.dynamo.layout.SHARDS`."""
PATIENCE = 10.0
"""Seconds for an answer of DynamoDB's."""
UNCERTAIN = "Whether the change was stored is not known."
"""It may have been: then the answer was lost on the way."""
ATTEMPTS = 8
"""Of a read that DynamoDB answers only in part, or in the middle of which something was replaced."""
KEYS_ADVICE = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give this machine a role."
WITHOUT_KEYS = frozenset(
    {
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "MetadataRetrievalError",
        "NoAuthTokenError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
    }
)
"""What botocore raises when it finds no keys, or none that are valid."""
THROTTLED = frozenset(
    {"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "InternalServerError"}
)


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Where an item is."""

    pk: str
    sk: str = "."

    @property
    def raw(self) -> Raw:
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


@dataclass(frozen=True, slots=True)
class Item:
    """What is stored under a key. `rev` changes with every write."""

    key: Key
    data: Data
    rev: int
    unfinished: str | None = None
    """The transaction that wrote it and has parts left to write; see `storage.dynamo.unfinished`."""
    parts: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A value as items of the API: the first one, and the parts that it refers to."""

    first: Raw
    parts: list[Raw] = field(default_factory=list)


class Table:
    """The table, through an open client."""

    def __init__(self, address: Address, client: Any) -> None:
        self.address = address
        self.client = client
        self.closed = False

    def require_open(self) -> None:
        """Raises StoreUnavailable when it was closed."""
        if self.closed:
            raise StoreUnavailable(f"The {self.address.shown} is closed: Warroom is stopping. Nothing was stored.")

    @contextlib.contextmanager
    def translated(self, known: str = "Nothing was stored.") -> Iterator[None]:
        """Turns what the client raises into StoreUnavailable; what a transaction has to decide about passes. `known` is what can be
        said when there was no answer.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        self.require_open()
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in (
                "TransactionCanceledException",
                "ConditionalCheckFailedException",
                "TransactionInProgressException",
            ):
                raise
            raise self._away(code, str(error.response.get("Error", {}).get("Message", ""))) from error
        except (BotoCoreError, OSError, TimeoutError) as error:
            raise self._unavailable(str(error) or "no answer in time", self._advice(error), known) from error

    def _advice(self, error: Exception) -> str:
        if type(error).__name__ in WITHOUT_KEYS:
            return KEYS_ADVICE
        what = "AWS_ENDPOINT_URL" if self.address.endpoint else "the region in DATABASE_URL"
        return f"Check that it can be reached, and {what}."

    def _away(self, code: str, message: str) -> StoreUnavailable:
        if code == "ResourceNotFoundException":
            return SchemaTooOld(f"There is no {self.address.shown}. Create it with: python -m bot migrate")
        if code == "AccessDeniedException":
            return self._unavailable(f"{code}: {message}", "Allow it; docs/storage.md lists what the bot needs.")
        if code in ("UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"):
            return self._unavailable(f"{code}: {message}", "Check the AWS keys or the role, and this machine's clock.")
        if code in THROTTLED:
            return self._unavailable(f"it answers {code} again and again", "Raise the table's limits, or wait.")
        return self._unavailable(f"{code}: {message}", "Look into the log.")

    def _unavailable(self, reason: str, advice: str, known: str = "Nothing was stored.") -> StoreUnavailable:
        return StoreUnavailable(f"{self.address.shown} did not answer: {reason.rstrip('.')}. {advice} {known}")

    async def call(self, operation: str, **parameters: Any) -> Any:
        """One call, in time. Raises StoreUnavailable, and ClientError where a transaction has to decide."""
        with self.translated(UNCERTAIN if operation == "transact_write_items" else "Nothing was stored."):
            async with asyncio.timeout(PATIENCE * 3):
                return await getattr(self.client, operation)(**parameters)

    async def get(self, key: Key) -> Item | None:
        """As it is now."""
        return (await self.get_many([key])).get(key)

    async def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Those that there are, as they are now."""
        wanted = sorted(set(keys))
        chunks = [wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE)]
        found: dict[Key, Item] = {}
        for raws in await asyncio.gather(*(self.raws([key.raw for key in chunk]) for chunk in chunks)):
            for item in await self.items(raws):
                found[item.key] = item
        return found

    async def raws(self, keys: list[Raw]) -> list[Raw]:
        """Items as the API has them, of at most AT_ONCE keys. Raises StoreUnavailable when DynamoDB leaves out the same again and again."""
        raws: list[Raw] = []
        asked: Any = {self.address.table: {"Keys": keys, "ConsistentRead": True}}
        attempt = 0
        while asked:
            answer = await self.call("batch_get_item", RequestItems=asked)
            found = answer.get("Responses", {}).get(self.address.table, [])
            raws += found
            asked = answer.get("UnprocessedKeys") or None
            attempt = 0 if found else attempt + 1
            if asked and attempt:
                if attempt >= ATTEMPTS:
                    raise self._away("ThrottlingException", "")
                await pause(attempt)
        return raws

    async def keys(self, pk: str) -> list[Key]:
        """Those of a partition."""
        asked: dict[str, Any] = {
            "TableName": self.address.table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ProjectionExpression": "pk, sk",
            "ConsistentRead": True,
        }
        found: list[Key] = []
        while True:
            answer = await self.call("query", **asked)
            found += [key_of(raw) for raw in answer.get("Items", [])]
            if not (last := answer.get("LastEvaluatedKey")):
                return found
            asked["ExclusiveStartKey"] = last

    async def query(
        self,
        pk: str,
        *,
        since: str | None = None,
        until: str | None = None,
        prefix: str | None = None,
        newest: bool = False,
        limit: int | None = None,
    ) -> list[Item]:
        """The items of a partition by sort key; from `since` to `until`, both included, or those that begin with `prefix`."""
        found: list[Item] = []
        async for items in self.pages(pk, since=since, until=until, prefix=prefix, newest=newest, limit=limit):
            found += items
            if limit is not None and len(found) >= limit:
                return found[:limit]
        return found

    async def pages(
        self,
        pk: str,
        *,
        since: str | None = None,
        until: str | None = None,
        prefix: str | None = None,
        newest: bool = False,
        limit: int | None = None,
    ) -> AsyncIterator[list[Item]]:
        """As `query`, in pages of at most 1 MB."""
        condition, values = "pk = :pk", {":pk": {"S": pk}}
        if prefix is not None:
            condition, values = f"{condition} AND begins_with(sk, :prefix)", values | {":prefix": {"S": prefix}}
        elif since is not None or until is not None:
            condition += " AND sk BETWEEN :since AND :until"
            values |= {":since": {"S": since or " "}, ":until": {"S": until if until is not None else "\U0010ffff"}}
        asked: dict[str, Any] = {
            "TableName": self.address.table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
            "ScanIndexForward": not newest,
        }
        if limit is not None:
            asked["Limit"] = max(1, limit)
        while True:
            answer = await self.call("query", **asked)
            yield await self.items(answer.get("Items", []))
            if not (last := answer.get("LastEvaluatedKey")):
                return
            asked["ExclusiveStartKey"] = last

    async def items(self, raws: Sequence[Raw]) -> list[Item]:
        """Decoded, with their parts. One that was replaced between the two reads is read again; one that is gone by then is left out."""
        wanted = list(raws)
        parts = await self._parts(wanted)
        for attempt in range(ATTEMPTS):
            torn = [n for n, raw in enumerate(wanted) if any(part not in parts for part in parts_of(raw))]
            if not torn:
                return [_item(raw, parts) for raw in wanted]
            if attempt:
                await pause(attempt)
            now: dict[Key, Raw] = {}
            for start in range(0, len(torn), AT_ONCE):
                keys = [key_of(wanted[n]).raw for n in torn[start : start + AT_ONCE]]
                now |= {key_of(raw): raw for raw in await self.raws(keys)}
            parts |= await self._parts(list(now.values()))
            replaced = {n: now.get(key_of(wanted[n])) for n in torn}
            found = [replaced.get(n, raw) for n, raw in enumerate(wanted)]
            wanted = [raw for raw in found if raw is not None]
        raise StoreUnavailable(f"An item of {self.address.shown} misses a part of its value. Restore it from a backup.")

    async def _parts(self, raws: Sequence[Raw]) -> dict[Key, bytes]:
        parts = [part for raw in raws for part in parts_of(raw)]
        known: dict[Key, bytes] = {}
        for start in range(0, len(parts), AT_ONCE):
            for raw in await self.raws([key.raw for key in parts[start : start + AT_ONCE]]):
                known[key_of(raw)] = raw["z"]["B"]
        return known


async def pause(attempt: int) -> None:
    """A moment of chance length, longer with each attempt, so that those who met do not meet again."""
    longest = min(0.02 * 2**attempt, 1.0)
    await asyncio.sleep(random.uniform(0, longest))  # noqa: TID251, S311  # the database's time, not the bot's


def _item(raw: Raw, parts: Mapping[Key, bytes]) -> Item:
    mine = parts_of(raw)
    if mine:
        text = zlib.decompress(b"".join(parts[part] for part in mine)).decode()
    elif "z" in raw:
        text = zlib.decompress(raw["z"]["B"]).decode()
    else:
        text = raw["d"]["S"]
    unfinished = raw["u"]["S"] if "u" in raw else None
    return Item(key_of(raw), json.loads(text), int(raw["r"]["N"]), unfinished, tuple(mine))


def key_of(raw: Raw) -> Key:
    return Key(raw["pk"]["S"], raw["sk"]["S"])


def parts_of(raw: Raw) -> list[Key]:
    if "p" not in raw:
        return []
    name, _, count = raw["p"]["S"].partition("/")
    return [Key(name, f"{n:04}") for n in range(int(count))]


def encoded(key: Key, data: Data, rev: int, *, expires: int | None = None, unfinished: str | None = None) -> Written:
    """The value as items. `expires` in seconds since 1970, when DynamoDB may delete it."""
    text = codec.to_text(data)
    passing: Raw = {} if expires is None else {"x": {"N": str(expires)}, "g": {"S": _shard(key)}}
    raw: Raw = {**key.raw, "r": {"N": str(rev)}, **passing}
    if unfinished is not None:
        raw["u"] = {"S": unfinished}
    octets = text.encode()
    if len(octets) <= PLAIN:
        return Written({**raw, "d": {"S": text}})
    packed = zlib.compress(octets, 6)
    if len(packed) <= LARGEST:
        return Written({**raw, "z": {"B": packed}})
    name = f"PART#{uuid.uuid4().hex}"
    pieces = [packed[start : start + LARGEST] for start in range(0, len(packed), LARGEST)]
    parts: list[Raw] = [
        {**Key(name, f"{n:04}").raw, "z": {"B": piece}, "r": {"N": "1"}, **passing} for n, piece in enumerate(pieces)
    ]
    return Written({**raw, "p": {"S": f"{name}/{len(pieces)}"}}, parts)


def _shard(key: Key) -> str:
    return str(zlib.crc32(f"{key.pk}\n{key.sk}".encode()) % OVER_SHARDS)


def over_shards() -> list[str]:
    """The partitions of the index OVER."""
    return [str(n) for n in range(OVER_SHARDS)]


def size_of(raw: Raw) -> int:
    """About how many bytes the item has."""
    return 100 + sum(len(name) + _length(value) for name, value in raw.items())


def _length(value: Mapping[str, Any]) -> int:
    (content,) = value.values()
    return len(content.encode()) if isinstance(content, str) else len(content)


def to_json(raw: Raw) -> Data:
    """The item as JSON, for a list of what is left to write."""
    return {
        name: {kind: base64.b64encode(content).decode() if kind == "B" else content for kind, content in value.items()}
        for name, value in raw.items()
    }


def from_json(raw: Data) -> Raw:
    """The reverse of `to_json`."""
    return {
        name: {kind: base64.b64decode(content) if kind == "B" else content for kind, content in value.items()}
        for name, value in raw.items()
    }
