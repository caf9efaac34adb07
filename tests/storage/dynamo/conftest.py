"""The store through a proxy that loses what it is told to lose, and without."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage import Database
from tests.storage.conftest import Opener
from tests.storage.dynamo.proxy import Proxy
from tests.storage.dynamo.server import DynamoDB


@pytest.fixture
def table(dynamodb: DynamoDB) -> str:
    """The URL of a new table."""
    return dynamodb.new()


@pytest.fixture
async def proxy(dynamodb: DynamoDB) -> AsyncIterator[Proxy]:
    """Before the server; stores that are opened through `faulty` call it."""
    async with Proxy(dynamodb.endpoint).listening() as listening:
        yield listening


@pytest.fixture
async def faulty(table: str, proxy: Proxy, opening: Opener, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The store of the process that has the troubles."""
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", proxy.address)
        return await opening(table)


@pytest.fixture
async def other(table: str, opening: Opener) -> Database:
    """The store of another process, which reaches the server."""
    return await opening(table)
