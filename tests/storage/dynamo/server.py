"""A DynamoDB for tests: moto's in a process of its own, or whatever `DYNAMODB_ENDPOINT` names."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from storage import migrate

ROOT = Path(__file__).parents[3]
REGION = "eu-central-1"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


class DynamoDB:
    """A server with a table for each test."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.environment = ENVIRONMENT | {"AWS_ENDPOINT_URL": endpoint}
        self._run = uuid.uuid4().hex[:8]
        self._numbers = itertools.count(1)

    def new(self, *, empty: bool = False) -> str:
        """The URL of a new table; of one that is not there yet with `empty`."""
        url = f"dynamodb://{REGION}/test_{self._run}_{next(self._numbers)}"
        if not empty:
            asyncio.run(migrate(url))
        return url


def table_of(url: str) -> str:
    """The table's name."""
    return url.rpartition("/")[2]


async def raw(operation: str, **parameters: Any) -> Any:
    """One call of DynamoDB's, past the store."""
    from aiobotocore.session import get_session

    endpoint = os.environ["AWS_ENDPOINT_URL"]
    async with get_session().create_client("dynamodb", region_name=REGION, endpoint_url=endpoint) as client:
        return await getattr(client, operation)(**parameters)


@contextmanager
def emulator() -> Iterator[str]:
    """The address of moto in a process of its own. Raises OSError when it does not start."""
    started = [sys.executable, "-m", "tests.storage.dynamo.emulator"]
    process = subprocess.Popen(started, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        if not address:
            raise OSError("moto's server ended at once")
        yield address
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def serving() -> Iterator[DynamoDB]:
    """The server, with the environment that leads to it."""
    with pytest.MonkeyPatch.context() as environment:
        given = os.environ.get("DYNAMODB_ENDPOINT")
        if given:
            server = DynamoDB(given)
            for name, value in server.environment.items():
                environment.setenv(name, value)
            yield server
            return
        with emulator() as address:
            server = DynamoDB(address)
            for name, value in server.environment.items():
                environment.setenv(name, value)
            yield server
