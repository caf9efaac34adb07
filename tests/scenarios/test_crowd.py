"""A crowd acts at once: whatever was acknowledged is in the record, in order, and nobody is given somebody else's number."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.runtime.app import running
from sandbox import Sandbox, SlackUser
from tests.scenarios.conftest import WarRoom, settings_for
from tests.storage.conftest import PostgreSQL
from tests.storage.conftest import postgresql as postgresql
from warroom.incident.events import NoteAdded
from warroom.policy import Policy

CROWD = 300
DECLARES = 200


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/warroom.db"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new()


@pytest.fixture
async def room(slack: Sandbox, policy: Policy, url: str) -> AsyncIterator[WarRoom]:
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(running(settings_for(slack, url), policy, slack.clock))
        await slack.until_connected()
        await bot.idle()
        yield WarRoom(slack, bot)


def people(slack: Sandbox, count: int) -> list[SlackUser]:
    """The company's people, over and over, without guests, who may not declare."""
    found = [each for each in slack.people() if not (each.is_bot or each.deleted or each.is_restricted)]
    return [found[n % len(found)] for n in range(count)]


def assert_nothing_broke(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    """No line of the log is an error, and none has a traceback; our own lines go to the output as they are."""
    broken = [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR or each.exc_info]
    assert broken == []
    said = capsys.readouterr()
    assert not [line for line in (said.out + said.err).splitlines() if "[error" in line or "Traceback" in line]


async def test_everything_that_a_crowd_does_in_a_room_is_recorded_in_order(
    room: WarRoom, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    channel = room.channel_of(incident)
    texts = [f"gesture {n}" for n in range(CROWD)]
    answers = await asyncio.gather(
        *(
            room.slack.slash(person, channel, "/incident", f"timeline add {text}")
            for person, text in zip(people(room.slack, CROWD), texts, strict=True)
        )
    )
    assert all(answer.acked for answer in answers)
    await room.bot.socket.idle()
    entries = await room.bot.store.timeline(incident.id)
    assert [each.event.text for each in entries if isinstance(each.event, NoteAdded)] == texts
    assert await room.bot.store.pending_envelopes() == []
    assert_nothing_broke(caplog, capsys)


async def test_everybody_who_declares_at_once_has_an_incident_with_a_number_of_its_own(
    room: WarRoom, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = await asyncio.gather(
        *(
            room.slack.slash(person, "general", "/incident", f"declare outage {n} --sev 2")
            for n, person in enumerate(people(room.slack, DECLARES))
        )
    )
    assert all(answer.acked for answer in answers)
    await room.bot.socket.idle()
    found = await room.bot.store.incidents(limit=2 * DECLARES)
    assert sorted(each.number for each in found) == list(range(1, DECLARES + 1))
    assert {each.title for each in found} == {f"outage {n}" for n in range(DECLARES)}
    assert_nothing_broke(caplog, capsys)
