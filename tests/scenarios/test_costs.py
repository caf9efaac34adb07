"""What is over costs nothing: no question that is asked at work reads a table that grows from end to end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.demo.demo_company import MEMORY_ALERT
from storage.sql.store import SqlStore
from tests.scenarios.conftest import WarRoom

GROWING = ("incident", "entry", "job", "alert", "firing", "firing_key", "envelope", "audit")


@pytest.fixture
def asked(room: WarRoom) -> Iterator[dict[str, tuple[Any, ...]]]:
    """Every statement that the bot sends to its database, with one set of its parameters."""
    store, statements = room.bot.store, {}
    assert isinstance(store, SqlStore)

    def heard(_conn: object, _cursor: object, said: str, parameters: Any, _context: object, many: bool) -> None:
        if not many and said.split()[0] in ("SELECT", "UPDATE", "DELETE"):
            statements[said] = tuple(parameters)

    engine = store._engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", heard)
    yield statements
    sa.event.remove(engine, "before_cursor_execute", heard)


def read_whole(statement: str, parameters: tuple[Any, ...], record: sqlite3.Connection) -> list[str]:
    """The steps of SQLite's plan that go through a growing table without an index."""
    plan = [str(row[3]) for row in record.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    return [
        step
        for step in plan
        if step.split()[:1] in (["SCAN"], ["SEARCH"]) and _table(step) in GROWING and "USING" not in step
    ]


def _table(step: str) -> str:
    return step.split()[1].strip('"')


async def test_no_question_at_work_reads_a_whole_table(
    room: WarRoom, asked: dict[str, tuple[Any, ...]], tmp_path: Path
) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1 grace@example.com")
    channel = room.channel_of(incident)
    for said in (
        "ack",
        "update rolling back",
        "sev 2",
        "action add buy disks",
        "list",
        "timeline",
        "mitigate",
        "resolve over",
    ):
        await room.slack.slash("ada", channel, "/incident", said)
        await room.settle()
    for transition in ("Triggered", "Re-Triggered", "Recovered"):
        assert await room.hook(MEMORY_ALERT | {"event_id": f"7{transition}", "alert_transition": transition}) == 202
        await room.settle()
    await room.wait(minutes=40)
    await room.slack.open_home("ada")
    await room.settle()
    await room.bot.metrics()
    await room.bot.problems()
    with closing(sqlite3.connect(tmp_path / "warroom.db")) as record:
        slow = {said: found for said, parameters in asked.items() if (found := read_whole(said, parameters, record))}
    assert len(asked) > 30
    assert slow == {}
