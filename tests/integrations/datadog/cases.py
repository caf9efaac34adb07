"""Every operation in Datadog for the matrix of tests/reliability."""

from __future__ import annotations

from datetime import timedelta

from pydantic import SecretStr

from integrations.datadog import Datadog, effects
from tests.integrations.datadog.server import API_KEY, APP_KEY, FakeDatadog
from tests.reliability.effect_case import EffectCase, Run
from tests.reliability.effect_triggers import acknowledge, declare, opened
from tests.reliability.external import ExternalCases


def datadog(run: Run) -> FakeDatadog:
    """The organisation's Datadog."""
    assert isinstance(run.house.system, FakeDatadog)
    return run.house.system


async def mitigate(run: Run) -> None:
    await run.house.type("ada", "mitigate", run.house.room(run.known))


async def synced(run: Run) -> None:
    await opened(run)
    await acknowledge(run)
    await run.house.settle()


async def add_action(run: Run) -> None:
    await run.house.type("ada", "action add buy more disks", run.house.room(run.known))


async def mute(run: Run) -> None:
    run.seen = len(datadog(run).downtimes)
    until = run.house.slack.clock.now() + timedelta(hours=1)
    await run.house.ask(effects.mute_monitor(run.known, effects.MuteRequest(monitor_id="42", until=until, by="UADA")))


async def fires(run: Run) -> None:
    """A monitor begins to fire, and the webhook does not tell."""
    system, now = datadog(run), int(run.house.slack.clock.now().timestamp())
    run.seen = await run.house.store.last_number()
    for each in system.monitors:
        each["state"]["groups"], each["overall_state"] = {}, "OK"
    system.monitor(1000 + run.seen, f"Queue {run.seen}", groups={"service:api": ("Alert", now - 5)}, priority=1)


async def fired(run: Run) -> None:
    await fires(run)
    await read_monitors(run)
    await run.house.settle()
    run.incident = await run.house.last()


async def read_monitors(run: Run) -> None:
    await run.house.ask(effects.read_monitors())


async def read_monitor(run: Run) -> None:
    """It has recovered meanwhile, and the webhook did not tell."""
    system, now = datadog(run), int(run.house.slack.clock.now().timestamp())
    system.monitor(1000 + run.seen, f"Queue {run.seen}", groups={"service:api": ("OK", now)}, priority=1)
    await run.house.ask(effects.read_monitor(str(1000 + run.seen)))


async def read_incidents(run: Run) -> None:
    await run.house.ask(effects.read_incidents())


def theirs(run: Run) -> list[str]:
    """Ids of Datadog's incidents about ours."""
    all_of_them = datadog(run).incidents.items()
    return [name for name, made in all_of_them if run.known.name in made["attributes"]["title"]]


async def created(run: Run) -> int:
    return len(theirs(run))


async def stable(run: Run) -> int:
    system = datadog(run)
    return sum(system.incidents[name]["attributes"]["state"] == "stable" for name in theirs(run))


async def named(run: Run) -> int:
    return sum(len(datadog(run).integrations.get(name, [])) for name in theirs(run))


async def todos(run: Run) -> int:
    return sum(len(datadog(run).todos.get(name, [])) for name in theirs(run))


async def downtimes(run: Run) -> int:
    return len(datadog(run).downtimes) - run.seen


async def incidents(run: Run) -> int:
    return await run.house.store.last_number() - run.seen


async def recoveries(run: Run) -> int:
    room = run.house.room(run.known)
    return sum("recovered" in each.plain() for each in room.messages_by_bot() if each.ts != run.known.room.card_ts)


async def asked(run: Run) -> int:
    """Nothing is to be seen of a read; that it ended without anything left to do is among the promises."""
    return int(datadog(run).count("GET", "/api/v2/incidents/search") > 0)


EFFECT_CASES = (
    EffectCase("create Datadog's incident", "sync_incident", "POST /api/v2/incidents", declare, created),
    EffectCase(
        "change Datadog's incident", "sync_incident", "PATCH /api/v2/incidents/", mitigate, stable, prepare=opened
    ),
    EffectCase("name the room in Datadog", "sync_incident", "POST /api/v2/incidents/", declare, named),
    EffectCase(
        "make a to-do in Datadog", "sync_incident", "POST /api/v2/incidents/", add_action, todos, prepare=synced
    ),
    EffectCase("mute a monitor", "mute_monitor", "POST /api/v2/downtime", mute, downtimes, prepare=opened),
    EffectCase("read all monitors", "read_monitors", "GET /api/v1/monitor", read_monitors, incidents, prepare=fires),
    EffectCase("read one monitor", "read_monitor", "GET /api/v1/monitor/", read_monitor, recoveries, prepare=fired),
    EffectCase("read Datadog's incidents", "read_incidents", "GET /api/v2/incidents/search", read_incidents, asked),
)

CASES = ExternalCases(
    integration=Datadog,
    system=FakeDatadog,
    settings=lambda system: {
        "dd_api_key": SecretStr(API_KEY),
        "dd_app_key": SecretStr(APP_KEY),
        "dd_api_url": system.url,
    },
    policy={"incidents": "link", "sync_every": None},
    cases=EFFECT_CASES,
)
