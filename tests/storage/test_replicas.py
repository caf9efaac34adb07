"""Processes that share a database hear of each other; where one owns it, there is nobody to hear of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage import Database
from storage.sql.processes import SILENT
from tests.storage.conftest import Opener
from tests.storage.test_migrations import execute
from tests.storage.values import NOW, after
from warroom.outbox.changes import Replicas

SHARED = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_who_owns_the_record_is_alone(store: Database) -> None:
    await store.heartbeat("one", {"chat.update": after(30)})
    assert await store.heartbeat("two", {}) == Replicas()
    await store.deregister("one")


@SHARED
async def test_each_hears_how_many_there_are_and_who_left(database: str, opening: Opener) -> None:
    first, second = await opening(database), await opening(database)
    assert (await first.heartbeat("one", {})).active == 1
    assert (await second.heartbeat("two", {})).active == 2
    assert (await first.heartbeat("one", {})).active == 2
    await second.deregister("two")
    assert (await first.heartbeat("one", {})).active == 1


@SHARED
async def test_who_is_silent_does_not_count_and_counts_again_when_it_speaks(database: str, opening: Opener) -> None:
    store = await opening(database)
    await store.heartbeat("one", {})
    await store.heartbeat("two", {})
    late = SILENT + timedelta(seconds=1)
    await execute(database, f"UPDATE replica SET seen_at = seen_at - interval '{late.total_seconds()} s'")  # noqa: S608  # a number
    assert (await store.heartbeat("one", {})).active == 1
    assert (await store.heartbeat("two", {})).active == 2


@SHARED
async def test_what_slack_told_one_the_others_hear_with_the_longest_wait(database: str, opening: Opener) -> None:
    store = await opening(database)
    await store.heartbeat("one", {"chat.update": after(30), "pins.add": after(5)})
    heard = await store.heartbeat("two", {"chat.update": after(10)})
    assert heard.limited == {"chat.update": after(30), "pins.add": after(5)}
    assert (await store.heartbeat("one", {})).limited == {"chat.update": after(10)}


@SHARED
async def test_who_was_silent_for_an_hour_is_forgotten(database: str, opening: Opener) -> None:
    store = await opening(database)
    await store.heartbeat("one", {"chat.update": NOW})
    await execute(database, "UPDATE replica SET seen_at = seen_at - interval '2 hours'")
    await store.heartbeat("two", {})
    await execute(database, "UPDATE replica SET seen_at = now()")
    assert (await store.heartbeat("two", {})).active == 1


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_whoever_asks_hears_how_long_ago_a_process_said_that_it_lives(store: Database) -> None:
    await store.deregister("one")
    assert await store.last_heartbeat() is None
    await store.heartbeat("one", {})
    last = await store.last_heartbeat()
    assert last is not None
    assert timedelta(0) <= last < SILENT
    await store.deregister("one")
    assert await store.last_heartbeat() is None
