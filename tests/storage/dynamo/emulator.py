"""moto's DynamoDB as a process of its own: `python -m tests.storage.dynamo.emulator`. It prints its address.

One request at a time: moto takes back a transaction by putting the whole table back as it was, with whatever somebody else has
written meanwhile. And it copies the table for each item of a transaction, where once is enough.
"""

from __future__ import annotations

import copy
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models.table import Table
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

_transact = models.DynamoDBBackend.transact_write_items


class CopiedOnce:
    """What `copy` is to moto within one transaction."""

    def __init__(self) -> None:
        self._tables: dict[int, Any] = {}

    def deepcopy(self, thing: Any) -> Any:
        """A copy; of a table the same one each time."""
        if not isinstance(thing, Table):
            return copy.deepcopy(thing)
        if id(thing) not in self._tables:
            self._tables[id(thing)] = copy.deepcopy(thing)
        return self._tables[id(thing)]


def _transact_with_one_copy(self: models.DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    models.copy = CopiedOnce()  # type: ignore[attr-defined,assignment]  # a module's own import
    try:
        _transact(self, transact_items)
    finally:
        models.copy = copy  # type: ignore[attr-defined]


class Quiet(WSGIRequestHandler):
    """Without a line for each request, and with connections that stay open no longer than one."""

    def log_request(self, *_said: object) -> None:
        """Nothing."""


def main() -> None:
    """Serve until the process is ended."""
    models.DynamoDBBackend.transact_write_items = _transact_with_one_copy  # type: ignore[method-assign]
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=False, request_handler=Quiet)
    print(f"http://127.0.0.1:{server.port}", flush=True)  # noqa: T201  # whoever started it reads it
    server.serve_forever()


if __name__ == "__main__":
    main()
