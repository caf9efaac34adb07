"""Random commands, clicks, alerts, faults and crashes against the whole bot; afterwards every promise holds.

A failure prints the steps as hypothesis found them, shortened: paste them into a test to see it again.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from bot.demo.workspace import installation
from sandbox import Sandbox, sockets
from tests.reliability.clock import WoundClock
from tests.reliability.conftest import policy_of
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.scenarios.conftest import settings_for
from tests.storage.conftest import PostgreSQL
from tests.storage.conftest import postgresql as postgresql
from warroom.incident.model import Incident

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


MONITORS = st.integers(1, 3)


def nothing() -> None:
    """Nothing is done when that trouble strikes."""


class Story(RuleBasedStateMachine):
    """One workspace, one bot on SQLite, at most a few incidents that people declare.

    Whether a process lives depends on the moment, so every step can be drawn at any time: what cannot be done is not done.
    """

    how_many = 1

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(prefix="warroom-story-")
        self.workspace = Sandbox.running(app=installation(), clock=WoundClock())
        self.declared, self.alerts = 0, 0
        self.accepted: set[str] = set()

    def new_database(self) -> str:
        """The URL of an empty one."""
        return f"sqlite:///{Path(self.folder.name) / 'warroom.db'}"

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        """The bot starts, in as many processes as there are."""

        async def begin() -> House[Forked]:
            slack, url = await self.workspace.__aenter__(), self.new_database()
            processes = [Forked(slack, settings_for(slack, url), policy_of()) for _ in range(self.how_many)]
            for process in processes:
                await process.start()
            return House(slack, *processes)

        self.house: House[Forked] = self.run(begin())

    async def _some(self, number: int) -> Incident | None:
        """One of the incidents; None when there is none, or nobody lives who could be spoken to."""
        if not self.house.living:
            return None
        store = self.house.store
        return await store.incident_numbered(number % max(1, await store.last_number()) + 1)

    @precondition(lambda self: self.declared < 3)
    @rule(who=PEOPLE, level=st.sampled_from(["1", "3"]))
    def declare(self, who: str, level: str) -> None:
        self.declared += 1
        if not self.house.living:
            return
        answer = self.run(self.house.type(who, f"declare outage {self.declared} --sev {level}"))
        note(f"declared: {answer.acked}")

    @rule(who=PEOPLE, command=COMMANDS, number=st.integers(0, 2))
    def command(self, who: str, command: str, number: int) -> None:
        async def act() -> None:
            incident = await self._some(number)
            if incident is not None and incident.room.channel_id is not None:
                await self.house.type(who, command, self.house.room(incident))

        self.run(act())

    @rule(who=PEOPLE, number=st.integers(0, 2), times=st.integers(1, 2), which=st.integers(0, 5))
    def click(self, who: str, number: int, times: int, which: int) -> None:
        async def act() -> None:
            incident = await self._some(number)
            if incident is None or incident.room.channel_id is None or incident.room.card_ts is None:
                return
            card = self.house.card(incident)
            labels = [each for each in card.labels() if each in ("Acknowledge", "Escalate", "Resolve", "Reopen")]
            if labels:
                label, seen = labels[which % len(labels)], card.snapshot()
                room = self.house.room(incident)
                await asyncio.gather(*(self.house.slack.click(who, room, seen, label) for _ in range(times)))

        self.run(act())

    @rule(monitor=MONITORS, word=st.sampled_from(["Triggered", "Re-Triggered", "Recovered"]), cycle=st.integers(1, 2))
    def alert(self, monitor: int, word: str, cycle: int) -> None:
        """Datadog tells one of the processes."""
        self.alerts += 1
        if not self.house.living:
            return
        event = f"9{self.alerts:06}"
        told: dict[str, object] = {
            "event_id": event,
            "alert_id": str(monitor),
            "alert_title": f"Monitor {monitor}",
            "alert_transition": word,
            "alert_cycle_key": f"{monitor}-{cycle}",
            "alert_scope": "service:api",
            "alert_priority": "P3",
        }
        try:
            status = self.run(self.house.living[self.alerts % len(self.house.living)].hook(told))
        except aiohttp.ClientError:
            return  # it died before it could answer
        assert status in (202, 503)
        if status == 202:
            self.accepted.add(event)

    @rule(who=PEOPLE, number=st.integers(0, 2), does=st.sampled_from(["join", "pin"]))
    def come_and_go(self, who: str, number: int, does: str) -> None:
        """Somebody does something in a room without the bot."""

        async def act() -> None:
            incident = await self._some(number)
            if incident is None or incident.room.channel_id is None:
                return
            slack, room = self.house.slack, self.house.room(incident)
            if does == "join":
                await slack.join(who, room)
            elif slack.person(who).id in room.members:
                await slack.react(who, await slack.say(who, room, "it began at noon"), "pushpin")

        self.run(act())

    @rule(method=METHODS, kind=FAULTS, times=st.integers(1, 3))
    def trouble(self, method: str, kind: str, times: int) -> None:
        self.house.slack.fail(method, kind, times=times, seconds=5, do=self._hang if kind == "hang_after" else nothing)

    def _hang(self) -> None:
        for process in self.house.living:
            process.skip(hanging=1)

    @rule(method=METHODS, moment=st.sampled_from(["before", "after"]), which=st.integers(0, 1))
    def crash_at(self, method: str, moment: str, which: int) -> None:
        """A process dies at the next call of that method."""
        victim = self.house.processes[which % self.how_many]
        self.house.slack.on_call(method, moment=moment, do=victim.kill)

    @rule()
    def restart(self) -> None:
        """The supervisor starts what was killed."""
        self.house.slack.faults.clear()
        self.run(self._restart())

    async def _restart(self) -> None:
        for process in self.house.processes:
            if process.killed:
                await process.restart()

    @rule(seconds=st.sampled_from([1, 20, 400, 1000]))
    def wait(self, seconds: int) -> None:
        async def act() -> None:
            self.house.slack.clock.advance(seconds)
            living = self.house.living
            for process in living:
                process.nudge()
            ends = await asyncio.gather(*(process.idle() for process in living), return_exceptions=True)
            for process, end in zip(living, ends, strict=True):
                assert end is None or (process.killed and isinstance(end, ConnectionError)), end

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
            await self._restart()
            await house.settle()
            await house.promises()
            await self.every_alert_counts()

        async def leave() -> None:
            for process in self.house.processes:
                await process.stop()
            await self.workspace.__aexit__(None, None, None)

        if hasattr(self, "house"):
            try:
                self.run(end())
            finally:
                self.run(leave())
                self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()
        self.folder.cleanup()

    async def every_alert_counts(self) -> None:
        """Each that was accepted is decided, and a monitor never has two open rooms."""
        store = self.house.store
        stored = await store.alerts(1000)
        assert self.accepted <= {received.alert.event_id for received, _ in stored}
        assert all(alert_decision is not None for _, alert_decision in stored)
        rooms: dict[str, set[str]] = {}
        for received, alert_decision in stored:
            if alert_decision is not None and alert_decision.incident_id is not None:
                rooms.setdefault(str(received.alert.monitor_id), set()).add(alert_decision.incident_id)
        still_open = {each.id for each in await store.incidents(open_only=True)}
        twice = {monitor: ids & still_open for monitor, ids in rooms.items() if len(ids & still_open) > 1}
        assert not twice, f"monitors with two open incidents: {twice}"


class InTwoProcesses(Story):
    """The same on a PostgreSQL that two processes share, and that breaks its connections now and then."""

    how_many = 2
    server: ClassVar[PostgreSQL]

    def new_database(self) -> str:
        self.url = self.server.new()
        return self.url

    @rule()
    def database_restarts(self) -> None:
        """Every connection to it breaks."""
        name = self.url.rpartition("/")[2].partition("?")[0]
        self.server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';")  # noqa: S608  # a name of ours


def told(machine: type[Story], times: int) -> None:
    """Raises whatever breaks a promise, with the shortest story that does."""
    drawn = settings(max_examples=times, stateful_step_count=12, suppress_health_check=list(HealthCheck))
    with pytest.MonkeyPatch.context() as patch:
        # Where the database is away nothing is acknowledged. Nothing here depends on how soon Slack sees that.
        patch.setattr(sockets, "ACK_TIMEOUT", 3.0)
        run_state_machine_as_test(machine, settings=drawn)


@pytest.mark.timeout(900)
def test_one_process_keeps_every_promise() -> None:
    told(Story, 10)


@pytest.mark.timeout(900)
def test_two_processes_keep_every_promise(postgresql: PostgreSQL) -> None:
    InTwoProcesses.server = postgresql
    told(InTwoProcesses, 6)
