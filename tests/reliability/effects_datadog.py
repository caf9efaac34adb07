"""Every effect in Datadog, as `acts` has those in Slack."""

from __future__ import annotations

from datetime import timedelta

from tests.reliability.effects import EffectCase, Run, acknowledge, declare, opened
from warroom.outbox.effects import MuteMonitor, ReadIncidents, ReadMonitor, ReadMonitors


async def mitigate(run: Run) -> None:
    await run.house.type("ada", "mitigate", run.house.room(run.known))


async def mirrored(run: Run) -> None:
    await opened(run)
    await acknowledge(run)
    await run.house.settle()


async def add_action(run: Run) -> None:
    await run.house.type("ada", "action add buy more disks", run.house.room(run.known))


async def mute(run: Run) -> None:
    run.seen = len(run.house.datadog.downtimes)
    until = run.house.slack.clock.now() + timedelta(hours=1)
    key = f"{run.known.id}:mute"
    await run.house.ask(MuteMonitor(incident_id=run.known.id, key=key, monitor_id="42", until=until, by="UADA"))


async def fires(run: Run) -> None:
    """A monitor begins to fire, and the webhook does not tell."""
    datadog, now = run.house.datadog, int(run.house.slack.clock.now().timestamp())
    run.seen = await run.house.store.last_number()
    for each in datadog.monitors:
        each["state"]["groups"], each["overall_state"] = {}, "OK"
    datadog.monitor(1000 + run.seen, f"Queue {run.seen}", groups={"service:api": ("Alert", now - 5)}, priority=1)


async def fired(run: Run) -> None:
    await fires(run)
    await read_monitors(run)
    await run.house.settle()
    run.incident = await run.house.last()


async def read_monitors(run: Run) -> None:
    await run.house.ask(ReadMonitors(key="monitors:0"))


async def read_monitor(run: Run) -> None:
    """It has recovered meanwhile, and the webhook did not tell."""
    datadog, now = run.house.datadog, int(run.house.slack.clock.now().timestamp())
    datadog.monitor(1000 + run.seen, f"Queue {run.seen}", groups={"service:api": ("OK", now)}, priority=1)
    await run.house.ask(ReadMonitor(key=f"monitor:{1000 + run.seen}", monitor_id=str(1000 + run.seen)))


async def read_incidents(run: Run) -> None:
    await run.house.ask(ReadIncidents())


def theirs(run: Run) -> list[str]:
    """Ids of Datadog's incidents about ours."""
    all_of_them = run.house.datadog.incidents.items()
    return [name for name, made in all_of_them if run.known.name in made["attributes"]["title"]]


async def created(run: Run) -> int:
    return len(theirs(run))


async def stable(run: Run) -> int:
    datadog = run.house.datadog
    return sum(datadog.incidents[name]["attributes"]["state"] == "stable" for name in theirs(run))


async def named(run: Run) -> int:
    return sum(len(run.house.datadog.integrations.get(name, [])) for name in theirs(run))


async def todos(run: Run) -> int:
    return sum(len(run.house.datadog.todos.get(name, [])) for name in theirs(run))


async def downtimes(run: Run) -> int:
    return len(run.house.datadog.downtimes) - run.seen


async def incidents(run: Run) -> int:
    return await run.house.store.last_number() - run.seen


async def recoveries(run: Run) -> int:
    room = run.house.room(run.known)
    return sum("recovered" in each.plain() for each in room.messages_by_bot() if each.ts != run.known.room.card_ts)


async def asked(run: Run) -> int:
    """Nothing is to be seen of a read; that it ended without anything left to do is among the promises."""
    return int(run.house.datadog.count("GET", "/api/v2/incidents/search") > 0)


DATADOG_EFFECT_CASES = (
    EffectCase("create Datadog's incident", "mirror_incident", "POST /api/v2/incidents", declare, created),
    EffectCase(
        "change Datadog's incident", "mirror_incident", "PATCH /api/v2/incidents/", mitigate, stable, prepare=opened
    ),
    EffectCase("name the room in Datadog", "mirror_incident", "POST /api/v2/incidents/", declare, named),
    EffectCase(
        "make a to-do in Datadog", "mirror_incident", "POST /api/v2/incidents/", add_action, todos, prepare=mirrored
    ),
    EffectCase("mute a monitor", "mute_monitor", "POST /api/v2/downtime", mute, downtimes, prepare=opened),
    EffectCase("read all monitors", "read_monitors", "GET /api/v1/monitor", read_monitors, incidents, prepare=fires),
    EffectCase("read one monitor", "read_monitor", "GET /api/v1/monitor/", read_monitor, recoveries, prepare=fired),
    EffectCase("read Datadog's incidents", "read_incidents", "GET /api/v2/incidents/search", read_incidents, asked),
)
