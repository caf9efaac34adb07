"""Random commands, clicks, faults and crashes against the whole bot; afterwards every promise holds.

A failure prints the steps as hypothesis found them, shortened: paste them into a test to see it again.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, note, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.demo import installation
from sandbox import Sandbox
from tests.reliability.conftest import policy_of
from tests.reliability.house import House
from tests.reliability.process import Process
from tests.scenarios.conftest import settings_for
from warroom.incident import Incident

PEOPLE = st.sampled_from(["ada", "grace", "linus", "ben"])
METHODS = st.sampled_from(
    [
        "conversations.create",
        "conversations.invite",
        "conversations.setTopic",
        "chat.postMessage",
        "chat.update",
        "chat.delete",
        "pins.add",
        "bookmarks.add",
        "*",
    ]
)
FAULTS = st.sampled_from(["ratelimited", "500", "503", "reset_before", "reset_after", "hang_after", "garbage_after"])
COMMANDS = st.sampled_from(
    [
        "ack",
        "escalate",
        "update rolling back",
        "sev 2",
        "sev 1",
        "mitigate",
        "resolve over",
        "reopen",
        "invite grace@example.com",
        "action add buy disks",
        "timeline add it began at noon",
        "cancel a false alarm",
        "postmortem",
    ]
)


class Story(RuleBasedStateMachine):
    """One workspace, one bot, at most a few incidents."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(prefix="warroom-story-")
        self.workspace = Sandbox.running(app=installation())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, 60))

    @initialize()
    def begin(self) -> None:
        """A bot starts."""

        async def begin() -> House:
            slack = await self.workspace.__aenter__()
            path = Path(self.folder.name) / "warroom.db"
            process = Process(slack, settings_for(slack, f"sqlite:///{path}"), policy_of())
            await process.start()
            return House(slack, process)

        self.house: House = self.run(begin())
        self.declared = 0

    @property
    def alive(self) -> bool:
        return not self.house.process.killed

    async def _some(self, number: int) -> Incident | None:
        store = self.house.process.bot.store
        return await store.incident_numbered(number % max(1, await store.last_number()) + 1)

    @precondition(lambda self: self.alive and self.declared < 3)
    @rule(who=PEOPLE, level=st.sampled_from(["1", "3"]))
    def declare(self, who: str, level: str) -> None:
        self.declared += 1
        answer = self.run(self.house.type(who, f"declare outage {self.declared} --sev {level}"))
        note(f"declared: {answer.acked}")

    @precondition(lambda self: self.alive)
    @rule(who=PEOPLE, command=COMMANDS, number=st.integers(0, 2))
    def command(self, who: str, command: str, number: int) -> None:
        async def act() -> None:
            incident = await self._some(number)
            if incident is not None and incident.channel_id is not None:
                await self.house.type(who, command, self.house.room(incident))

        self.run(act())

    @precondition(lambda self: self.alive)
    @rule(who=PEOPLE, number=st.integers(0, 2), times=st.integers(1, 2), which=st.integers(0, 5))
    def click(self, who: str, number: int, times: int, which: int) -> None:
        async def act() -> None:
            incident = await self._some(number)
            if incident is None or incident.channel_id is None or incident.card_ts is None:
                return
            card = self.house.card(incident)
            labels = [each for each in card.labels() if each in ("Acknowledge", "Escalate", "Resolve", "Reopen")]
            if labels:
                label, seen = labels[which % len(labels)], card.snapshot()
                room = self.house.room(incident)
                await asyncio.gather(*(self.house.slack.click(who, room, seen, label) for _ in range(times)))

        self.run(act())

    @rule(method=METHODS, kind=FAULTS, times=st.integers(1, 3))
    def trouble(self, method: str, kind: str, times: int) -> None:
        self.house.slack.fail(method, kind, times=times, seconds=5)

    @rule(method=METHODS, moment=st.sampled_from(["before", "after"]))
    def crash_at(self, method: str, moment: str) -> None:
        """The process dies at the next call of that method."""
        self.house.slack.on_call(method, moment=moment, do=self.house.process.kill)

    @precondition(lambda self: not self.alive)
    @rule()
    def restart(self) -> None:
        self.house.slack.faults.clear()
        self.run(self.house.process.restart())

    @precondition(lambda self: self.alive)
    @rule(seconds=st.sampled_from([1, 20, 400, 1000]))
    def wait(self, seconds: int) -> None:
        async def act() -> None:
            self.house.slack.clock.advance(seconds)
            self.house.process.bot.dispatcher.nudge()
            idle = asyncio.ensure_future(self.house.process.bot.idle())
            await asyncio.wait({idle}, timeout=0.3)
            idle.cancel()

        self.run(act())

    @rule()
    def drop(self) -> None:
        """The socket breaks."""
        self.run(self.house.slack.drop_sockets())

    def teardown(self) -> None:
        """Trouble ends, time passes, and then every promise holds."""

        async def end() -> None:
            house = self.house
            house.slack.faults.clear()
            if house.process.killed:
                await house.process.restart()
            await house.slack.until_connected(20)
            await house.settle()
            await house.promises()

        async def leave() -> None:
            await self.house.process.stop()
            await self.workspace.__aexit__(None, None, None)

        if hasattr(self, "house"):
            try:
                self.run(end())
            finally:
                self.run(leave())
                self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()
        self.folder.cleanup()


TestStory = Story.TestCase
TestStory.settings = settings(
    max_examples=10,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
