"""moto's DynamoDB as a process of its own: `python -m tests.storage.dynamo.emulator`. It prints its address.

One request at a time: moto takes back a transaction by putting the whole table back as it was, with whatever somebody else has
written meanwhile. What it does is left as it is; two things that it does to the whole table are done to the part that is asked
for, because a bot asks every second and its table grows: a transaction copies only the partitions that it writes, and a query
sorts only its partition.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

_transact = models.DynamoDBBackend.transact_write_items
_query = Table.query
INDEX_NAME = 7
"""Which argument of `Table.query` names the index."""


class Copies:
    """What `copy` is to moto within one transaction, which puts back these copies when it is cancelled.

    Items are shared with the copy: none of our transactions has an Update, which would change an item where it is.
    """

    def __init__(self, written: list[DynamoType]) -> None:
        self._written = written

    def deepcopy(self, thing: Any) -> Any:
        """A copy; of a table one that shares the partitions that are not written."""
        if not isinstance(thing, Table):
            return copy.deepcopy(thing)
        kept = copy.copy(thing)
        kept.items = defaultdict(dict, thing.items)
        for partition in self._written:
            if partition in thing.items:
                kept.items[partition] = dict(thing.items[partition])
        return kept


def _transact_with_small_copies(self: models.DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    contents = [next(iter(each.values())) for each in transact_items]
    assert not any("Update" in each for each in transact_items)
    written = [DynamoType((each.get("Item") or each["Key"])["pk"]) for each in contents]
    models.copy = Copies(written)  # type: ignore[attr-defined,assignment]  # a module's own import
    try:
        _transact(self, transact_items)
    finally:
        models.copy = copy  # type: ignore[attr-defined]


def _query_one_partition(self: Table, hash_key: DynamoType | None, *args: Any, **more: Any) -> Any:
    if len(args) >= INDEX_NAME and args[INDEX_NAME - 1] is None and hash_key is not None:
        mine = list(self.items[hash_key].values()) if hash_key in self.items else []
        self.all_items = lambda: mine  # type: ignore[method-assign]
        try:
            return _query(self, hash_key, *args, **more)
        finally:
            del self.all_items
    return _query(self, hash_key, *args, **more)


class Quiet(WSGIRequestHandler):
    """Without a line for each request, and with connections that stay open no longer than one."""

    def log_request(self, *_said: object) -> None:
        """Nothing."""


def main() -> None:
    """Serve until the process is ended."""
    models.DynamoDBBackend.transact_write_items = _transact_with_small_copies  # type: ignore[method-assign]
    Table.query = _query_one_partition  # type: ignore[method-assign]
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=False, request_handler=Quiet)
    print(f"http://127.0.0.1:{server.port}", flush=True)  # noqa: T201  # whoever started it reads it
    server.serve_forever()


if __name__ == "__main__":
    main()
