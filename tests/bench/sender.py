"""Sends alerts to a webhook from a process of its own: `python -m tests.bench.sender URL COUNT [SENDERS]`; prints what it measured."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator

import aiohttp

from bot.demo.demo_company import HOOK_SECRET, MEMORY_ALERT

MONITORS = 50
SENDERS = 64


async def send(url: str, count: int, senders: int = SENDERS) -> None:
    """As fast as so many senders can; every alert must be accepted."""
    waits: list[float] = []
    left = iter(range(count))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=senders)) as session:
        begun = time.perf_counter()
        await asyncio.gather(*(_one_after_another(session, url, left, waits) for _ in range(senders)))
        took = time.perf_counter() - begun
    sys.stdout.write(json.dumps({"took": took, "waits": waits}))


async def _one_after_another(session: aiohttp.ClientSession, url: str, left: Iterator[int], waits: list[float]) -> None:
    for number in left:
        body = MEMORY_ALERT | {
            "event_id": f"9{number:09}",
            "alert_id": str(number % MONITORS),
            "alert_title": f"Monitor {number % MONITORS}",
            "alert_cycle_key": f"cycle-{number % MONITORS}",
        }
        begun = time.perf_counter()
        async with session.post(url, json=body, headers={"X-Warroom-Token": HOOK_SECRET}) as answer:
            assert answer.status == 202, await answer.text()
        waits.append(time.perf_counter() - begun)


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], *map(int, sys.argv[2:])))
