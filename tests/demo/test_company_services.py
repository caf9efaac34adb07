"""The demo company's services beside the bot: trouble becomes an incident, its cause is named, and undoing it repairs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.demo.drills.review import named_cause
from bot.demo.shared_clock import settle
from bot.demo.workspace import workspace
from bot.runtime.app import Bot
from sandbox import Sandbox
from sandbox.company.running import RunningCompany

Company = tuple[Sandbox, Bot]


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    """The demo company without any incident."""
    async with workspace() as opened:
        yield opened


def running(slack: Sandbox) -> RunningCompany:
    assert slack.company is not None
    return slack.company


async def controls(slack: Sandbox, **given: object) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{slack.page_url}control/company", json=given) as answer,
    ):
        return answer.status, await answer.json()


async def page(slack: Sandbox) -> str:
    url = f"{slack.page_url}as/grace/systems/company"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_trouble_over_http_is_one_incident_and_recovers_when_its_cause_is_undone(company: Company) -> None:
    slack, bot = company
    status, state = await controls(slack, start="bad_configuration", service="payments", strength=2)
    assert status == 200
    assert [each["service"] for each in state["company"]["troubles"]] == ["payments"]
    began = slack.clock.now()
    await slack.advance(timedelta(minutes=7))
    await settle(slack, bot)
    (incident,) = await bot.store.incidents()
    assert incident.alerts.firing > 0
    assert began < incident.declared_at < began + timedelta(minutes=5), "alerts come at their own time"
    told = await bot.store.service_changes(began - timedelta(minutes=1), slack.clock.now())
    assert [(each.service, each.kind) for each in told] == [("payments", "config")]
    status, state = await controls(slack, end="bad_configuration")
    assert (status, state["company"]["troubles"]) == (200, [])
    await slack.advance(timedelta(minutes=15))
    await settle(slack, bot)
    (incident,) = await bot.store.incidents()
    assert incident.alerts.firing == 0
    assert running(slack).monitors.firing() == []


async def test_alertmanager_tells_of_the_same_trouble(company: Company) -> None:
    slack, bot = company
    running(slack).alerts = "alertmanager"
    trouble = await running(slack).start_trouble("expired_certificate", "payments")
    await slack.advance(timedelta(minutes=8))
    await settle(slack, bot)
    (incident,) = await bot.store.incidents()
    assert "checkout" in incident.title or "api" in incident.title or "payments" in incident.title
    assert incident.alerts.firing > 0
    await running(slack).end_trouble(trouble.id)
    await slack.advance(timedelta(minutes=15))
    await settle(slack, bot)
    (incident,) = await bot.store.incidents()
    assert incident.alerts.firing == 0


async def test_what_could_not_be_delivered_is_delivered_first_the_next_time(company: Company) -> None:
    slack, bot = company
    tell = running(slack)
    deliver, posted = tell.deliver, []

    async def refuse(path: str, body: bytes, headers: object) -> None:
        posted.append(path)
        raise ValueError("Warroom answered 503")

    tell.deliver = refuse
    with pytest.raises(ValueError, match="answered 503"):
        await tell.change("search")
    with pytest.raises(ValueError, match="answered 503"):
        await tell.tell()
    assert posted == ["/hooks/changes", "/hooks/changes"]
    tell.deliver = deliver
    await tell.tell()
    await settle(slack, bot)
    now = slack.clock.now()
    told = await bot.store.service_changes(now - timedelta(hours=1), now)
    assert [each.service for each in told] == ["search"]


async def test_nothing_is_told_and_nothing_computed_while_nothing_happens(company: Company) -> None:
    slack, bot = company
    await slack.advance(timedelta(hours=2))
    await settle(slack, bot)
    assert running(slack).sent == []
    assert await bot.store.incidents() == []


async def test_page_shows_charts_what_is_wrong_and_what_can_be_done(company: Company) -> None:
    slack, _ = company
    quiet = await page(slack)
    assert "Nothing is wrong." in quiet
    assert quiet.count('<svg class="chart') > 60
    assert 'aria-label="Errors: ' in quiet
    url = f"{slack.page_url}as/grace/systems/company"
    async with aiohttp.ClientSession() as session:
        for do, thing, wanted in (
            ("db-main", "slow_database", 200), ("more", "web", 200), ("restart", "web", 200), ("rollback", "cart", 200),
            ("reboot", "web", 400), ("restart", "mainframe", 400), ("web", "slow_database", 400), ("end", "trouble-99", 400),
        ):  # fmt: skip
            async with session.post(url, json={"do": do, "id": thing}) as answer:
                assert answer.status == wanted, (do, thing, await answer.text())
        await slack.advance(timedelta(minutes=6))
        troubled = await page(slack)
        assert "Slow database at db-main" in troubled
        assert "revert the migration" in troubled
        assert 'class="chart bad"' in troubled
        assert "6 × 1.4.40" in troubled
        assert "3 × 1.4.39" in troubled
        async with session.post(url, json={"do": "end", "id": running(slack).company.going_on()[0].id}) as answer:
            assert answer.status == 200
    assert "Nothing is wrong." in await page(slack)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"start": "flood"}, "is no trouble"), ({"start": "slow_database", "service": "web"}, "cannot begin at web"),
        ({"end": "memory_leak"}, "there is no memory_leak"), ({"do": "scale", "service": "web"}, "takes other arguments"),
        ({"do": "scale", "service": "web", "replicas": 900}, "no number of replicas"), ({}, "takes start, end or do"),
        ({"do": "restart", "service": "web", "force": True}, "takes other arguments"),
    ],
)  # fmt: skip
async def test_wishes_that_make_no_sense_are_refused(company: Company, given: dict[str, Any], reason: str) -> None:
    status, answer = await controls(company[0], **given)
    assert status == 400
    assert reason in answer["error"]


async def test_services_answer_health_checks_and_are_scraped(company: Company) -> None:
    slack, bot = company
    health = bot.world.policy.services["fraud"].health
    assert health is not None
    async with aiohttp.ClientSession() as session:

        async def answered(url: str) -> tuple[int, str]:
            async with session.get(url) as answer:
                return answer.status, await answer.text()

        assert await answered(health) == (200, "ok\n")
        assert (await answered(health.replace("fraud", "mainframe")))[0] == 404
        await controls(slack, start="dependency_down", service="fraud")
        await slack.advance(timedelta(minutes=1))
        assert await answered(health) == (503, "connection refused\n")
        status, text = await answered(health.partition("/services")[0] + "/metrics")
        assert status == 200
        assert 'container_memory_working_set_bytes{namespace="prod",node="node-4",service="web"}' in text
        assert 'pool_in_use{namespace="prod",service="fraud"}' not in text, "it cannot be scraped"


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (None, "not looked at"), ([], "inconclusive"), (["db-main", "api"], "named"), (["api", "web", "db-main"], "among three"),
        (["api", "web", "cart", "db-main"], "missed"),
    ],
)  # fmt: skip
def test_review_says_whether_the_true_cause_was_named(said: list[str] | None, outcome: str) -> None:
    assert named_cause(said, "db-main") == outcome
