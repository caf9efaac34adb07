"""The database locked, read-only, full or restarted under a running bot; the clock jumping; a process that slept."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.demo.workspace import installation
from bot.runtime.dispatcher import LEASE
from sandbox import Sandbox, sockets
from sandbox.clock import SandboxClock
from storage.sql.store import SqlStore
from tests.patience import be_patient
from tests.reliability.conftest import policy_of
from tests.reliability.house import House
from tests.reliability.process import Hosted
from tests.reliability.promises import said_under
from tests.scenarios.conftest import settings_for
from tests.storage.conftest import PostgreSQL
from tests.storage.conftest import postgresql as postgresql
from warroom.incident.model import State

DECLARE = "declare checkout is down --sev 1"
HOUR = timedelta(hours=1)
SOON = 0.5
"""Real seconds that Slack waits for an acknowledgement which cannot come, or which nobody asks for."""


class JumpingClock:
    """The bot's own clock: the workspace's, set wrong by `off`."""

    def __init__(self, right: SandboxClock) -> None:
        self._right, self.off = right, timedelta(0)

    def now(self) -> datetime:
        return self._right.now() + self.off


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House[Hosted]]:
    """A workspace and a bot of its own, whose clock may jump."""
    async with Sandbox.running(app=installation()) as slack:
        settings = settings_for(slack, f"sqlite:///{tmp_path}/warroom.db")
        process = Hosted(slack, settings, policy_of(), clock=JumpingClock(slack.clock))
        await process.start()
        house = House(slack, process)
        await house.settle()
        yield house
        await process.stop()


@contextmanager
def pragma(house: House[Hosted], statement: str, undo: str) -> Iterator[None]:
    """Every connection behaves as if the file system did."""
    store = house.process.bot.store
    assert isinstance(store, SqlStore)
    engine = store._engine.sync_engine

    said = [statement]

    def begin(connection: sa.Connection) -> None:
        connection.connection.cursor().execute(said[0])

    sa.event.listen(engine, "begin", begin, insert=True)
    yield
    said[0] = undo


@pytest.mark.parametrize(
    ("statement", "undo"),
    [
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000"),
    ],
    ids=["read-only", "full"],
)
async def test_what_cannot_be_stored_is_said_and_works_again_afterwards(
    house: House[Hosted], monkeypatch: pytest.MonkeyPatch, statement: str, undo: str
) -> None:
    incident = await house.declared()
    room, card = house.room(incident), house.card(incident)
    with pragma(house, statement, undo):
        long = "x" * 3000
        answers = [await house.type("ada", f"timeline add {long} {n}", room) for n in range(3)]
        assert all(answer.acked for answer in answers), "a command is answered with what was typed"
        if "query_only" in statement:
            assert any("cannot reach its database" in each.plain() for each in house.slack.ephemerals("ada"))
            monkeypatch.setattr(sockets, "ACK_TIMEOUT", SOON)
            assert not (await house.slack.click("grace", room, card, "Acknowledge")).acked, "Slack tells her"
            be_patient()
    await house.settle()
    assert (await house.slack.click("grace", room, card, "Acknowledge")).acked
    await house.settle()
    assert (await house.last()).state is State.ACKNOWLEDGED
    await house.promises()


async def test_a_locked_database_in_the_middle_of_a_declaration(
    house: House[Hosted], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "warroom.db", isolation_level=None, check_same_thread=False)
    locking: list[asyncio.Future[sqlite3.Cursor]] = []

    def lock() -> None:
        locking.append(asyncio.ensure_future(asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")))

    house.slack.on_call("conversations.create", do=lock)
    await house.type("ada", DECLARE)
    await house.applied()
    await asyncio.gather(*locking)
    monkeypatch.setattr(sockets, "ACK_TIMEOUT", SOON)
    assert not (await house.slack.shortcut("ada", "nobody knows")).acked, "nothing can be stored now"
    other.execute("COMMIT")
    other.close()
    await house.settle()
    await house.promises()


async def test_postgresql_restarts_in_the_middle_of_a_declaration(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "ACK_TIMEOUT", SOON)
    url = postgresql.new()
    name = sa.make_url(url).database
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';"  # noqa: S608  # our own name
    async with Sandbox.running(app=installation()) as slack:
        process = Hosted(slack, settings_for(slack, url), policy_of())
        await process.start()
        house = House(slack, process)
        await house.settle()

        def restart() -> None:
            postgresql.sql(cut)

        for method in ("conversations.create", "chat.postMessage", "pins.add"):
            slack.on_call(method, do=restart)
        await house.type("ada", DECLARE)
        await house.applied()
        await house.settle()
        await house.promises()
        await process.stop()


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
async def test_the_clock_jumps_in_the_middle_of_a_declaration(house: House[Hosted], jump: timedelta) -> None:
    clock = house.process.bot.clock
    assert isinstance(clock, JumpingClock)

    def leap() -> None:
        clock.off = jump

    # What was put off before the leap is what a clock that goes back would leave lying for an hour.
    house.slack.fail("conversations.setTopic", "ratelimited", seconds=20)
    house.slack.on_call("pins.add", do=leap)
    await house.type("ada", DECLARE)
    await house.applied()
    await house.pass_time(0)
    for _ in range(10):
        await house.pass_time(10)
    begun = await house.last()
    assert (await house.process.bot.store.store_stats()).waiting == 0, "nobody waits for the right time"
    assert begun.title in house.room(begun).topic
    assert house.card(begun).ts in {pin.ts for pin in house.room(begun).pins}
    assert len(said_under(house.slack, f"{begun.id}:announce")) == 1
    clock.off = timedelta(0)
    await house.pass_time(3600)
    await house.settle()
    await house.promises()
    incident = await house.last()
    assert len(said_under(house.slack, f"{incident.id}:team")) == 1


async def test_a_process_that_slept_through_its_lease_changes_nothing(postgresql: PostgreSQL) -> None:
    url = postgresql.new()
    async with Sandbox.running(app=installation()) as slack:
        sleeper = Hosted(slack, settings_for(slack, url), policy_of())
        await sleeper.start()
        house = House(slack, sleeper)
        await house.settle()
        woken = asyncio.Event()
        fault = slack.fail("conversations.create", "delay", until=woken)
        await house.type("ada", DECLARE)
        await slack.until(lambda: fault.applied > 0)
        other = Hosted(slack, settings_for(slack, url), policy_of())
        await other.start()
        slack.clock.advance(LEASE + timedelta(seconds=1))
        awake = House(slack, other)
        await awake.settle()
        opened = await house.last()
        assert opened.room.channel_id is not None, "the other has done it"
        woken.set()
        await asyncio.gather(other.idle(), sleeper.idle())
        await awake.settle()
        await house.settle()
        await awake.promises()
        assert (await house.last()).room.channel_id == opened.room.channel_id
        await other.stop()
        await sleeper.stop()
