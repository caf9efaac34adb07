"""From `/incident declare` to a room that can be used, in round trips of a slow Slack."""

from __future__ import annotations

import time

from sandbox import Sandbox
from tests.bench.place import place
from tests.bench.report import Figure, percentile

ROUNDS = 5


async def measure() -> list[Figure]:
    """Overhead over the round trips, at 100 and 250 ms each, and when everything else is done."""
    figures = []
    async with place() as (slack, bot):
        for latency in (0.1, 0.25):
            slack.latency = latency
            usable, furnished = [], []
            for _ in range(ROUNDS):
                begun, done = await _declare(slack)
                usable.append(begun)
                furnished.append(done)
                await bot.idle()
                # Slack lets an app make some 20 channels a minute; what is measured is one at its leisure.
                slack.clock.advance(60)
            over = (percentile(usable, 0.5) - 2 * latency) * 1000
            figures.append(Figure(f"usable room, beyond 2 trips of {latency * 1000:.0f} ms", over, 60, "ms"))
            trips = percentile(furnished, 0.5) / latency
            figures.append(Figure(f"everything done, in trips of {latency * 1000:.0f} ms", trips, 4.6, "trips"))
    return figures


async def _declare(slack: Sandbox) -> tuple[float, float]:
    known, announced = len(slack.channels()), len(slack.channel("incidents").messages_by_bot())
    ada = slack.person("ada")
    begun = time.perf_counter()
    await slack.slash(ada, "general", "/incident", "declare checkout returns 500s --sev 1")
    await slack.until(lambda: len(slack.channels()) > known, 10)
    room = slack.channels()[-1]
    oncall = set(slack.usergroup("sre-oncall").users)
    await slack.until(lambda: bool(room.messages_by_bot()) and oncall <= set(room.members), 10)
    usable = time.perf_counter() - begun
    await slack.until(lambda: bool(room.pins and room.topic and room.purpose), 10)
    await slack.until(lambda: len(slack.channel("incidents").messages_by_bot()) > announced, 10)
    return usable, time.perf_counter() - begun
