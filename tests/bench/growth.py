"""A month of incidents opened and closed: what stays in memory, and whether the last click costs more than the first."""

from __future__ import annotations

import gc
import time

from bot.app import Bot
from bot.company import settle
from sandbox import Sandbox
from tests.bench.place import place
from tests.bench.report import Figure, resident

INCIDENTS = 400
SAMPLE = 50


async def measure() -> list[Figure]:
    """Growth of a click's cost and of memory over the incidents; the sandbox's own memory is part of it."""
    costs: list[float] = []
    async with place() as (slack, bot):
        for number in range(INCIDENTS):
            costs.append(await _one(slack, bot, number))
            if number == SAMPLE:
                gc.collect()
                before = resident()
        gc.collect()
        grown = (resident() - before) / (INCIDENTS - SAMPLE) * 1024
    first, last = sorted(costs[:SAMPLE])[SAMPLE // 2], sorted(costs[-SAMPLE:])[SAMPLE // 2]
    return [
        Figure(f"an incident's cost after {INCIDENTS} closed ones", last / first, 1.15, "×"),
        Figure("memory an incident leaves (with the sandbox's record of it)", grown, 200, "kB"),
    ]


async def _one(slack: Sandbox, bot: Bot, number: int) -> float:
    ada = slack.person("ada")
    begun = time.perf_counter()
    await slack.slash(ada, "general", "/incident", f"declare night number {number} --sev 3")
    await settle(slack, bot)
    room = slack.channels()[-1]
    await slack.slash(ada, room, "/incident", "cancel a drill")
    await settle(slack, bot)
    slack.server.mark()
    return time.perf_counter() - begun
