"""The demo company with the whole bot: its alerts, its clock, and the command `sandbox`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.demo.shared_clock import settle
from bot.demo.workspace import workspace
from bot.runtime.app import Bot
from sandbox import Sandbox, sample_people
from warroom.incident.model import State

Company = tuple[Sandbox, Bot]


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    """The demo company without any incident."""
    async with workspace() as opened:
        yield opened


async def plays(company: Company, label: str) -> None:
    """Press one of the alert buttons, and let the bot work."""
    slack, bot = company
    await next(scenario for scenario in slack.scenarios if scenario.label == label).run()
    await settle(slack, bot)


async def test_alert_buttons_declare_the_expected_incidents(company: Company) -> None:
    for label in ("Memory alert", "Memory alert", "Error rate alert", "Disk alert"):
        await plays(company, label)
    found = [(incident.severity, incident.title) for incident in reversed(await company[1].store.incidents())]
    assert found == [
        ("SEV-1", "High Memory Usage on api"),
        ("SEV-2", "High error rate on checkout"),
        ("SEV-3", "Disk almost full on db-02"),
    ]


async def test_flapping_is_one_room(company: Company) -> None:
    await plays(company, "Flapping")
    await plays(company, "Flapping")
    assert len([channel for channel in company[0].channels() if channel.name.startswith("inc-")]) == 1


async def test_recovery_needs_something_that_fires(company: Company) -> None:
    with pytest.raises(ValueError, match="Nothing is firing"):
        await plays(company, "Recovery")
    await plays(company, "Memory alert")
    await plays(company, "Recovery")
    incident = await company[1].store.incident_numbered(1)
    assert incident is not None
    assert incident.state is State.DETECTED, "recovered is not resolved; somebody has to say so"


async def test_timers_due_while_the_clock_is_advanced_fire_at_their_time(company: Company) -> None:
    slack, bot = company
    await plays(company, "Memory alert")
    began = slack.clock.seconds()
    await slack.advance(timedelta(minutes=60))
    await settle(slack, bot)
    room = next(channel for channel in slack.channels() if channel.name.startswith("inc-1"))
    grace = next(notice for notice in room.notices if notice.user == slack.person("grace").id)
    assert 14 * 60 < float(grace.ts) - began < 17 * 60, "the second level is called after 15 minutes"


async def test_sockets_dropped_by_the_control_api_are_reconnected(company: Company) -> None:
    slack, bot = company
    before = slack.sockets.connections
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{slack.page_url}control/sockets", json={"do": "drop"}) as answer,
    ):
        assert (await answer.json())["sockets"] == 0
    await slack.until(lambda: slack.sockets.connected > 0 and slack.sockets.connections > before, why="it is back")
    answered = await slack.slash("ada", "general", "/incident", "declare search is slow")
    assert answered.acked, answered.error
    await settle(slack, bot)
    assert await bot.store.last_number() == 1


def test_sample_people_have_namesakes_a_guest_and_a_deactivated_person() -> None:
    people = [person for person in sample_people() if not person.is_bot and person.id != "USLACKBOT"]
    assert len(people) == 40
    assert len({person.name for person in people}) == 40
    names = [person.real_name for person in people]
    assert len(names) - len(set(names)) == 2, "two pairs of namesakes"
    assert sum(person.deleted for person in people) == 1
    assert sum(person.is_restricted for person in people) == 1
    assert any(not person.real_name.isascii() for person in people)
    large = sample_people(5000)
    assert len({person.name for person in large}) == len(large) == 5002


async def test_sandbox_command_prints_its_address_and_ends_on_interrupt() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "sandbox", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        # A shell that runs the tests in the background lets them ignore interrupts, and what they start with them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(120):
        lines = [(await process.stdout.readline()).decode() for _ in range(2)]
        address = lines[1].split()[0]
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            assert "this is not Slack" in await answer.text()
        process.send_signal(signal.SIGINT)
        await process.communicate()
    assert process.returncode == 130
