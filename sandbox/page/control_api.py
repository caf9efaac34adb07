"""The control API: faults, time and scenarios, for the page and for scripts.

GET  /control                                  planned faults, held events, open sockets
POST /control/clock    {"minutes": 15}         move the clock of workspace and bot
POST /control/latency  {"seconds": 0.3}        how long every call takes on its way
POST /control/faults   {"method": "chat.*", "kind": "503", "nth": 1, "times": null, "probability": 0.5, "seconds": 1}
                       {"clear": true}         remove all planned faults
POST /control/events   {"do": "duplicate" | "hold" | "release" | "reverse"}
POST /control/sockets  {"do": "drop" | "refresh"}
POST /control/scenarios {"name": "…"}          run a scenario, by the label of its button
POST /control/company  {"start": "memory_leak", "service": "checkout", "strength": 1, "by_change": true}
                       {"end": "memory_leak"}  undo what caused it; also by its id, or its service
                       {"do": "restart" | "rollback" | "revert" | "renew" | "deploy", "service": "checkout"}
                       {"do": "scale", "service": "checkout", "replicas": 6}
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import timedelta

from sandbox.controls import Controls
from sandbox.faults import CallFault
from sandbox.model import Json

MAX_MINUTES = 7 * 24 * 60.0
MAX_SECONDS = 600.0


def state(slack: Controls) -> Json:
    """Planned faults, held events, open sockets and available scenarios, as JSON."""
    held = slack.sockets.held
    return {
        "now": slack.clock.now().isoformat(), "latency": slack.latency,
        "faults": [_shown(fault) for fault in slack.faults.planned],
        "sockets": slack.sockets.connected, "held": None if held is None else len(held),
        "given_up": list(slack.sockets.unacknowledged), "scenarios": [each.label for each in slack.scenarios],
        "company": slack.company.state() if slack.company else None,
    }  # fmt: skip


async def clock(slack: Controls, given: Json) -> None:
    """Move the clock forward."""
    minutes = _number(given, "minutes", 0.0, MAX_MINUTES, 0.0) + _number(given, "seconds", 0.0, 86400.0, 0.0) / 60
    await slack.advance(timedelta(minutes=minutes))


async def latency(slack: Controls, given: Json) -> None:
    """Set how long every call takes on its way."""
    slack.latency = _number(given, "seconds", 0.0, MAX_SECONDS, 0.0)


async def faults(slack: Controls, given: Json) -> None:
    """Plan a fault, or remove all of them."""
    if given.get("clear"):
        slack.faults.clear()
        return
    times = given.get("times", 1)
    slack.fail(
        str(given.get("method", "*")), str(given.get("kind", "")),
        nth=int(_number(given, "nth", 1, 1_000_000, 1)),
        times=None if times in (None, "") else int(times),
        probability=_number(given, "probability", 0.0, 1.0, 1.0),
        seconds=_number(given, "seconds", 0.0, MAX_SECONDS, 1.0),
    )  # fmt: skip


async def events(slack: Controls, given: Json) -> None:
    """Deliver the next event twice, or hold events and release them."""
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
    """Cut the Socket Mode connections, or ask the app to reconnect."""
    match given.get("do"):
        case "drop":
            await slack.drop_sockets()
        case "refresh":
            await slack.refresh_sockets()
        case other:
            raise ValueError(f"sockets can be drop or refresh, not {other!r}")


async def scenarios(slack: Controls, given: Json) -> None:
    """Run a scenario."""
    for scenario in slack.scenarios:
        if scenario.label == given.get("name"):
            await scenario.run()
            return
    raise ValueError(f"no scenario is called {given.get('name')!r}; there are {[s.label for s in slack.scenarios]}")


async def company(slack: Controls, given: Json) -> None:
    """Start trouble, undo its cause, or do something to a service."""
    if slack.company is None:
        raise ValueError("this workspace has no company with services")
    await slack.company.control(given)


CONTROLS: dict[str, Callable[[Controls, Json], Awaitable[None]]] = {
    "clock": clock, "latency": latency, "faults": faults, "events": events, "sockets": sockets, "scenarios": scenarios,
    "company": company,
}  # fmt: skip


def _number(given: Json, name: str, least: float, most: float, default: float) -> float:
    value = given.get(name, default)
    number = float(default if value in (None, "") else value)
    if not least <= number <= most:
        raise ValueError(f"{name} must be from {least:g} to {most:g}, not {value!r}")
    return number


def _shown(fault: CallFault) -> Json:
    """The fault as JSON; what is code has no form there."""
    return {each.name: getattr(fault, each.name) for each in fields(fault) if each.name not in ("when", "do", "until")}
