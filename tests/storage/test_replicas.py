"""Processes that share a record hear of each other; where one owns it, there is nobody to hear of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.sql.replicas import SILENT
from tests.storage.conftest import Opener
from tests.storage.test_migrations import execute
from tests.storage.values import NOW, AnyStore, after
from warroom.changes import Replicas

SHARED = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.mark.parametrize("database", ["memory", "sqlite"], indirect=True)
async def test_who_owns_the_record_is_alone(store: AnyStore) -> None:
    await store.beat("one", {"chat.update": after(30)})
    assert await store.beat("two", {}) == Replicas()
    await store.leave("one")


@SHARED
async def test_each_hears_how_many_there_are_and_who_left(database: str, opening: Opener) -> None:
    first, second = await opening(database), await opening(database)
    assert (await first.beat("one", {})).living == 1
    assert (await second.beat("two", {})).living == 2
    assert (await first.beat("one", {})).living == 2
    await second.leave("two")
    assert (await first.beat("one", {})).living == 1


@SHARED
async def test_who_is_silent_does_not_count_and_counts_again_when_it_speaks(database: str, opening: Opener) -> None:
    store = await opening(database)
    await store.beat("one", {})
    await store.beat("two", {})
    late = SILENT + timedelta(seconds=1)
    await execute(database, f"UPDATE replica SET seen_at = seen_at - interval '{late.total_seconds()} s'")  # noqa: S608  # a number
    assert (await store.beat("one", {})).living == 1
    assert (await store.beat("two", {})).living == 2


@SHARED
async def test_what_slack_told_one_the_others_hear_with_the_longest_wait(database: str, opening: Opener) -> None:
    store = await opening(database)
    await store.beat("one", {"chat.update": after(30), "pins.add": after(5)})
    heard = await store.beat("two", {"chat.update": after(10)})
    assert heard.limited == {"chat.update": after(30), "pins.add": after(5)}
    assert (await store.beat("one", {})).limited == {"chat.update": after(10)}


@SHARED
async def test_who_was_silent_for_an_hour_is_forgotten(database: str, opening: Opener) -> None:
    store = await opening(database)
    await store.beat("one", {"chat.update": NOW})
    await execute(database, "UPDATE replica SET seen_at = seen_at - interval '2 hours'")
    await store.beat("two", {})
    await execute(database, "UPDATE replica SET seen_at = now()")
    assert (await store.beat("two", {})).living == 1
