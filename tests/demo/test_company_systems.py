"""The sandbox's other systems: connected without any setting, seen in the browser, and somebody can act there."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.demo.company_systems import ROUTING_KEY
from bot.demo.demo_company import MEMORY_ALERT, send_alert
from bot.demo.shared_clock import settle
from bot.demo.workspace import workspace
from bot.runtime.app import Bot
from sandbox import Sandbox
from warroom.incident.model import State


@pytest.fixture
async def company() -> AsyncIterator[tuple[Sandbox, Bot]]:
    """A workspace in which the memory alert opened an incident."""
    async with workspace() as (slack, bot):
        assert await send_alert(bot, MEMORY_ALERT) == 202
        await settle(slack, bot)
        yield slack, bot
    assert ROUTING_KEY not in os.environ


async def shown(slack: Sandbox, system: str) -> str:
    url = f"{slack.page_url}as/grace/systems/{system}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return await answer.text()


async def acts(slack: Sandbox, bot: Bot, system: str, do: str, thing: str = "", origin: str | None = None) -> int:
    url, headers = f"{slack.page_url}as/grace/systems/{system}", {"Origin": origin} if origin else {}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json={"do": do, "id": thing}, headers=headers) as answer,
    ):
        status = answer.status
    await settle(slack, bot)
    return status


async def test_whoever_acknowledges_on_pagerdutys_page_has_it_in_slack(company: tuple[Sandbox, Bot]) -> None:
    slack, bot = company
    assert "INC-1 SEV-1: High Memory Usage on api" in await shown(slack, "pagerduty")
    assert await acts(slack, bot, "pagerduty", "acknowledge", "P000001") == 200
    incident = await bot.store.incident_numbered(1)
    assert incident is not None
    assert (incident.state, incident.acknowledged_by) == (State.ACKNOWLEDGED, slack.person("grace").id)
    page = await shown(slack, "pagerduty")
    assert "acknowledged" in page
    assert "In Progress" in await shown(slack, "jira")
    assert any(each.url.startswith(f"{slack.page_url}systems/pagerduty") for each in incident.links)


async def test_an_issue_that_is_finished_on_jiras_page_resolves_the_incident(company: tuple[Sandbox, Bot]) -> None:
    slack, bot = company
    assert await acts(slack, bot, "jira", "31", "OPS-1") == 200
    incident = await bot.store.incident_numbered(1)
    assert incident is not None
    assert not incident.state.open
    assert "resolved" in await shown(slack, "pagerduty")


async def test_what_begins_there_arrives_and_what_is_deployed_is_a_change(company: tuple[Sandbox, Bot]) -> None:
    slack, bot = company
    assert await acts(slack, bot, "pagerduty", "open") == 200
    assert await acts(slack, bot, "github", "deploy") == 200
    second = await bot.store.incident_numbered(2)
    assert second is not None
    assert "Basket is slow" in second.title
    now = slack.clock.now()
    assert [each.service for each in await bot.store.service_changes(second.declared_at.replace(year=2000), now)] == [
        "checkout"
    ]
    assert "Checkout" in await shown(slack, "statuspage")


@pytest.mark.parametrize(
    ("system", "do", "thing"),
    [
        ("pagerduty", "acknowledge", "PNONE"),
        ("jira", "99", "OPS-1"),
        ("github", "closed", "7"),
        ("statuspage", "x", "y"),
    ],
)
async def test_what_cannot_be_done_is_refused(company: tuple[Sandbox, Bot], system: str, do: str, thing: str) -> None:
    assert await acts(*company, system, do, thing) == 400


async def test_other_sites_pages_cannot_act_there(company: tuple[Sandbox, Bot]) -> None:
    assert await acts(*company, "pagerduty", "open", origin="http://evil.example.com") == 403
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"{company[0].page_url}as/grace/systems/nothing")
        assert answer.status == 404
        answer = await session.get(f"{company[0].page_url}systems/pagerduty/incidents/P000001")
        assert answer.url.path == "/as/ada/systems/pagerduty"
