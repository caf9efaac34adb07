"""Loki on loopback: what its documentation says of parameters, order, limits and mistakes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest

from sandbox.company.logs import lines
from sandbox.vendors.loki import LokiSystem
from tests.sandbox.company.conftest import NOON, World

NANO = 1_000_000_000


@pytest.fixture
async def loki(world: World) -> AsyncIterator[LokiSystem]:
    """With a quarter of an hour of a bad configuration."""
    world.company.start_trouble("bad_configuration", "search", strength=2)
    world.passes(15)
    system = LokiSystem(company=world.company)
    runner = await system.start()
    yield system
    await system.stop(runner)


async def asked(loki: LokiSystem, query: Mapping[str, object], path: str = "query_range") -> tuple[int, str]:
    async with aiohttp.ClientSession() as session:
        given = {name: str(value) for name, value in query.items()}
        async with session.get(f"{loki.url}/loki/api/v1/{path}", params=given) as answer:
            return answer.status, await answer.text()


async def found(loki: LokiSystem, query: str, **more: object) -> list[tuple[int, str, str]]:
    """(time, service, text) in the order of the answer's streams."""
    status, text = await asked(loki, {"query": query, **more})
    assert status == 200, text
    body: Any = json.loads(text)
    assert (body["status"], body["data"]["resultType"]) == ("success", "streams")
    return [
        (int(at), stream["stream"]["service"], line)
        for stream in body["data"]["result"]
        for at, line in stream["values"]
    ]


async def test_lines_are_those_of_the_service_that_contain_the_text(loki: LokiSystem) -> None:
    span = {"start": int(NOON) * NANO, "end": int(NOON + 900) * NANO, "limit": 5000}
    said = await found(loki, '{service="search"} |= "error"', direction="forward", **span)
    wanted = [
        line
        for line in lines(loki.company, "search", NOON, NOON + 900)
        if "error" in line.text and line.at < NOON + 900
    ]
    assert [text for _, _, text in said] == [line.text for line in wanted]
    assert [at for at, _, _ in said] == [round(line.at * 1e6) * 1000 for line in wanted]
    assert sum("no such host" in text for _, _, text in said) > 50


async def test_the_newest_lines_come_first_and_the_limit_keeps_them(loki: LokiSystem) -> None:
    span = {"start": NOON, "end": NOON + 900}
    newest = await found(loki, '{service="search"} |= "error"', limit=7, **span)
    everything = await found(loki, '{service="search"} |= "error"', limit=5000, direction="forward", **span)
    assert newest == everything[-7:][::-1]
    assert len(await found(loki, '{service=~".+"}', **span)) == 100, "the limit that is meant when none is given"
    assert await found(loki, '{service="search"} |= "error"', limit=3, direction="FORWARD", **span) == everything[:3]


@pytest.mark.parametrize(
    ("query", "keeps", "drops"),
    [
        ('{service="search"} |~ "no such host|broken pipe"', "level=error", "GET"),
        ('{service="search"} != "no such host"', "msg=", "no such host"),
        ('{service="search"} |= "error" !~ "lookup .* no such host"', "level=error", "no such host"),
        ('{service=~"sea.*", level="info"}', "level=info", "level=error"),
        ('{service="search", level!="info"} |= `no such host` |= "request="', "no such host", "level=info"),
    ],
)
async def test_filters(loki: LokiSystem, query: str, keeps: str, drops: str) -> None:
    said = await found(loki, query, start=NOON - 3600, end=NOON + 900, limit=5000)
    assert said
    assert all(keeps in text for _, _, text in said)
    assert not any(drops in text for _, _, text in said)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"query": '{service="a"'}, "parse error at line 1, col 13: syntax error: unexpected $end"),
        ({"query": "{}"}, "queries require at least one regexp or equality matcher"),
        ({"query": '{service=~".*"}'}, "queries require at least one regexp or equality matcher"),
        ({"query": '{service="a"} |= error'}, "unexpected IDENTIFIER, expecting STRING"),
        ({"query": '{service="a"} |~ "("'}, "error parsing regexp"),
        ({"query": 'rate({service="a"}[5m])'}, "parse error at line 1, col 1"),
        ({"query": '{service="a"} | json'}, "parse error at line 1, col 15"),
        ({}, "parse error"),
        ({"query": '{service="a"}', "limit": 0}, "limit must be a positive value"),
        ({"query": '{service="a"}', "limit": 5001}, "max entries limit per query exceeded"),
        ({"query": '{service="a"}', "limit": "x"}, "invalid syntax"),
        ({"query": '{service="a"}', "direction": "up"}, "invalid direction"),
        ({"query": '{service="a"}', "start": 20, "end": 10}, "end timestamp must not be before"),
        ({"query": '{service="a"}', "start": "then"}, "could not parse timestamp"),
        ({"query": '{service="a"}', "start": 0}, "the query time range exceeds the limit"),
    ],
)
async def test_mistakes_are_refused_with_the_reason_as_text(
    loki: LokiSystem, given: dict[str, object], reason: str
) -> None:
    status, text = await asked(loki, given)
    assert status == 400
    assert reason in text


async def test_labels_values_and_readiness(loki: LokiSystem) -> None:
    assert (await asked(loki, {}, "labels"))[0] == 200
    assert '"checkout"' in (await asked(loki, {}, "label/service/values"))[1]
    async with aiohttp.ClientSession() as session, session.get(f"{loki.url}/ready") as answer:
        assert (answer.status, await answer.text()) == (200, "ready\n")


async def test_nothing_is_known_of_the_future_and_of_other_services(loki: LokiSystem, world: World) -> None:
    assert await found(loki, '{service="mainframe"}') == []
    assert await found(loki, '{service="search"}', start=world.now.at + 1, end=world.now.at + 600) == []
    world.passes(2)
    assert await found(loki, '{service="search"}', start=world.now.at - 60, end=world.now.at)
