"""The process as a whole: how soon it is there, and how much memory it takes."""

from __future__ import annotations

import time

from bot.demo.workspace import installation
from sandbox import Sandbox
from tests.bench.place import process
from tests.bench.report import Figure, percentile, resident

STARTS = 3
ROOMS = 20


async def measure() -> list[Figure]:
    """Start to connected, and resident memory when idle and when there is work."""
    starts, idle, loaded = [], 0.0, 0.0
    async with Sandbox.running(app=installation()) as slack:
        for number in range(STARTS):
            begun = time.perf_counter()
            async with process(slack) as pid:
                starts.append(time.perf_counter() - begun)
                if number == STARTS - 1:
                    idle = resident(pid)
                    for room in range(1, ROOMS + 1):
                        await slack.slash("ada", "general", "/incident", f"declare room {room} --sev 1")
                    await slack.until(lambda: _furnished(slack) == ROOMS, 60)
                    loaded = resident(pid)
    return [
        Figure("start to connected", percentile(starts, 0.5), 2, "s"),
        Figure("memory when idle", idle, 130, "MB"),
        Figure(f"memory with {ROOMS} incidents open", loaded, 130, "MB"),
    ]


def _furnished(slack: Sandbox) -> int:
    """Rooms with a pinned card."""
    return sum(1 for channel in slack.channels() if channel.name.startswith("inc-") and channel.pins)
