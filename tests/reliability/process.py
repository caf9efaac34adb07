"""A bot that can be killed without a process: every task it began is remembered, and a kill ends them all at once.

`kill -9` of a real process is what tests/scenarios/test_kill.py does; it takes seconds, this takes none.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import warnings
from contextvars import ContextVar
from typing import Any

import aiohttp
import aiosqlite
import sqlalchemy as sa
from sqlalchemy.exc import SAWarning

from bot.integrations import INTEGRATIONS, Kinds, integrations_of
from bot.runtime.app import Bot
from bot.settings import Settings, slack_tokens
from integrations.slack.client import close_client
from integrations.slack.scopes import needed_scopes
from integrations.slack.startup import Report, verify
from sandbox import Sandbox
from storage import open_store
from storage.sql.store import SqlStore
from tests.scenarios.conftest import TOKEN
from warroom.policy import Policy
from warroom.ports import Clock

PATIENCE = 10
"""Real seconds that what was killed may take to end."""
SOON = 0.7
"""Real seconds a call of Slack may take here: a test of a timeout should not wait ten."""

Tasks = dict[asyncio.Task[Any], None]
"""In the order in which they were begun."""

_OWNER: ContextVar[Tasks | None] = ContextVar("owner", default=None)


def remember_owners() -> None:
    """From now on the running loop remembers on whose behalf a task was begun."""
    asyncio.get_running_loop().set_task_factory(_begin)


def _begin(loop: asyncio.AbstractEventLoop, work: Any, context: Any = None) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context)
    owner = _OWNER.get()
    if owner is not None:
        owner[task] = None
        task.add_done_callback(lambda done: owner.pop(done, None))
    return task


class Process:
    """One bot after another on the same database, as a supervisor would start them."""

    def __init__(
        self,
        slack: Sandbox,
        settings: Settings,
        policy: Policy,
        *,
        clock: Clock | None = None,
        timeout: float = SOON,
        kinds: Kinds = INTEGRATIONS,
    ) -> None:
        self.slack, self._settings, self._policy, self._timeout = slack, settings, policy, timeout
        self._kinds = kinds
        self._clock = clock or slack.clock
        self._report: Report | None = None
        self._tasks: Tasks = {}
        self._bot: Bot | None = None
        self._connections: set[aiosqlite.Connection] = set()
        self.killed = False

    @property
    def database(self) -> str:
        """Its URL."""
        return self._settings.database_url.get_secret_value()

    @property
    def bot(self) -> Bot:
        """The one that runs."""
        assert self._bot is not None, "the bot does not run"
        return self._bot

    async def start(self) -> None:
        """Start it and wait until it is connected."""
        remember_owners()
        if self._report is None:
            self._report = await verify(*slack_tokens(self._settings), needed_scopes(), self._settings.api_url)
        store = await open_store(self.database)
        self.killed, self._tasks = False, {}
        self._remember_connections(store)
        before = self.slack.sockets.connections
        mark = _OWNER.set(self._tasks)
        try:
            integrations = integrations_of(self._settings, self._kinds)
            for each in integrations:
                await each.start(self._policy, self._clock)
            self._bot = Bot(
                self._settings,
                self._policy,
                store,
                self._report,
                self._clock,
                integrations,
                slack_timeout=self._timeout,
            )
            await self._bot.start()
        finally:
            _OWNER.reset(mark)
        await self.slack.until(lambda: self.slack.sockets.connections > before, 10, "the bot connects")

    async def hook(self, body: dict[str, object]) -> int:
        """Datadog calls its webhook; returns the status."""
        url = f"http://127.0.0.1:{self.bot.port}/hooks/datadog"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=body, headers={"X-Warroom-Token": TOKEN}) as answer,
        ):
            return answer.status

    def _remember_connections(self, store: object) -> None:
        self._connections = set()
        assert isinstance(store, SqlStore)

        def used(connection: Any, _record: object, _proxy: object) -> None:
            if isinstance(connection.driver_connection, aiosqlite.Connection):
                self._connections.add(connection.driver_connection)

        sa.event.listen(store._engine.sync_engine, "checkout", used)

    async def _roll_back(self) -> None:
        """No transaction of a dead process outlives it."""
        for connection in self._connections:
            with contextlib.suppress(ValueError):  # it is closed already
                await connection.rollback()

    def kill(self) -> None:
        """It does nothing more from this moment on, and nothing is tidied up. Its connections break."""
        self.killed = True
        self._cancel()

    def _cancel(self) -> None:
        # Each is cancelled once, parents before their children: a second time would interrupt the rollback of a
        # transaction, and its lock would outlive it, as it never does with a process.
        for task in list(self._tasks):
            if not task.cancelling():
                task.cancel()

    async def gone(self) -> None:
        """After a kill: give back to the machine what the operating system would."""
        patience = PATIENCE
        while self._tasks:
            _, deaf = await asyncio.wait(set(self._tasks), timeout=1)
            self._cancel()
            patience -= 1
            for task in deaf if patience < 0 else ():
                # It took its cancellation for something else. Not at once: the others may be at a rollback still.
                task.cancel()
        bot = self.bot
        await bot.scheduler.stop()
        await bot.web.stop()
        await close_client(bot._client)
        await bot.socket.client.close()  # type: ignore[no-untyped-call]  # the SDK has no types here
        for each in bot.integrations:
            await each.stop()
        await self._roll_back()
        await bot.store.close()
        self._bot = None
        del bot
        # A connection that was cut off in the middle keeps its locks until it is collected.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)
            gc.collect()

    async def restart(self) -> None:
        """After a kill, as the supervisor does."""
        await self.gone()
        await self.start()

    async def stop(self) -> None:
        """SIGTERM; a killed one is buried."""
        if self._bot is None:
            return
        if self.killed:
            await self.gone()
            return
        await self._bot.stop()
        for each in self._bot.integrations:
            await each.stop()
        await self._bot.store.close()
        self._bot = None
