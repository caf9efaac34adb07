"""Every operation of Statuspage for the matrix of tests/reliability."""

from __future__ import annotations

from pydantic import SecretStr

from integrations.statuspage import Statuspage
from integrations.statuspage.rules import LOOK, effect
from sandbox.vendors.statuspage import KEY, PAGE, StatuspageSystem
from sandbox.vendors.system import Body
from tests.reliability.effect_case import EffectCase, Run
from tests.reliability.effect_triggers import opened
from tests.reliability.external import ExternalCases
from warroom.incident.events import Reported

INCIDENTS = f"/v1/pages/{PAGE}/incidents"


def page(run: Run) -> StatuspageSystem:
    assert isinstance(run.house.system, StatuspageSystem)
    return run.house.system


def mine(run: Run) -> list[Body]:
    """What is on the page about the incident."""
    found = page(run).incidents.values()
    return [each for each in found if each["metadata"]["warroom"]["incident"] == run.known.id]


async def minor(run: Run) -> None:
    """An incident that is not severe enough to be published."""
    run.incident = await run.house.declared("checkout is slow --sev 3 --team platform")


async def worse(run: Run) -> None:
    await run.house.type("ada", "severity SEV-1", run.house.room(run.known))


async def resolve(run: Run) -> None:
    await run.house.type("ada", "resolve rolled back", run.house.room(run.known))


async def written_there(run: Run) -> None:
    """Somebody writes on the page."""
    await opened(run)
    page(run).write(mine(run)[0]["id"], "identified", "It is the database.")


async def look(run: Run) -> None:
    await run.house.ask(effect(LOOK, "look", run.known, coalescing=True))


async def published(run: Run) -> int:
    return len(mine(run))


async def over(run: Run) -> int:
    return sum(each["status"] == "resolved" for each in mine(run)[0]["incident_updates"])


async def told(run: Run) -> int:
    timeline = await run.house.store.timeline(run.known.id)
    return sum(isinstance(each.event, Reported) and "database" in each.event.text for each in timeline)


CASES = ExternalCases(
    integration=Statuspage,
    system=StatuspageSystem,
    settings=lambda system: {"statuspage_api_url": system.api_url, "statuspage_api_key": SecretStr(KEY)},
    policy={"page": PAGE, "components": {"checkout": "8kbf7d35c070"}, "publish": {"SEV-1": "auto", "SEV-3": "ask"}},
    cases=(
        EffectCase("publish", "publish", f"POST {INCIDENTS}", worse, published, prepare=minor),
        EffectCase("close", "publish", f"PATCH {INCIDENTS}/", resolve, over, prepare=opened),
        EffectCase("look", "look", f"GET {INCIDENTS}/", look, told, prepare=written_there),
    ),
)
