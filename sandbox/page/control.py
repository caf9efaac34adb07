"""The control API: trouble, time and sample scenes, for the page and for scripts alike.

GET  /control                                  what is planned, held and open
POST /control/clock    {"minutes": 15}         wind the clock of workspace and bot
POST /control/latency  {"seconds": 0.3}        how long every call takes
POST /control/faults   {"method": "chat.*", "kind": "503", "nth": 1, "times": null, "probability": 0.5, "seconds": 1}
                       {"clear": true}         no more faults
POST /control/events   {"do": "duplicate" | "hold" | "release" | "reverse"}
POST /control/sockets  {"do": "drop" | "refresh"}
POST /control/scenes   {"name": "…"}           one of the buttons
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta

from sandbox.controls import Controls
from sandbox.faults import Fault
from sandbox.model import Json

MOST_MINUTES = 7 * 24 * 60.0
MOST_SECONDS = 600.0


def state(slack: Controls) -> Json:
    """What is planned, held and open."""
    held = slack.sockets.held
    return {
        "now": slack.clock.now().isoformat(), "latency": slack.latency,
        "faults": [_shown(fault) for fault in slack.faults.ahead],
        "sockets": slack.sockets.connected, "held": None if held is None else len(held),
        "given_up": list(slack.sockets.unacknowledged), "scenes": [scene.label for scene in slack.scenes],
    }  # fmt: skip


async def clock(slack: Controls, given: Json) -> None:
    """Wind forward."""
    minutes = _number(given, "minutes", 0.0, MOST_MINUTES, 0.0) + _number(given, "seconds", 0.0, 86400.0, 0.0) / 60
    await slack.wind(timedelta(minutes=minutes))


async def latency(slack: Controls, given: Json) -> None:
    """How long every call takes on its way."""
    slack.latency = _number(given, "seconds", 0.0, MOST_SECONDS, 0.0)


async def faults(slack: Controls, given: Json) -> None:
    """Plan trouble, or clear all of it."""
    if given.get("clear"):
        slack.faults.clear()
        return
    times = given.get("times", 1)
    slack.fail(
        str(given.get("method", "*")), str(given.get("kind", "")),
        nth=int(_number(given, "nth", 1, 1_000_000, 1)),
        times=None if times in (None, "") else int(times),
        probability=_number(given, "probability", 0.0, 1.0, 1.0),
        seconds=_number(given, "seconds", 0.0, MOST_SECONDS, 1.0),
    )  # fmt: skip


async def events(slack: Controls, given: Json) -> None:
    """The next event twice, or events in another order."""
    match given.get("do"):
        case "duplicate":
            slack.duplicate_next_event()
        case "hold":
            slack.sockets.held = slack.sockets.held or []
        case "release":
            slack.sockets.release()
        case "reverse":
            slack.sockets.release(reverse=True)
        case other:
            raise ValueError(f"events can be duplicate, hold, release or reverse, not {other!r}")


async def sockets(slack: Controls, given: Json) -> None:
    """Cut the connections, or ask the app to make others."""
    match given.get("do"):
        case "drop":
            await slack.drop_sockets()
        case "refresh":
            await slack.refresh_sockets()
        case other:
            raise ValueError(f"sockets can be drop or refresh, not {other!r}")


async def scenes(slack: Controls, given: Json) -> None:
    """Play one of the scenes."""
    for scene in slack.scenes:
        if scene.label == given.get("name"):
            await scene.play()
            return
    raise ValueError(f"no scene is called {given.get('name')!r}; there are {[s.label for s in slack.scenes]}")


CONTROLS: dict[str, Callable[[Controls, Json], Awaitable[None]]] = {
    "clock": clock, "latency": latency, "faults": faults, "events": events, "sockets": sockets, "scenes": scenes,
}  # fmt: skip


def _number(given: Json, name: str, least: float, most: float, default: float) -> float:
    value = given.get(name, default)
    number = float(default if value in (None, "") else value)
    if not least <= number <= most:
        raise ValueError(f"{name} must be from {least:g} to {most:g}, not {value!r}")
    return number


def _shown(fault: Fault) -> Json:
    """The fault as JSON; a condition on the arguments is code and has no form there."""
    shown = asdict(fault)
    del shown["when"]
    return shown
