"""DynamoDBs for tests, each in a process of its own: moto, dynoxide, or whatever `DYNAMODB_ENDPOINT` names.

The two know nothing of each other: moto is Python and keeps what DynamoDB's users need most; dynoxide is Rust over SQLite, is compared
with AWS' own by its makers, and also has the tokens by which a transaction that is sent twice is done once.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from storage import migrate

ROOT = Path(__file__).parents[3]
INSTALLED = ROOT / "build" / "emulator"
"""Where `make tools` puts dynoxide."""
REGION = "eu-central-1"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


class DynamoDB:
    """A server with a table for each test."""

    def __init__(self, endpoint: str, *, has_tokens: bool = True) -> None:
        self.endpoint, self.has_tokens = endpoint, has_tokens
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
def moto() -> Iterator[str]:
    """The address of moto in a process of its own. Raises OSError when it does not start."""
    with _started([sys.executable, "-m", "tests.storage.dynamo.emulator"]) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            raise OSError("moto's server ended at once")
        yield address


@contextmanager
def dynoxide() -> Iterator[str]:
    """The address of dynoxide, with its tables in memory. Raises OSError when it is not installed or does not start."""
    program = next(iter(sorted(INSTALLED.glob("node_modules/@dynoxide/*/dynoxide"))), None)
    if program is None:
        raise OSError("dynoxide is not installed; `make tools` does it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _started([str(program), "serve", "--port", str(port)]) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise OSError("dynoxide ended at once")
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@contextmanager
def serving() -> Iterator[DynamoDB]:
    """The server that DYNAMODB_ENDPOINT names, else dynoxide, else moto; with the environment that leads to it."""
    with ExitStack() as stack:
        has_tokens, address = True, os.environ.get("DYNAMODB_ENDPOINT")
        if not address:
            try:
                address = stack.enter_context(dynoxide())
            except OSError:
                address, has_tokens = stack.enter_context(moto()), False
        server = DynamoDB(address, has_tokens=has_tokens)
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in server.environment.items():
            environment.setenv(name, value)
        yield server
