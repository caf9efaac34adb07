"""Calls one method of Slack again and again: `python -m tests.bench.trips URL TOKEN COUNT`; prints the seconds of each."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiohttp


async def call(url: str, token: str, count: int) -> None:
    """One call after the other on one connection; the first, which opens it, is not counted."""
    took = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        for _ in range(count + 1):
            begun = time.perf_counter()
            async with session.post(url) as answer:
                assert (await answer.json())["ok"]
            took.append(time.perf_counter() - begun)
    sys.stdout.write(json.dumps(took[1:]))


if __name__ == "__main__":
    asyncio.run(call(sys.argv[1], sys.argv[2], int(sys.argv[3])))
