"""A process is killed in the middle of a step of each kind: what cannot be looked for is asked about, and never done again by itself."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.demo.workspace import installation
from sandbox import Sandbox
from sandbox.vendors.system import FakeSystem
from storage import migrate
from tests.reliability.clock import WoundClock
from tests.reliability.conftest import NewUrl, policy_of
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.scenarios.conftest import settings_for
from warroom.runbooks.run import Run, RunState, StepState

PROGRAM = "import sys, urllib.request\nurllib.request.urlopen(sys.argv[1], data=b'')\n"
"""It does what can be counted."""


@dataclass
class Queue(FakeSystem):
    """Counts how often it was drained."""

    drained: int = 0

    def routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/drain", self._drain)
        router.add_get("/health", self._health)

    async def _drain(self, request: web.Request) -> web.Response:
        self.drained += 1
        return web.json_response({"left": 0})

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})


@dataclass(frozen=True)
class Place:
    """A bot that may run one runbook against the queue."""

    house: House[Forked]
    queue: Queue

    async def begun(self) -> None:
        """Ada declares, opens the plan and runs it."""
        slack = self.house.slack
        incident = await self.house.declared()
        await self.house.type("ada", "run book", slack.channel(str(incident.room.channel_id)))
        await slack.submit("ada", await slack.modal("ada"))

    async def killed(self) -> None:
        """Until the process is dead, and another one has done what it could."""
        await self.house.slack.until(lambda: self.house.processes[0].killed, 120, "the process is killed")
        self.queue.faults.clear()
        await self.house.recover()

    async def run(self) -> Run:
        (run,) = await self.house.store.runs((await self.house.last()).id)
        return run


@asynccontextmanager
async def place(url: str, folder: Path, *steps: dict[str, Any]) -> AsyncIterator[Place]:
    """`QUEUE` in the steps is the queue's address, `PROGRAM` the program's file."""
    await migrate(url)
    queue = Queue()
    program = folder / "drain.py"
    program.write_text(PROGRAM)
    async with Sandbox.running(app=installation(), clock=WoundClock(frozen=True)) as slack, AsyncExitStack() as stack:
        stack.push_async_callback(queue.stop, await queue.start())

        def filled(said: Any) -> Any:
            if isinstance(said, dict):
                return {key: filled(each) for key, each in said.items()}
            if isinstance(said, list):
                return [filled(each) for each in said]
            return said.replace("QUEUE", queue.url).replace("PROGRAM", str(program)) if isinstance(said, str) else said

        host = queue.url.removeprefix("http://")
        allow = {
            "http": {"hosts": [host], "addresses": ["127.0.0.0/8"]},
            "command": [[sys.executable, str(program), f"{queue.url}/drain"]],
        }
        policy = policy_of(
            runbooks={"book": {"name": "Drain", "steps": [filled(each) for each in steps]}},
            remediation={"allow": allow, "without_approval": ["*"]},
        )
        process = Forked(slack, settings_for(slack, url), policy)
        stack.push_async_callback(process.stop)
        await process.start()
        house = House(slack, process, system=queue)
        await house.settle()
        yield Place(house, queue)


DRAIN = {"id": "drain", "do": "http.request", "with": {"method": "POST", "url": "QUEUE/drain"}}
AGAIN = {"id": "drain", "do": "http.request", "with": {"method": "POST", "url": "QUEUE/drain", "idempotent": True}}
PROGRAM_STEP = {"id": "drain", "do": "command", "with": {"run": [sys.executable, "PROGRAM", "QUEUE/drain"]}}
CHECK = {"id": "check", "do": "http.request", "with": {"url": "QUEUE/health", "expect": {"status": 200}}}
WAIT = {"id": "wait", "do": "wait", "with": {"duration": "10m"}, "needs": ["check"]}


@pytest.mark.parametrize("after", [False, True], ids=["before the act", "after the act"])
@pytest.mark.parametrize("step", [DRAIN, PROGRAM_STEP], ids=["http.request", "command"])
async def test_nobody_can_look_so_a_person_is_asked_and_it_is_not_done_again(
    step: dict[str, Any], after: bool, new_url: NewUrl, tmp_path: Path
) -> None:
    async with place(new_url(), tmp_path, step) as here:
        here.queue.fail("POST", "/drain", drop=True, after=after, late=after, do=here.house.process.kill)
        await here.begun()
        await here.killed()
        run = await here.run()
        assert [each.state for each in run.steps] == [StepState.UNCLEAR]
        assert here.queue.count("POST", "/drain") == 1
        assert here.queue.drained == int(after)
        await here.house.promises()


@pytest.mark.parametrize("after", [False, True], ids=["before the act", "after the act"])
async def test_what_may_be_done_twice_is_done_again(after: bool, new_url: NewUrl, tmp_path: Path) -> None:
    async with place(new_url(), tmp_path, AGAIN) as here:
        here.queue.fail("POST", "/drain", drop=True, after=after, late=after, do=here.house.process.kill)
        await here.begun()
        await here.killed()
        assert (await here.run()).state is RunState.SUCCEEDED
        assert here.queue.count("POST", "/drain") == 2
        assert here.queue.drained == 1 + after
        await here.house.promises()


async def test_what_only_reads_is_read_again_and_a_wait_goes_on_from_where_it_was(
    new_url: NewUrl, tmp_path: Path
) -> None:
    async with place(new_url(), tmp_path, CHECK, WAIT) as here:
        here.queue.fail("GET", "/health", drop=True, do=here.house.process.kill)
        await here.begun()
        await here.killed()
        before = await here.run()
        assert [each.state for each in before.steps] == [StepState.DONE, StepState.RUNNING]
        here.house.process.kill()
        here.house.slack.clock.advance(timedelta(minutes=9).total_seconds())
        await here.house.recover()
        due = (await here.run()).steps[1].due_at
        assert due == before.steps[1].due_at, "killed in the middle, it does not begin anew"
        here.house.slack.clock.advance(timedelta(minutes=1).total_seconds())
        here.house.process.nudge()
        await here.house.settle()
        assert (await here.run()).state is RunState.SUCCEEDED
        await here.house.promises()
