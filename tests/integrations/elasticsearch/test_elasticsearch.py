"""Reading logs from a server that answers as Elasticsearch does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from integrations.elasticsearch import Elasticsearch
from integrations.elasticsearch.integration import ElasticsearchSettings
from sandbox.vendors.system import Body, FakeSystem
from tests.clock import ManualClock
from tests.integrations.stories import policy_of
from warroom.errors import Rejected, Retryable

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
QUERY = 'service:"checkout" AND level:error'
KNOWN = {"size", "query", "sort", "_source", "timeout", "track_total_hits"}


@dataclass
class FakeElasticsearch(FakeSystem):
    """Documents of one index, found by their time alone."""

    documents: list[Body] = field(default_factory=list)
    shards: dict[str, int] = field(default_factory=lambda: {"total": 2, "successful": 2, "skipped": 0, "failed": 0})

    def routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/{index}/_search", self._search)

    def refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == "ApiKey of-a-reader":
            return None
        return _error(401, "security_exception", "missing authentication credentials for REST request")

    async def _search(self, request: web.Request) -> web.Response:
        if request.match_info["index"] not in ("logs-*", "app-logs"):
            return _error(404, "index_not_found_exception", f"no such index [{request.match_info['index']}]")
        body = await request.json()
        if unknown := body.keys() - KNOWN:
            return _error(400, "parsing_exception", f"unknown key for a VALUE_STRING in [{min(unknown)}].")
        hits = [] if body["size"] == 0 else self._hits(body)
        found = {"took": 3, "timed_out": False, "_shards": self.shards, "hits": {"max_score": None, "hits": hits}}
        return web.json_response(found)

    def _hits(self, body: Body) -> list[Body]:
        text, spans = body["query"]["bool"]["filter"]
        assert text == {"query_string": {"query": QUERY}}
        ((name, span),) = spans["range"].items()
        kept = [each for each in self.documents if span["gte"] <= each["_time"] <= span["lte"]]
        assert body["sort"] == [{name: {"order": "desc"}}]
        kept = sorted(kept, key=lambda each: str(each["_time"]), reverse=True)[: body["size"]]
        return [{"_index": "logs-1", "_id": "x", "_source": each["source"], "sort": [0]} for each in kept]


def _error(status: int, kind: str, why: str) -> web.Response:
    return web.json_response(
        {"error": {"type": kind, "reason": why, "root_cause": []}, "status": status}, status=status
    )


@pytest.fixture
async def server() -> AsyncIterator[FakeElasticsearch]:
    made = FakeElasticsearch()
    runner = await made.start()
    yield made
    await made.stop(runner)


async def started(server: FakeElasticsearch, clock: ManualClock, **section: Any) -> Elasticsearch:
    key = SecretStr("of-a-reader")
    made = Elasticsearch(ElasticsearchSettings(elasticsearch_url=server.url, elasticsearch_api_key=key))
    await made.start(policy_of(elasticsearch=section), clock)
    return made


@pytest.fixture
async def source(server: FakeElasticsearch, clock: ManualClock) -> AsyncIterator[Elasticsearch]:
    made = await started(server, clock)
    yield made
    await made.stop()


def document(seconds: int, **source: Any) -> Body:
    at = (NOON + timedelta(seconds=seconds)).isoformat()
    return {"_time": at, "source": {"@timestamp": at} | source}


async def test_lines_come_in_order_from_the_fields_of_the_policy(server: FakeElasticsearch, clock: ManualClock) -> None:
    server.documents = [
        document(2, log={"original": "two"}),
        document(1, **{"log.original": "one"}),
        document(3, other="without a message"),
        document(600, log={"original": "too late"}),
    ]
    source = await started(server, clock, index="app-logs", message_field="log.original")
    found = await source.lines(QUERY, NOON, NOON + timedelta(minutes=1), 10)
    assert [(each.at, each.text) for each in found] == [
        (NOON + timedelta(seconds=1), "one"),
        (NOON + timedelta(seconds=2), "two"),
    ]
    await source.stop()


async def test_a_time_may_be_milliseconds(server: FakeElasticsearch, source: Elasticsearch) -> None:
    made = document(1, message="x")
    made["source"]["@timestamp"] = int(NOON.timestamp() * 1000) + 1000
    server.documents = [made]
    (found,) = await source.lines(QUERY, NOON, NOON + timedelta(minutes=1), 10)
    assert found.at == NOON + timedelta(seconds=1)


async def test_part_of_an_answer_is_no_answer(server: FakeElasticsearch, source: Elasticsearch) -> None:
    server.shards["failed"] = 1
    with pytest.raises(Retryable, match="1 shards"):
        await source.lines(QUERY, NOON, NOON + timedelta(minutes=1), 10)
    late = b'{"timed_out": true, "_shards": {"total": 1, "failed": 0}, "hits": {"hits": []}}'
    server.fail("POST", "/logs-*/_search", 200, body=late)
    with pytest.raises(Retryable, match="longer than"):
        await source.lines(QUERY, NOON, NOON + timedelta(minutes=1), 10)


async def test_an_index_that_is_not_there_is_said(server: FakeElasticsearch, clock: ManualClock) -> None:
    source = await started(server, clock, index="lost")
    with pytest.raises(Rejected, match="no such index"):
        await source.check(policy_of())
    await source.stop()


async def test_a_pattern_that_fits_no_index_is_said(server: FakeElasticsearch, source: Elasticsearch) -> None:
    assert await source.check(policy_of()) == ()
    server.shards["total"] = 0
    (problem,) = await source.check(policy_of())
    assert "logs-*" in problem


async def test_people_find_the_lines_where_the_policy_says(server: FakeElasticsearch, clock: ManualClock) -> None:
    source = await started(server, clock, page="https://kibana.example.com")
    page = source.page_of('service:"it\'s"', NOON, NOON)
    assert page.startswith("https://kibana.example.com/app/discover#/?_g=")
    assert "it%21%27s" in page
    await source.stop()
