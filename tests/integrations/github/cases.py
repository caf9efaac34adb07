"""Every operation of GitHub for the matrix of tests/reliability."""

from __future__ import annotations

from datetime import timedelta

from pydantic import SecretStr

from integrations.github import GitHub
from integrations.github.issues import CHANGES, LOOK, STATE, Item, effect
from sandbox.vendors.github import REPOSITORY, TOKEN, GitHubSystem
from sandbox.vendors.system import Body
from tests.reliability.effect_case import EffectCase, Run
from tests.reliability.effect_triggers import opened
from tests.reliability.external import ExternalCases
from warroom.incident.events import ActionDone
from warroom.outbox.changes import Changeset

ISSUES = f"/repos/{REPOSITORY}/issues"


def mine(run: Run) -> list[Body]:
    assert isinstance(run.house.system, GitHubSystem)
    return [each for each in run.house.system.issues.values() if run.known.id in each["body"]]


async def add(run: Run) -> None:
    await run.house.type("ada", "action add raise the threshold", run.house.room(run.known))


async def added(run: Run) -> None:
    await opened(run)
    await add(run)
    await run.house.settle()
    run.incident = await run.house.last()


async def closed_there(run: Run) -> None:
    await added(run)
    assert isinstance(run.house.system, GitHubSystem)
    run.house.system.close(mine(run)[0]["number"], "grace")


async def finish(run: Run) -> None:
    """As a command would: the item is done, and GitHub hears of it."""
    before, now = await run.house.last(), run.house.slack.clock.now()
    after = before.copy_with(actions=tuple(each.copy_with(done_at=now) for each in before.actions))
    effects = (effect(STATE, "action:a1:state", after, Item(item="a1"), coalescing=True),)
    await run.house.process.commit(Changeset(now=now, incident=after, effects=effects))


async def look(run: Run) -> None:
    await run.house.ask(effect(LOOK, "look", run.known, coalescing=True))


async def deployed(run: Run) -> None:
    """Something is deployed, and the webhook does not tell."""
    await opened(run)
    assert isinstance(run.house.system, GitHubSystem)
    run.house.system.deploy("4f0c1a2b3c4d5e6f")


async def look_for_changes(run: Run) -> None:
    await run.house.ask(effect(CHANGES, "changes", coalescing=True))


async def known_changes(run: Run) -> int:
    now = run.house.slack.clock.now()
    found = await run.house.store.service_changes(now - timedelta(days=1), now, (), 10)
    return sum(each.source == "GitHub" for each in found)


async def issues(run: Run) -> int:
    return len(mine(run))


async def closed(run: Run) -> int:
    return sum(each["state"] == "closed" for each in mine(run))


async def done(run: Run) -> int:
    timeline = await run.house.store.timeline(run.known.id)
    return sum(isinstance(entry.event, ActionDone) and entry.source == "GitHub" for entry in timeline)


CASES = ExternalCases(
    integration=GitHub,
    system=GitHubSystem,
    settings=lambda system: {"github_api_url": system.url, "github_token": SecretStr(TOKEN)},
    policy={"issues": REPOSITORY, "services": {"example/shop": "checkout"}},
    cases=(
        EffectCase("create an issue", "create", f"POST {ISSUES}", add, issues, prepare=opened),
        EffectCase("close an issue", "state", f"PATCH {ISSUES}/", finish, closed, prepare=added),
        EffectCase("look", "look", f"GET {ISSUES}/", look, done, prepare=closed_there),
        EffectCase(
            "look for changes",
            "changes",
            "GET /repos/example/shop/deployments",
            look_for_changes,
            known_changes,
            prepare=deployed,
        ),
    ),
)
