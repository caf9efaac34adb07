"""From `/incident declare` to a room that can be used, in round trips of a slow Slack on the other side of a socket."""

from __future__ import annotations

import asyncio

from bot.demo.workspace import installation
from sandbox import Channel, Sandbox
from sandbox.clock import steady
from sandbox.server import Call
from tests.bench.limits import round_trip
from tests.bench.place import process
from tests.bench.report import Figure, Limit, percentile

ROUNDS = 5
PAUSE = 3.2
"""Seconds between two declarations: Slack lets an app make some 20 channels a minute; what is measured is one at its leisure."""
BEYOND = 30.0
"""Milliseconds that Warroom may take beyond the round trips."""
USABLE, ALL = 2, 4
"""Round trips until the room can be used, and until everything is done."""
FURNISHING = frozenset({"conversations.setTopic", "conversations.setPurpose", "pins.add"})


async def measure() -> list[Figure]:
    """Both with 100 and 250 ms for each call, counted until Slack's answer is back with the bot."""
    figures = []
    async with Sandbox.running(app=installation()) as slack, process(slack):
        for latency in (0.1, 0.25):
            slack.latency = latency
            usable, done, trips = [], [], []
            for _ in range(ROUNDS):
                trips.append(await round_trip(slack))
                first, last = await _declare(slack)
                usable.append(first)
                done.append(last)
                await asyncio.sleep(PAUSE)
            trip = percentile(trips, 0.5) * 1000
            figures += [
                _figure("usable room", latency, USABLE, percentile(usable, 0.5) * 1000, trip, BEYOND),
                _figure("everything done", latency, ALL, percentile(done, 0.5) * 1000, trip, 0),
            ]
    return figures


def _figure(what: str, latency: float, count: int, measured: float, trip: float, beyond: float) -> Figure:
    limit = Limit(f"{count} bare round trips", count * trip, count * trip + beyond)
    slack = f"Slack takes {latency * 1000:.0f} ms"
    return Figure(f"{what}, {slack}", measured, count * latency * 1000 + beyond, "ms", limit=limit)


async def _declare(slack: Sandbox) -> tuple[float, float]:
    """Seconds until the card is there and the people on call are invited, and until nothing is left to do."""
    slack.server.clear_calls()
    known = {channel.id for channel in slack.channels()}
    begun = steady()
    await slack.slash("ada", "general", "/incident", "declare checkout returns 500s --sev 1")

    def room() -> Channel | None:
        return next((channel for channel in slack.channels() if channel.id not in known), None)

    def done() -> bool:
        new = room()
        if new is None or any(call.ended is None for call in slack.calls):
            return False
        oncall = set(slack.usergroup("sre-oncall").users)
        furnished = {call.method for call in _about(slack, new.id)} >= FURNISHING
        told = all(_about(slack, slack.channel(name).id, "chat.postMessage") for name in ("incidents", "sre-alerts"))
        return furnished and oncall <= set(new.members) and told

    await slack.until(done, 20, "the room is furnished")
    new = room()
    assert new is not None
    needed = [*_about(slack, new.id, "chat.postMessage")[:1], *_about(slack, new.id, "conversations.invite")]
    first, last = _last(needed) - begun, _last(slack.calls) - begun
    # One call can only begin when the one before has come back; anything else is counted wrongly.
    assert first >= USABLE * slack.latency, f"{first:.3f} s is less than {USABLE} calls take"
    return first, last


def _about(slack: Sandbox, channel: str, method: str = "") -> list[Call]:
    return [call for call in slack.calls if call.args.get("channel") == channel and method in ("", call.method)]


def _last(calls: list[Call]) -> float:
    return max(call.ended for call in calls if call.ended is not None)
