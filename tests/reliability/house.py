"""A workspace, bots in it that can be killed, and what a story of trouble needs most."""

from __future__ import annotations

from datetime import timedelta
from typing import Generic, TypeVar

from bot.demo.shared_clock import settle
from sandbox import Channel, Sandbox, SlackMessage
from sandbox.vendors.system import FakeSystem
from sandbox.view_responses import GestureResult
from tests.reliability.process import Forked, Process
from tests.reliability.promises import MEANWHILE, assert_promises, undone
from warroom.incident.model import Incident
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import Effect
from warroom.ports import Store

ROUNDS = 60


P = TypeVar("P", bound=Process)


class House(Generic[P]):
    """Trouble is planned by the test; `recover` lets everything pass that time and restarts can heal."""

    def __init__(self, slack: Sandbox, *processes: P, system: FakeSystem | None = None) -> None:
        self.slack, self.processes, self._system = slack, list(processes), system
        self.unseen: set[str] = set()
        """See `assert_promises`."""
        if system is not None:
            system.on_asked = slack.workspace.changed.notify

    @property
    def living(self) -> list[P]:
        """Those that were not killed."""
        return [each for each in self.processes if not each.killed]

    @property
    def process(self) -> P:
        """The one, or the first that lives."""
        return next(iter(self.living), self.processes[0])

    @property
    def store(self) -> Store:
        """Its database, to look at."""
        return self.process.store

    @property
    def system(self) -> FakeSystem:
        """The other system, beside Slack, that the bot uses."""
        assert self._system is not None, "there is no other system"
        return self._system

    async def recover(self) -> None:
        """Restart what was killed, then wind the clock as long as something is about to be done."""
        for process in self.processes:
            if isinstance(process, Forked) and process.killed:
                await process.restart()
        await self.settle()

    async def settle(self, rounds: int = ROUNDS) -> None:
        """Until nobody has anything to do within minutes. Raises AssertionError when that never comes."""
        for _ in range(rounds):
            living, clock = self.living, self.slack.clock
            await self.connected()
            await self._delivered()
            for process in living:
                await settle(self.slack, process)
            called = self._calls()
            if self.slack.sockets.in_flight:
                # While a later process came to rest, it caused an event that an earlier one is still to work on.
                continue
            if await self.store.pending_envelopes(1):
                # A bot looks for what was left behind every few seconds of real time; nobody waits for them here.
                for process in living:
                    await process.replay()
                continue
            due = await undone(self.store, clock.now(), clock.now() + MEANWHILE)
            if due is None and self._calls() == called and not self.slack.sockets.in_flight:
                return
            if due is None:
                continue
            clock.advance(max(timedelta(0), due - clock.now()))
            for process in living:
                process.nudge()
        raise AssertionError("there is always something to do")

    def _calls(self) -> int:
        """How many calls of Slack were made: whoever works makes one before the next event or effect comes of it."""
        return len(self.slack.calls)

    async def connected(self) -> None:
        """Until every process that lives has its connection to Slack, and knows that: each looks for what it missed then."""
        await self.slack.until(lambda: self.slack.sockets.connected >= len(self.living), why="every bot is connected")
        for process in self.living:
            await process.greeted()

    async def _delivered(self) -> None:
        """Slack sends again what was not acknowledged, after a second, a minute and five: nobody waits for that here.

        What a bot is at meanwhile is ended first: a minute later its lease would be over.
        """
        for _ in range(ROUNDS):
            await self.slack.sockets.until_none_in_flight()
            again = self.slack.sockets.retry_at
            if again is None:
                return
            for process in self.living:
                await process.idle()
            if self.slack.sockets.in_flight:
                continue
            self.slack.clock.advance(max(0.0, again - self.slack.clock.seconds()))

    async def pass_time(self, seconds: float) -> None:
        """That much later, with what can be done now done."""
        self.slack.clock.advance(seconds)
        self.process.nudge()
        await self.process.idle()

    async def hook(self, body: dict[str, object]) -> int:
        """Datadog calls the webhook; returns the status."""
        return await self.process.hook(body)

    async def applied(self) -> None:
        """Until the trouble has come."""
        faults = self.slack.faults

        def come() -> bool:
            slack = all(hook.seen for hook in faults.hooks) and all(fault.applied for fault in faults.planned)
            return slack and not (self._system and self._system.faults)

        while not come():
            await self.slack.workspace.changed.wait()

    async def promises(self) -> None:
        """Raises AssertionError when one is broken."""
        await assert_promises(self.slack, self.store, self.unseen)

    async def type(self, who: str, text: str, where: str | Channel = "general") -> GestureResult:
        """/incident and the text."""
        return await self.slack.slash(self.slack.person(who), where, "/incident", text)

    async def ask(self, effect: Effect) -> None:
        """Put an effect into the outbox, as a use case would."""
        await self.process.commit(Changeset(now=self.slack.clock.now(), effects=(effect,)))

    async def newest(self) -> Incident | None:
        """The newest incident, if there is one."""
        return await self.store.incident_numbered(await self.store.last_number())

    async def last(self) -> Incident:
        """The newest incident. Raises AssertionError when there is none."""
        found = await self.newest()
        assert found is not None, "nothing was declared"
        return found

    async def declared(self, text: str = "checkout returns 500s --sev 1 --team platform grace@example.com") -> Incident:
        """An incident whose room is furnished."""
        await self.type("ada", f"declare {text}")
        await self.settle()
        return await self.last()

    def room(self, incident: Incident) -> Channel:
        """Its channel."""
        assert incident.room.channel_id is not None
        return self.slack.channel(incident.room.channel_id)

    def card(self, incident: Incident) -> SlackMessage:
        """Its card."""
        return next(each for each in self.room(incident).log if each.ts == incident.room.card_ts)
