"""How long people wait for an acknowledgement, fifty at once, with nothing else to do and during a storm of alerts.

A round never meets the work of the one before. Without a storm it begins when the bot has called Slack for nothing during
`IDLE` seconds: what then still waits (private replies, one a second in a channel) is held back by Slack's limits. In a storm the
bot is never idle, so rounds begin `APART` seconds after the last acknowledgement.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable

from bot.demo.workspace import installation
from sandbox import Sandbox
from tests.bench.place import ROOT, free_port, process
from tests.bench.report import Figure, percentile

AT_ONCE = 50
ROUNDS = 10
IDLE = 0.5
APART = 2.0
"""Seconds; the work of fifty gestures takes less."""


async def measure() -> list[Figure]:
    """Acknowledgement of 50 interactions at once, p99, by a bot on the other side of a socket."""
    port = free_port()
    async with Sandbox.running(app=installation()) as slack, process(slack, port=port):
        await slack.slash("ada", "general", "/incident", "declare checkout returns 500s --sev 1")
        await slack.until(lambda: any(channel.pins for channel in slack.channels()), 20)
        quiet = await _rounds(slack, lambda: _idle(slack))
        storm = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.sender", f"http://127.0.0.1:{port}/hooks/datadog", "1000000", "1"),
            cwd=ROOT,
            env=dict(os.environ),
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            stormy = await _rounds(slack, lambda: asyncio.sleep(APART))
        finally:
            storm.kill()
            await storm.wait()
    return [
        Figure(f"acknowledgement, {AT_ONCE} at once, p99", percentile(quiet, 0.99) * 1000, 60, "ms"),
        Figure(f"acknowledgement, {AT_ONCE} at once in a storm, p99", percentile(stormy, 0.99) * 1000, 100, "ms"),
    ]


async def _rounds(slack: Sandbox, ready: Callable[[], Awaitable[None]]) -> list[float]:
    """Seconds that each gesture waited for its acknowledgement; every round begins when `ready` returns."""
    waits: list[float] = []
    for _ in range(ROUNDS):
        await ready()
        waits += await asyncio.gather(*(_gesture(slack, n) for n in range(AT_ONCE)))
    return waits


async def _idle(slack: Sandbox) -> None:
    """Returns when the bot has called nothing for `IDLE` seconds."""
    known = -1
    while known != len(slack.calls):
        known = len(slack.calls)
        await asyncio.sleep(IDLE)


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
