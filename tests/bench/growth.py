"""A month of incidents in the record: whether the next costs more than the first, and what each leaves in memory."""

from __future__ import annotations

import asyncio
import gc
import json
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bot.demo.shared_clock import settle
from bot.runtime.app import Bot
from sandbox import Sandbox
from tests.bench.place import place
from tests.bench.report import Figure, resident

MONTH = 5_000
AT_ONCE = 10
ROUNDS = 8
"""Before and after the month; the first of each warms up."""


async def measure() -> list[Figure]:
    """Computing time of an incident with an empty record and with a month's, and memory. The sandbox forgets most of what is
    done with, so that what grows is the bot's.
    """
    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        path = Path(folder) / "warroom.db"
        async with place(f"sqlite:///{path}") as (slack, bot):
            before = [await _round(slack, bot) for _ in range(ROUNDS)][1:]
            await asyncio.to_thread(lay_in, path, MONTH)
            await _round(slack, bot)
            gc.collect()
            known = resident()
            after = [await _round(slack, bot) for _ in range(ROUNDS - 1)]
            gc.collect()
            grown = (resident() - known) / (AT_ONCE * len(after)) * 1024
    return [
        Figure(f"an incident's cost with {MONTH:,} closed ones in the record", sum(after) / sum(before), 1.15, "×"),
        Figure("memory that an incident leaves", grown, 50, "kB"),
    ]


async def _round(slack: Sandbox, bot: Bot) -> float:
    """So many incidents from the declaration to the resolution, side by side. Returns seconds of computing time."""
    begun = time.process_time()
    known = len(slack.channels())
    await asyncio.gather(
        *(slack.slash("ada", "general", "/incident", f"declare night {n} --sev 3") for n in range(AT_ONCE))
    )
    await settle(slack, bot)
    rooms = slack.channels()[known:]
    assert len(rooms) == AT_ONCE, "each has its room"
    for said in ("ack", "resolve it was the disk"):
        await asyncio.gather(*(slack.slash("ada", room, "/incident", said) for room in rooms))
        await settle(slack, bot)
    took = time.process_time() - begun
    for room in rooms:
        del slack.workspace.channels[room.id]
    slack.workspace.ephemerals.clear()
    slack.server.clear_calls()
    return took


def lay_in(path: Path, count: int) -> None:
    """So many more closed incidents in the record, each with everything that the first left there."""
    with closing(sqlite3.connect(path)) as record, record:
        record.row_factory = sqlite3.Row
        ((pattern,),) = record.execute("SELECT id FROM incident WHERE number = 1")
        (last,) = record.execute("SELECT max(number) FROM incident").fetchone()
        for number in range(last + 1, last + count + 1):
            _copy(record, pattern, f"closed-{number}", number)


def _copy(record: sqlite3.Connection, pattern: str, new: str, number: int) -> None:
    told = {"id": new, "number": number, "origin_key": new, "channel_id": f"C{new}", "state": "closed"}
    (row,) = record.execute("SELECT * FROM incident WHERE id = ?", (pattern,))
    body = json.dumps(json.loads(row["body"]) | told)
    _insert(record, "incident", dict(row) | told | {"body": body})
    for row in record.execute("SELECT * FROM entry WHERE incident_id = ?", (pattern,)).fetchall():
        _insert(record, "entry", dict(row) | {"seq": None, "incident_id": new})
    for row in record.execute("SELECT * FROM job WHERE incident_id = ?", (pattern,)).fetchall():
        ended = {"key": row["key"].replace(pattern, new), "incident_id": new, "due_at": None, "due_since": None}
        _insert(record, "job", dict(row) | ended)
    for row in record.execute("SELECT * FROM envelope ORDER BY seq LIMIT 6").fetchall():
        _insert(record, "envelope", dict(row) | {"seq": None, "key": f"{row['key']}-{number}"})


def _insert(record: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    names, places = ", ".join(row), ", ".join("?" for _ in row)
    record.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(row.values()))  # noqa: S608  # names of our own
