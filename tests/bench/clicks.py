"""How long people wait for an acknowledgement while a storm rages."""

from __future__ import annotations

import asyncio
import time

from bot.demo.demo_company import MEMORY_ALERT, send_alert
from bot.runtime.app import Bot
from sandbox import Sandbox
from tests.bench.place import place
from tests.bench.report import Figure, percentile

AT_ONCE = 50


async def measure() -> list[Figure]:
    """Acknowledgement of 50 interactions at once, p99."""
    async with place() as (slack, bot):
        await slack.slash(slack.person("ada"), "general", "/incident", "declare checkout returns 500s --sev 1")
        await bot.idle()
        storm = asyncio.create_task(_storm(bot))
        waits = []
        try:
            for _ in range(5):
                waits += await asyncio.gather(*(_gesture(slack, n) for n in range(AT_ONCE)))
        finally:
            storm.cancel()
            await asyncio.gather(storm, return_exceptions=True)
    return [Figure(f"acknowledgement, {AT_ONCE} at once in a storm, p99", percentile(waits, 0.99) * 1000, 100, "ms")]


async def _gesture(slack: Sandbox, number: int) -> float:
    people = [person for person in slack.people() if not person.is_bot and not person.deleted]
    room = next(channel for channel in slack.channels() if channel.name.startswith("inc-"))
    who = people[number % len(people)]
    begun = time.perf_counter()
    if number % 2:
        answer = await slack.slash(who, room, "/incident", "show")
    else:
        answer = await slack.click(who, room, room.messages_by_bot()[0], "Escalate")
    assert answer.acked, answer.error
    return time.perf_counter() - begun


async def _storm(bot: Bot) -> None:
    for number in range(10_000):
        await send_alert(bot, MEMORY_ALERT | {"event_id": f"8{number:06}", "alert_transition": "Re-Triggered"})
