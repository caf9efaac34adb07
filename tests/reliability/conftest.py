"""Workspaces and bots for the matrix: one of each for a whole module, an incident of its own for each case."""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from bot.demo.workspace import installation
from bot.integrations import INTEGRATIONS, Kinds, policy_model, settings_model
from sandbox import Sandbox, UserGroup
from storage import migrate
from tests.conftest import FAILED
from tests.reliability.clock import WoundClock
from tests.reliability.effect_case import ALERTS, DUTY, GROUP, REPAGE_AFTER, EffectCase
from tests.reliability.external import ExternalCases
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.reliability.troubles import TROUBLES, Trouble
from tests.scenarios.conftest import COMPANY, settings_for
from tests.storage.conftest import PostgreSQL
from tests.storage.conftest import dynamodb as dynamodb
from tests.storage.conftest import postgresql as postgresql
from tests.storage.dynamo.server import DynamoDB
from warroom.policy import Policy, check

HOUR = timedelta(hours=1)
CELLS = frozenset({"test_in_slack", "test_in_another_system"})
SHARE = 4
"""One of so many cells is in the usual run."""
STORE = "WARROOM_STORE"
"""Environment variable: the kind of database that the bots have, SQLite without it."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the matrix every fourth trouble of an effect, each effect beginning at another one; all of it with WARROOM_MATRIX=all
    (`make matrix`): a change that breaks a promise rarely breaks it in one cell alone, and the whole takes over ten minutes.
    """
    if os.environ.get("WARROOM_MATRIX") == "all":
        return
    left = [item for item in items if _is_left_out(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


def _is_left_out(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function) or item.originalname not in CELLS:
        return False
    case, trouble = item.callspec.params["case"], item.callspec.params["trouble"]
    assert isinstance(case, EffectCase)
    assert isinstance(trouble, Trouble)
    return (zlib.crc32(case.name.encode()) + TROUBLES.index(trouble)) % SHARE != 0


def policy_of(kinds: Kinds = INTEGRATIONS, **more: Any) -> Policy:
    """The company's policy, with a runbook, an alert channel and a schedule."""
    workspace = {"announce": "#incidents", "default_team": "platform", "alert_channels": [f"#{ALERTS}"]}
    links = {"runbooks": {"*": "https://runbooks.example.com/"}}
    duty = {"layers": [{"people": "grace@example.com"}], "user_group": f"@{GROUP}"}
    silence = {"SEV-1": {"repage_after": f"{REPAGE_AFTER // HOUR}h"}}
    parts = {"workspace": workspace, "links": links, "schedules": {DUTY: duty}, "severities": silence}
    checked = check(COMPANY | parts | more, policy_model(kinds))
    assert checked.policy is not None, checked.mistakes
    return checked.policy


NewUrl = Callable[[], str]


@pytest.fixture(scope="session")
def new_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewUrl:
    """Makes URLs of databases that are not there yet, of the kind that WARROOM_STORE names."""
    kind = os.environ.get(STORE, "sqlite")
    if kind == "sqlite":
        return lambda: f"sqlite:///{tmp_path_factory.mktemp('house')}/warroom.db"
    assert kind in ("postgresql", "dynamodb"), f"{STORE} is sqlite, postgresql or dynamodb"
    server: PostgreSQL | DynamoDB = request.getfixturevalue(kind)
    return lambda: server.new(empty=True)


@asynccontextmanager
async def in_slack(url: str) -> AsyncIterator[House[Forked]]:
    """A workspace and a bot in a process of its own, on a database that is not there yet."""
    await migrate(url)
    async with Sandbox.running(app=installation(), clock=WoundClock()) as slack, AsyncExitStack() as stack:
        slack.workspace.app.scopes.add("usergroups:write")
        await slack.save_usergroup(UserGroup("", GROUP, "On call", [slack.person("grace").id]))
        process = Forked(slack, settings_for(slack, url), policy_of())
        stack.push_async_callback(process.stop)
        await process.start()
        house = House(slack, process)
        await house.settle()
        yield house


@asynccontextmanager
async def beside(cases: ExternalCases, url: str) -> AsyncIterator[House[Forked]]:
    """The same with another system that one of the integrations calls."""
    await migrate(url)
    system = cases.system()
    listening = await system.start()
    async with Sandbox.running(app=installation(), clock=WoundClock()) as slack, AsyncExitStack() as stack:
        stack.push_async_callback(system.stop, listening)
        system.today = lambda: slack.clock.now().isoformat()
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        for name, secret in cases.environment.items():
            environment.setenv(name, secret)
        known = settings_for(slack, url).model_dump()
        settings = settings_model(cases.kinds)(**(known | cases.settings(system)))
        policy = policy_of(kinds=cases.kinds, **{cases.integration.name: cases.policy})
        process = Forked(slack, settings, policy, cases.kinds)
        stack.push_async_callback(process.stop)
        await process.start()
        house = House(slack, process, system=system)
        await house.settle()
        yield house


class Kept:
    """A house for all cases of a module. One in which a case failed is torn down, and the next case gets a new one."""

    def __init__(self, build: Callable[[], AbstractAsyncContextManager[House[Forked]]]) -> None:
        self._build = build
        self._stack = AsyncExitStack()
        self._house: House[Forked] | None = None
        self._before: set[asyncio.Task[Any]] = set()

    async def house(self) -> House[Forked]:
        """The house, built when there is none."""
        if self._house is None:
            self._house = await self._stack.enter_async_context(self._build())
        self._before = asyncio.all_tasks()
        return self._house

    async def give_up(self) -> None:
        """Nothing of it is left, nor of the case that failed: no process, no connection, no task."""
        for process in self._house.processes if self._house else ():
            process.kill()
        await self.close()
        left = asyncio.all_tasks() - self._before - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def close(self) -> None:
        """At the end of the module."""
        stack, self._stack = self._stack, AsyncExitStack()
        self._house = None
        await stack.aclose()


def kept(build: Callable[[str], AbstractAsyncContextManager[House[Forked]]]) -> Any:
    """A fixture: the house that the cases of a module share."""

    @pytest_asyncio.fixture(loop_scope="module", scope="module")
    async def keep(new_url: NewUrl) -> AsyncIterator[Kept]:
        keeping = Kept(lambda: build(new_url()))
        yield keeping
        await keeping.close()

    return keep


slack_kept = kept(in_slack)


@pytest_asyncio.fixture(loop_scope="module")
async def shared(slack_kept: Kept, request: pytest.FixtureRequest) -> AsyncIterator[House[Forked]]:
    """One for all cases of a module."""
    yield await slack_kept.house()
    if request.node.stash.get(FAILED, False):
        await slack_kept.give_up()
