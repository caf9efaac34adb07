"""Bots for a test: as a process of its own, which can be killed as one is, or in the test's own loop, to look inside it."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing.connection
import os
import signal
import socket
import tempfile
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from multiprocessing.process import BaseProcess
from pathlib import Path

import aiohttp

from bot.integrations import INTEGRATIONS, Kinds, integrations_of, secret_names, started
from bot.runtime.app import Bot
from bot.settings import Settings, slack_tokens
from integrations.slack.scopes import needed_scopes
from integrations.slack.startup import StartupReport, verify
from sandbox import Sandbox
from storage import open_store
from tests.reliability.clock import FORKS, WoundClock
from tests.reliability.life import ENDED, STARTED, Life, greeted, heard, live, message
from tests.scenarios.conftest import TOKEN
from tests.stacks import ELSEWHERE
from warroom.outbox.changes import Changeset
from warroom.policy import Policy
from warroom.ports import Clock, Store

AWS = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""Which DynamoDB a test has, and its keys."""
DYING = 30
"""Real seconds after which a process that was killed and lives on is an error of the machine."""
TAIL = 6000
"""Bytes shown of what a process wrote."""


class Process(ABC):
    """One bot after another on the same database, as a supervisor would start them."""

    killed = False
    port = 0

    def __init__(self, slack: Sandbox, settings: Settings, policy: Policy, kinds: Kinds = INTEGRATIONS) -> None:
        self.slack, self._settings, self._policy, self._kinds = slack, settings, policy, kinds
        self._known: StartupReport | None = None

    @property
    def database(self) -> str:
        """Its URL."""
        return self._settings.database_url.get_secret_value()

    @property
    @abstractmethod
    def store(self) -> Store:
        """The database as somebody else sees it. Only to be read."""

    async def start(self) -> None:
        """Start it and wait until it is connected."""
        if self._known is None:
            self._known = await verify(*slack_tokens(self._settings), needed_scopes(), self._settings.api_url)
        before = self.slack.sockets.connections
        await self._start(self._known)
        await self.slack.until(lambda: self.slack.sockets.connections > before, why="the bot connects")

    @abstractmethod
    async def _start(self, known: StartupReport) -> None: ...

    @abstractmethod
    async def stop(self) -> None:
        """SIGTERM."""

    async def hook(self, body: dict[str, object]) -> int:
        """Datadog calls its webhook; returns the status."""
        url = f"http://127.0.0.1:{self.port}/hooks/datadog"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=body, headers={"X-Warroom-Token": TOKEN}) as answer,
        ):
            return answer.status

    @abstractmethod
    async def idle(self) -> None:
        """See `Bot.idle`. Raises ConnectionError when it is killed before."""

    @abstractmethod
    async def greeted(self) -> None:
        """See `tests.reliability.life.greeted`. Raises ConnectionError when it is killed before."""

    @abstractmethod
    def nudge(self) -> None:
        """The clock was wound."""

    @abstractmethod
    async def replay(self) -> None:
        """Look for deliveries that were left behind, now."""

    @abstractmethod
    async def heartbeat(self) -> None:
        """Give a sign of life to the others, now."""

    @abstractmethod
    async def commit(self, change: Changeset) -> bool:
        """As a use case would."""


class Hosted(Process):
    """In the test's own loop, so that a test can reach into it. It cannot be killed."""

    def __init__(self, slack: Sandbox, settings: Settings, policy: Policy, clock: Clock | None = None) -> None:
        super().__init__(slack, settings, policy)
        self._clock = clock or slack.clock
        self._stack = AsyncExitStack()
        self._bot: Bot | None = None

    @property
    def bot(self) -> Bot:
        """The one that runs."""
        assert self._bot is not None, "the bot does not run"
        return self._bot

    @property
    def store(self) -> Store:
        return self.bot.store

    async def _start(self, known: StartupReport) -> None:
        integrations = integrations_of(self._settings, self._kinds, self._policy)
        await self._stack.enter_async_context(started(integrations, self._policy, self._clock))
        store = await open_store(self.database)
        self._bot = Bot(self._settings, self._policy, store, known, self._clock, integrations)
        await self._bot.start()
        self.port = self._bot.port

    async def stop(self) -> None:
        if self._bot is not None:
            bot, self._bot = self._bot, None
            await bot.stop()
            await self._stack.aclose()
            await bot.store.close()

    async def idle(self) -> None:
        await self.bot.idle()

    async def greeted(self) -> None:
        await greeted(self.bot)

    def nudge(self) -> None:
        self.bot.dispatcher.nudge()

    async def replay(self) -> None:
        await self.bot.socket.replay()

    async def heartbeat(self) -> None:
        await self.bot.replica.heartbeat()

    async def commit(self, change: Changeset) -> bool:
        return await self.bot.world.commit(change)


