"""Every operation of Bell for the matrix of tests/reliability."""

from __future__ import annotations

from pydantic import SecretStr

from sandbox.vendors.system import Body
from tests.integrations.bell.integration import Bell
from tests.integrations.bell.server import SECRET, TOKEN, FakeBell
from tests.reliability.effect_case import EffectCase, Run
from tests.reliability.effect_triggers import acknowledge, declare, opened
from tests.reliability.external import ExternalCases
from warroom.incident.events import Acknowledged
from warroom.outbox.effects import ExternalEffect


def pages(run: Run) -> list[Body]:
    """The pages about the incident."""
    assert isinstance(run.house.system, FakeBell)
    return [page for page in run.house.system.pages.values() if page["about"] == run.known.id]


async def answered_there(run: Run) -> None:
    """Somebody answers on their phone, and the webhook does not tell."""
    await opened(run)
    assert isinstance(run.house.system, FakeBell)
    run.house.system.answer(pages(run)[0]["id"], "grace@example.com")


async def look(run: Run) -> None:
    await run.house.ask(ExternalEffect(integration="bell", operation="look", key="bell:answers", coalescing=True))


async def rung(run: Run) -> int:
    return len(pages(run))


async def hushed(run: Run) -> int:
    return sum(page["answered"] for page in pages(run))


async def acknowledged(run: Run) -> int:
    timeline = await run.house.store.timeline(run.known.id)
    return sum(isinstance(entry.event, Acknowledged) and entry.source == "Bell" for entry in timeline)


CASES = ExternalCases(
    integration=Bell,
    system=FakeBell,
    settings=lambda system: {
        "bell_url": system.url,
        "bell_token": SecretStr(TOKEN),
        "bell_webhook_secret": SecretStr(SECRET),
    },
    policy={"queue": "night"},
    cases=(
        EffectCase("ring", "ring", "POST /pages", declare, rung),
        EffectCase("end a page", "hush", "PUT /pages/", acknowledge, hushed, prepare=opened),
        EffectCase("look for answers", "look", "GET /pages", look, acknowledged, prepare=answered_there),
    ),
)
