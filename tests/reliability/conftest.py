"""Workspaces and bots for the matrix: one of each for a whole module, an incident of its own for each case."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.demo.workspace import installation
from sandbox import Sandbox
from tests.datadog.server import API_KEY, APP_KEY, FakeDatadog
from tests.reliability.effects import ALERTS
from tests.reliability.house import House
from tests.reliability.process import SOON, Process
from tests.scenarios.conftest import COMPANY, settings_for
from warroom.policy import Policy, check


def policy_of(**more: Any) -> Policy:
    """The company's policy, with a runbook and an alert channel."""
    workspace = {"announce": "#incidents", "default_team": "platform", "alert_channels": [f"#{ALERTS}"]}
    links = {"runbooks": {"*": "https://runbooks.example.com/"}}
    checked = check(COMPANY | {"workspace": workspace, "links": links} | more)
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One for all cases of a module."""
    path = tmp_path_factory.mktemp("house") / "warroom.db"
    async with Sandbox.running(app=installation()) as slack:
        process = Process(slack, settings_for(slack, f"sqlite:///{path}"), policy_of())
        await process.start()
        house = House(slack, process)
        await house.settle()
        yield house
        await process.stop()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def with_datadog(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The same with a Datadog, whose calls may take a moment only."""
    path, datadog = tmp_path_factory.mktemp("house") / "warroom.db", FakeDatadog()
    listening = await datadog.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("integrations.datadog.client.TIMEOUT", (SOON, SOON))
        async with Sandbox.running(app=installation()) as slack:
            datadog.today = lambda: slack.clock.now().isoformat()
            settings = settings_for(slack, f"sqlite:///{path}").model_copy(
                update={"dd_api_key": SecretStr(API_KEY), "dd_app_key": SecretStr(APP_KEY), "dd_api_url": datadog.url}
            )
            policy = policy_of(datadog={"incidents": "link", "sync_every": None})
            process = Process(slack, settings, policy)
            await process.start()
            house = House(slack, process, datadog=datadog)
            await house.settle()
            yield house
            await process.stop()
    await datadog.stop(listening)