class Forked(Process):
    """A real process. What it cannot be asked for is seen in the workspace and in the database."""

    def __init__(self, slack: Sandbox, settings: Settings, policy: Policy, kinds: Kinds = INTEGRATIONS) -> None:
        super().__init__(slack, settings, policy, kinds)
        self._life: BaseProcess | None = None
        self._store: Store | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[object]] = {}
        handle, name = tempfile.mkstemp(prefix="warroom-", suffix=".log")
        os.close(handle)
        self._log = Path(name)

    @property
    def store(self) -> Store:
        assert self._store is not None, "the bot was never started"
        return self._store

    async def _start(self, known: StartupReport) -> None:
        await self._close_store()
        assert isinstance(self.slack.clock, WoundClock), "the workspace's clock must be one that can be shared"
        ours, theirs = socket.socketpair()
        with theirs:
            names = [name.removeprefix("env:") for name in secret_names(self._policy)]
            secrets = {name: os.environ[name] for name in (*names, *AWS) if name in os.environ}
            life = Life(self._settings, self._policy, known, self.slack.clock.shared, self._log, self._kinds, secrets)
            self._life = FORKS.Process(target=live, args=(life, theirs), daemon=True)
            self._life.start()
        self.killed = False
        ELSEWHERE.add(self.stacks)
        reader, self._writer = await asyncio.open_connection(sock=ours)
        started = self._expect(STARTED)
        self._listening = asyncio.create_task(self._listen(reader), name=f"process {self._life.pid}")
        port = await started
        assert isinstance(port, int)
        self.port = port
        self._store = await open_store(self.database)

    @property
    def pid(self) -> int | None:
        """The process; None when there is none."""
        return self._life.pid if self._life else None

    def kill(self) -> None:
        """kill -9. Returns when it is dead; nobody has tidied up. Nothing happens to one that is dead already."""
        if not self.killed and self._life is not None:
            self.killed = True
            self._life.kill()
            assert multiprocessing.connection.wait([self._life.sentinel], DYING), "it outlives SIGKILL"

    def skip(self, hanging: int = 0) -> None:
        """More seconds go by in its loop than any call may take, so that nobody waits for a timeout or a reconnection.

        That happens once all its calls of Slack are answered, but for those that hang: so many more, and what was said before.
        """
        if not self.killed:
            self._ask("skip", hanging)

    async def restart(self) -> None:
        """After a kill, as the supervisor does."""
        await self._reap()
        await self.start()

    async def stop(self) -> None:
        """SIGTERM; of a killed one what is left is closed."""
        if self._life is not None and not self.killed:
            ended = self._expect(ENDED)
            self._ask("stop")
            await ended
            self.killed = True
        await self._reap()
        await self._close_store()
        self._log.unlink(missing_ok=True)

    async def _close_store(self) -> None:
        if self._store is not None:
            store, self._store = self._store, None
            await store.close()

    async def _reap(self) -> None:
        if self._life is None:
            return
        assert multiprocessing.connection.wait([self._life.sentinel], DYING), "it does not end"
        self._life.join()
        self._life.close()
        self._life = None
        ELSEWHERE.discard(self.stacks)
        assert self._listening is not None
        assert self._writer is not None
        await self._listening
        self._writer.close()

    async def idle(self) -> None:
        await self._ask("idle")

    async def greeted(self) -> None:
        await self._ask("greeted")

    def nudge(self) -> None:
        self._ask("nudge")

    async def replay(self) -> None:
        await self._ask("replay")

    async def heartbeat(self) -> None:
        await self._ask("heartbeat")

    async def commit(self, change: Changeset) -> bool:
        return bool(await self._ask("commit", change))

    def _expect(self, number: int) -> asyncio.Future[object]:
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        # Nobody waits for some; what went wrong with the process is heard by those that somebody waits for.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._asked[number] = answer
        return answer

    def _ask(self, what: str, *args: object) -> asyncio.Future[object]:
        assert self._writer is not None, "the bot does not run"
        number = next(self._numbers)
        answer = self._expect(number)
        if self.killed:
            answer.set_exception(ConnectionResetError("the process was killed"))
        else:
            self._writer.write(message((number, what, args)))
        return answer

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                number, said, wrong = await heard(reader)
                answer = self._asked.pop(number)
                if wrong is None:
                    answer.set_result(said)
                else:
                    answer.set_exception(AssertionError(f"in the process:\n{wrong}"))
        except (asyncio.IncompleteReadError, ConnectionError):
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(self._end())
            self._asked.clear()

    def _end(self) -> Exception:
        if self.killed:
            return ConnectionResetError("the process was killed")
        return AssertionError(f"the process ended by itself; it wrote:\n{self._tail()}")

    def _tail(self) -> str:
        return self._log.read_bytes()[-TAIL:].decode(errors="replace")

    def stacks(self) -> str:
        """Where it stands, and what it wrote before."""
        assert self._life is not None
        size = self._log.stat().st_size
        if self._life.is_alive() and self._life.pid is not None:
            os.kill(self._life.pid, signal.SIGUSR1)
            multiprocessing.connection.wait([self._life.sentinel], 1)
        written = self._log.read_bytes()
        before, since = written[:size][-TAIL:], written[size:]
        return (
            f"=== process {self._life.pid} wrote\n{before.decode(errors='replace')}\n{since.decode(errors='replace')}"
        )
