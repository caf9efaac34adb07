"""Every operation of PagerDuty for the matrix of tests/reliability."""

from __future__ import annotations

from pydantic import SecretStr

from integrations.pagerduty import PagerDuty
from integrations.pagerduty.following import RemoteEvent, who
from integrations.pagerduty.rules import ALERTS, LOOK, effect
from integrations.pagerduty.state import alert_key
from sandbox.vendors.pagerduty import ROUTING_KEY, SECRET, SENDER, SERVICE, TOKEN, PagerDutySystem
from sandbox.vendors.system import Body
from tests.reliability.effect_case import EffectCase, Run
from tests.reliability.effect_triggers import acknowledge, declare, opened
from tests.reliability.external import ExternalCases
from warroom.incident.events import Acknowledged
from warroom.outbox.incoming import RemoteAct


def system() -> PagerDutySystem:
    """An account whose user may write notes."""
    made = PagerDutySystem()
    made.users["PWARROOM"] = SENDER
    return made


def theirs(run: Run) -> list[Body]:
    """The incidents there that are ours."""
    assert isinstance(run.house.system, PagerDutySystem)
    return [each for each in run.house.system.incidents.values() if each["incident_key"] == f"warroom-{run.known.id}"]


async def acknowledged_there(run: Run) -> None:
    """Somebody acknowledges on the phone, and the webhook does not tell."""
    await opened(run)
    assert isinstance(run.house.system, PagerDutySystem)
    run.house.system.acknowledge(theirs(run)[0], "PGRACE")


async def look(run: Run) -> None:
    await run.house.ask(effect(LOOK, "look", run.known, coalescing=True))


async def told(run: Run) -> None:
    """The webhook tells."""
    known = theirs(run)[0]
    event = RemoteEvent(
        key=f"E{known['id']}",
        act=RemoteAct.ACKNOWLEDGE,
        there="acknowledged",
        remote_id=known["id"],
        dedup_key=known["incident_key"],
        user_id="PGRACE",
        name="Grace",
    )
    await run.house.ask(who(event))


async def resolve(run: Run) -> None:
    await run.house.type("ada", "resolve rolled back", run.house.room(run.known))


async def update(run: Run) -> None:
    await run.house.type("ada", "update rolling back", run.house.room(run.known))


async def began_there(run: Run) -> None:
    """An incident begins in PagerDuty, and the webhook does not tell."""
    await opened(run)
    assert isinstance(run.house.system, PagerDutySystem)
    run.house.system.open("theirs", "basket is slow")


async def look_for_alerts(run: Run) -> None:
    await run.house.ask(effect(ALERTS, "alerts", coalescing=True))


async def alerts(run: Run) -> int:
    assert isinstance(run.house.system, PagerDutySystem)
    names = [each["id"] for each in run.house.system.incidents.values() if each["incident_key"] == "theirs"]
    return len(await run.house.store.firings_for([alert_key(name) for name in names]))


async def paged(run: Run) -> int:
    return len(theirs(run))


async def taken(run: Run) -> int:
    return sum(each["status"] == "acknowledged" for each in theirs(run))


async def over(run: Run) -> int:
    return sum(each["status"] == "resolved" for each in theirs(run))


async def notes(run: Run) -> int:
    assert isinstance(run.house.system, PagerDutySystem)
    return sum("rolling back" in note["content"] for each in theirs(run) for note in run.house.system.notes[each["id"]])


async def acknowledged(run: Run) -> int:
    timeline = await run.house.store.timeline(run.known.id)
    grace = run.house.slack.person("grace").id
    assert (await run.house.last()).commander == grace
    return sum(isinstance(entry.event, Acknowledged) and entry.source == "PagerDuty" for entry in timeline)


CASES = ExternalCases(
    integration=PagerDuty,
    system=system,
    settings=lambda system: {
        "pagerduty_api_url": system.url,
        "pagerduty_events_url": system.events_url,
        "pagerduty_api_token": SecretStr(TOKEN),
        "pagerduty_webhook_secret": SecretStr(SECRET),
        "pagerduty_from": SENDER,
    },
    policy={"routing_keys": {"platform": "env:PAGER_OF_PLATFORM"}, "page_on": ["SEV-1"], "alert_services": [SERVICE]},
    environment={"PAGER_OF_PLATFORM": ROUTING_KEY},
    cases=(
        EffectCase("page", "trigger", "POST /v2/enqueue", declare, paged),
        EffectCase("acknowledge", "acknowledge", "POST /v2/enqueue", acknowledge, taken, prepare=opened),
        EffectCase("resolve", "resolve", "POST /v2/enqueue", resolve, over, prepare=opened),
        EffectCase("write a note", "note", "POST /incidents/", update, notes, prepare=opened),
        EffectCase("look", "look", "GET /incidents", look, acknowledged, prepare=acknowledged_there),
        EffectCase("look for alerts", "alerts", "GET /incidents", look_for_alerts, alerts, prepare=began_there),
        EffectCase("look up who it was", "who", "GET /users/", told, acknowledged, prepare=acknowledged_there),
    ),
)
