"""How long people wait for an acknowledgement, fifty at once, in peace and while a storm of alerts rages."""

from __future__ import annotations

import asyncio
import os
import sys
import time

from bot.demo.workspace import installation
from sandbox import Sandbox
from tests.bench.place import ROOT, free_port, process
from tests.bench.report import Figure, percentile

AT_ONCE = 50
ROUNDS = 10


async def measure() -> list[Figure]:
    """Acknowledgement of 50 interactions at once, p99, by a bot on the other side of a socket."""
    port = free_port()
    async with Sandbox.running(app=installation()) as slack, process(slack, port=port):
        await slack.slash("ada", "general", "/incident", "declare checkout returns 500s --sev 1")
        await slack.until(lambda: any(channel.pins for channel in slack.channels()), 20)
        quiet = await _rounds(slack)
        storm = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.sender", f"http://127.0.0.1:{port}/hooks/datadog", "1000000", "1"),
            cwd=ROOT,
            env=dict(os.environ),
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            stormy = await _rounds(slack)
        finally:
            storm.kill()
            await storm.wait()
    return [
        Figure(f"acknowledgement, {AT_ONCE} at once, p99", percentile(quiet, 0.99) * 1000, 60, "ms"),
        Figure(f"acknowledgement, {AT_ONCE} at once in a storm, p99", percentile(stormy, 0.99) * 1000, 100, "ms"),
    ]


async def _rounds(slack: Sandbox) -> list[float]:
    waits: list[float] = []
    for _ in range(ROUNDS):
        waits += await asyncio.gather(*(_gesture(slack, n) for n in range(AT_ONCE)))
    return waits


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
