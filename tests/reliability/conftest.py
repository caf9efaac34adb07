"""Workspaces and bots for the matrix: one of each for a whole module, an incident of its own for each case."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.demo.workspace import installation
from bot.integrations import INTEGRATIONS, Kinds, policy_model
from sandbox import Sandbox
from tests.reliability.effects import ALERTS
from tests.reliability.house import House
from tests.reliability.process import Process
from tests.scenarios.conftest import COMPANY, settings_for
from warroom.policy import Policy, check


def policy_of(kinds: Kinds = INTEGRATIONS, **more: Any) -> Policy:
    """The company's policy, with a runbook and an alert channel."""
    workspace = {"announce": "#incidents", "default_team": "platform", "alert_channels": [f"#{ALERTS}"]}
    links = {"runbooks": {"*": "https://runbooks.example.com/"}}
    checked = check(COMPANY | {"workspace": workspace, "links": links} | more, policy_model(kinds))
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
