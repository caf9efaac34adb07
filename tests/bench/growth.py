"""A month of incidents opened and resolved: whether the last costs more than the first, and what stays in memory."""

from __future__ import annotations

import asyncio
import gc
import time

from bot.app import Bot
from bot.company import settle
from sandbox import Sandbox
from tests.bench.place import place
from tests.bench.report import Figure, resident

INCIDENTS = 1000
AT_ONCE = 25
SAMPLE = 10
"""Rounds that are compared, after as many to warm up."""


async def measure() -> list[Figure]:
    """Growth of the computing time for an incident, and of memory. The sandbox forgets the rooms that are done with, so
    that what grows is the bot's.
    """
    costs: list[float] = []
    async with place() as (slack, bot):
        for number in range(INCIDENTS // AT_ONCE):
            begun = time.process_time()
            await _round(slack, bot)
            costs.append(time.process_time() - begun)
            if number == 2 * SAMPLE:
                gc.collect()
                before = resident()
        gc.collect()
        grown = (resident() - before) / (INCIDENTS - 2 * SAMPLE * AT_ONCE) * 1024
    first, last = sum(costs[SAMPLE : 2 * SAMPLE]), sum(costs[-SAMPLE:])
    return [
        Figure(f"an incident's cost after {INCIDENTS:,} resolved ones", last / first, 1.15, "×"),
        Figure(f"memory an incident leaves, over {INCIDENTS:,}", grown, 4, "kB"),
    ]


async def _round(slack: Sandbox, bot: Bot) -> None:
    """So many incidents from the declaration to the resolution, side by side."""
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
    for room in rooms:
        del slack.workspace.channels[room.id]
    slack.workspace.ephemerals.clear()
    slack.server.mark()
