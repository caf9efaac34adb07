"""A workspace, bots in it that can be killed, and what a story of trouble needs most."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.demo.shared_clock import settle
from sandbox import Channel, Sandbox, SlackMessage
from sandbox.view_responses import GestureResult
from tests.datadog.server import FakeDatadog
from tests.reliability.process import Process
from tests.reliability.promises import assert_promises, undone
from warroom.incident.model import Incident
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import Effect

ROUNDS = 60


class House:
    """Trouble is planned by the test; `recover` lets everything pass that time and restarts can heal."""

    def __init__(self, slack: Sandbox, *processes: Process, datadog: FakeDatadog | None = None) -> None:
        self.slack, self.processes, self._datadog = slack, list(processes), datadog

    @property
    def living(self) -> list[Process]:
        """Those that were not killed."""
        return [each for each in self.processes if not each.killed]

    @property
    def process(self) -> Process:
        """The one, or the first that lives."""
        return next(iter(self.living), self.processes[0])

    @property
    def datadog(self) -> FakeDatadog:
        """The organisation's Datadog."""
        assert self._datadog is not None, "this house has no Datadog"
        return self._datadog

    async def recover(self) -> None:
        """Restart what was killed, then wind the clock as long as something is about to be done."""
        for process in self.processes:
            if process.killed:
                await process.restart()
        await self.settle()

    async def settle(self, rounds: int = ROUNDS) -> None:
        """Until nobody has anything to do within minutes. Raises AssertionError when that never comes."""
        for _ in range(rounds):
            bots, clock = [each.bot for each in self.living], self.slack.clock
            await self._delivered()
            for bot in bots:
                await settle(self.slack, bot)
            if await bots[0].store.pending_envelopes(1):
                # A bot looks for what was left behind every few seconds of real time; nobody waits for them here.
                for bot in bots:
                    await bot.socket.replay()
                continue
            due = await undone(bots[0].store, clock.now())
            if due is None:
                return
            clock.advance(max(timedelta(0), due - clock.now()))
            for bot in bots:
                bot.dispatcher.nudge()
        raise AssertionError("there is always something to do")

    async def _delivered(self) -> None:
        """Slack sends again what was not acknowledged, after a second, a minute and five: nobody waits for that here."""
        for _ in range(ROUNDS):
            try:
                await asyncio.wait_for(self.slack.sockets.until_all_delivered(), 1)
            except TimeoutError:
                self.slack.clock.advance(60)
            else:
                return

    async def pass_time(self, seconds: float) -> None:
        """That much later, with what can be done now done."""
        self.slack.clock.advance(seconds)
        self.process.bot.dispatcher.nudge()
        await self.process.bot.idle()

    async def hook(self, body: dict[str, object]) -> int:
        """Datadog calls the webhook; returns the status."""
        return await self.process.hook(body)

    async def struck(self) -> None:
        """Until the trouble has come."""
        faults = self.slack.faults

        def come() -> bool:
            slack = all(hook.seen for hook in faults.hooks) and all(fault.applied for fault in faults.planned)
            return slack and not (self._datadog and self._datadog.faults)

        async with asyncio.timeout(10):
            while not come():
                await asyncio.wait({asyncio.ensure_future(self.slack.workspace.changed.wait())}, timeout=0.02)

    async def promises(self) -> None:
        """Raises AssertionError when one is broken."""
        await assert_promises(self.slack, self.process.bot.store)

    async def type(self, who: str, text: str, where: str | Channel = "general") -> GestureResult:
        """/incident and the text."""
        return await self.slack.slash(self.slack.person(who), where, "/incident", text)

    async def ask(self, effect: Effect) -> None:
        """Put an effect into the outbox, as a use case would."""
        world = self.process.bot.world
        await world.commit(Changeset(now=world.clock.now(), effects=(effect,)))

    async def newest(self) -> Incident | None:
        """The newest incident, if there is one."""
        store = self.process.bot.store
        return await store.incident_numbered(await store.last_number())

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
