"""Processes that share a database hear of each other; where one owns it, there is nobody to hear of."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from storage import Database
from storage.dynamo import layout
from storage.sql.processes import SILENT
from tests.storage.conftest import Opener
from tests.storage.dynamo.server import raw, table_of
from tests.storage.test_migrations import execute
from tests.storage.test_oncall import world_of
from tests.storage.values import NOW, after, incident, put, take
from warroom.metrics import weekly
from warroom.outbox.changes import Replicas
from warroom.policy import check

SHARED = pytest.mark.parametrize("database", ["postgresql", "dynamodb"], indirect=True)


async def move_heartbeats(database: str, by: timedelta) -> None:
    """Let the processes have said that they live earlier or later than they did."""
    if database.startswith("dynamodb:"):
        await move_items(table_of(database), by)
    else:
        await execute(database, f"UPDATE replica SET seen_at = seen_at + interval '{by.total_seconds()} s'")  # noqa: S608  # a number


async def move_items(table: str, by: timedelta) -> None:
    said = await raw(
        "query",
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": layout.REPLICAS}},
    )
    for item in said["Items"]:
        data = json.loads(item["d"]["S"])
        data["seen_at"] = layout.sortable(layout.time_of(data["seen_at"]) + by)
        await raw("put_item", TableName=table, Item=item | {"d": {"S": json.dumps(data)}})


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
    await move_heartbeats(database, -SILENT - timedelta(seconds=1))
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
    await move_heartbeats(database, timedelta(hours=-2))
    await store.heartbeat("two", {})
    await move_heartbeats(database, timedelta(hours=2))
    assert (await store.heartbeat("two", {})).active == 1


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "dynamodb"], indirect=True)
async def test_whoever_asks_hears_how_long_ago_a_process_said_that_it_lives(store: Database) -> None:
    await store.deregister("one")
    assert await store.last_heartbeat() is None
    await store.heartbeat("one", {})
    last = await store.last_heartbeat()
    assert last is not None
    assert timedelta(0) <= last < SILENT
    await store.deregister("one")
    assert await store.last_heartbeat() is None


@SHARED
async def test_several_processes_ask_for_one_review_of_a_week_and_arm_the_next(database: str, opening: Opener) -> None:
    checked = check({"workspace": {"announce": "#incidents", "timezone": "Europe/Berlin"}})
    assert checked.policy is not None
    worlds = [world_of(await opening(database), checked.policy) for _ in range(3)]
    assert checked.policy.workspace.review_at is not None
    due = weekly.next_due(NOW, checked.policy.workspace.review_at, ZoneInfo("Europe/Berlin"))
    store = worlds[0].store
    await put(store, incident=incident(1))
    await asyncio.gather(*(weekly.arm(world) for world in worlds))
    claims = await asyncio.gather(
        *(world.store.claim(now=due, limit=50, lease=timedelta(minutes=1)) for world in worlds)
    )
    (claim,) = [claim for each in claims for claim in each if claim.timer == weekly.TIMER]
    for world in worlds:
        world.clock.time = due  # type: ignore[attr-defined]  # a clock that is set by hand
    # One works it off while the others start.
    await asyncio.gather(
        weekly.fire(worlds[0], claim), *(weekly.arm(world) for world in worlds[1:]), return_exceptions=True
    )
    asked = [each.effect for each in await take(store, due + timedelta(minutes=2)) if each.effect]
    assert [each.kind for each in asked] == ["post_review"]
    following = await store.next_due()
    assert following is not None
    assert following <= due + timedelta(days=7, hours=1)
