"""An investigation and its words outlive SIGKILL: the other process goes on, and each is said once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from pydantic import SecretStr

from bot.demo.workspace import installation
from bot.integrations import INTEGRATIONS, settings_model
from sandbox import Sandbox
from tests.integrations.llm.server import KEY, MODEL, FakeModel, says
from tests.integrations.prometheus.server import FakePrometheus
from tests.reliability.clock import WoundClock
from tests.reliability.conftest import policy_of
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.scenarios.conftest import settings_for
from tests.scenarios.test_investigation import INVESTIGATE, break_payments
from tests.storage.conftest import PostgreSQL
from tests.storage.conftest import postgresql as postgresql
from warroom.incident.events import Investigated

SERVICES = {"checkout": {"depends_on": ["payments", "cart"]}, "payments": {"depends_on": "ledger"}}
METRICS, WORDS = "/api/v1/query_range", "/v1/chat/completions"


@pytest.mark.parametrize("moment", ["while metrics are read", "while the model writes"])
async def test_killed_in_the_middle_the_other_goes_on_and_it_is_said_once(postgresql: PostgreSQL, moment: str) -> None:
    policy = policy_of(services=SERVICES, investigate=INVESTIGATE, llm={"max_seconds": 60})
    url = postgresql.new()
    async with Sandbox.running(app=installation(), clock=WoundClock()) as slack, AsyncExitStack() as stack:
        made: list[Forked] = []
        killed: list[Forked] = []

        def end(process: Forked) -> Callable[[], None]:
            def kill() -> None:
                if not killed:
                    killed.append(process)
                    process.kill()

            return kill

        asked = []
        for _ in range(2):
            # Each process has systems of its own, so that it is known which of them asks.
            metrics, model = FakePrometheus(), FakeModel()
            for system in (metrics, model):
                stack.push_async_callback(system.stop, await system.start())
            model.script(says("Payments began to fail first [E1]."))
            break_payments(metrics, slack.clock.now())
            known = settings_for(slack, url).model_dump()
            outside: dict[str, Any] = {
                "prometheus_url": metrics.url,
                "llm_url": f"{model.url}/v1",
                "llm_model": MODEL,
                "llm_api_key": SecretStr(KEY),
            }
            process = Forked(slack, settings_model(INTEGRATIONS)(**(known | outside)), policy)
            stack.push_async_callback(process.stop)
            await process.start()
            made.append(process)
            asked.append((metrics, model))
            if moment == "while metrics are read":
                metrics.fail("GET", METRICS, hang=True, do=end(process))
            else:
                model.fail("POST", WORDS, hang=True, do=end(process))
        house = House(slack, *made)
        await house.settle()
        await slack.slash("ada", "general", "/incident", "declare checkout fails --sev 1 --service checkout")
        await slack.until(lambda: bool(killed), 60, "one is killed")
        for metrics, model in asked:
            metrics.faults.clear()
            model.faults.clear()
        await house.settle()
        incident = await house.last()
        state = incident.investigation
        assert (state.runs, state.running) == (1, None)
        assert state.prose is not None
        assert [each.text for each in state.prose.sentences] == ["Payments began to fail first."]
        await house.recover()
        timeline = await house.store.timeline(incident.id)
        assert len([each for each in timeline if isinstance(each.event, Investigated)]) == 1
        (message,) = [
            each
            for each in house.room(incident).log
            if each.by_app and not each.deleted and "Probable cause: payments" in each.plain()
        ]
        assert message.plain().count("Payments began to fail first. [E1]") == 1
        assert message.thread_ts == incident.room.card_ts
        assert sum(model.count("POST", WORDS) for _, model in asked) == (1 if moment == "while metrics are read" else 2)
        await house.promises()
