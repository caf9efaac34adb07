"""One life of the bot in a process of its own, from its start to SIGKILL: what runs there, and how the test speaks to it.

The process is forked from one that has imported this module. Its event loop can be told that seconds went by: that is how a
call that Slack does not answer comes to its timeout without anybody waiting for it.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import socket
import struct
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

# Imported by the first call only, and slow: every process is forked with it.
import datadog_api_client.v1.api.monitors_api
import datadog_api_client.v2.api.downtimes_api
import datadog_api_client.v2.api.incidents_api
import datadog_api_client.v2.api.users_api  # noqa: F401
import matplotlib.backends.backend_agg
import matplotlib.dates
import matplotlib.figure  # noqa: F401

from bot import clock as system
from bot.integrations import Kinds, integrations_of, register_upgrades
from bot.runtime.app import Bot
from bot.settings import Settings
from integrations.slack.startup import StartupReport
from storage import open_store
from tests.patience import be_patient
from tests.reliability.clock import SharedClock
from tests.stacks import stacks
from warroom.outbox.changes import Changeset
from warroom.policy import Policy

LONG = 12.0
"""Seconds that are more than the timeout of any call."""
STILL = 5
"""Rounds of the loop in which an answer that has begun to arrive is read to its end."""
STARTED, ENDED = -1, -2
"""Numbers of what the process says without being asked."""

_LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Life:
    """What a process needs to know."""

    settings: Settings
    policy: Policy
    report: StartupReport
    clock: SharedClock
    log: Path
    kinds: Kinds
    secrets: dict[str, str]
    """The environment variables that the policy names: whoever forks the process was started before they were set."""


def message(said: object) -> bytes:
    """As it goes through a socket."""
    body = pickle.dumps(said)
    return _LENGTH.pack(len(body)) + body


async def heard(reader: asyncio.StreamReader) -> Any:
    """The next message. Raises asyncio.IncompleteReadError or ConnectionError when the other side is gone."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return pickle.loads(await reader.readexactly(length))  # noqa: S301  # the other side is our own process


class SkippingLoop(asyncio.SelectorEventLoop):
    """Its time can be moved forward."""

    skipped = 0.0

    def time(self) -> float:
        return super().time() + self.skipped


class Calls:
    """The calls of Slack that are not answered yet, and those among them that never will be."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._open = self._hanging = 0
        self._changed = asyncio.Event()
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._began)
        trace.on_request_end.append(self._ended)
        trace.on_request_exception.append(self._ended)
        trace.freeze()
        session.trace_configs.append(trace)

    async def _began(self, *_: object) -> None:
        self._open += 1

    async def _ended(self, *_: object) -> None:
        self._open -= 1
        self._changed.set()

    async def skip(self, hanging: int) -> None:
        """So many more calls hang. Once all others are answered, the loop's time moves on by `LONG`, and they time out."""
        self._hanging += hanging
        still = 0
        while still < STILL:
            if self._open > self._hanging:
                still = 0
                self._changed.clear()
                await self._changed.wait()
            still += 1
            await system.sleep(0)
        self._hanging = 0
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SkippingLoop)
        loop.skipped += LONG


async def greeted(bot: Bot) -> None:
    """Returns when Slack has said hello on the bot's newest connection: what it does after each connection has begun then."""
    while not bot.socket.greeted:
        await system.sleep(0.01)


class Served:
    """The bot, and what the test may ask of it."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        assert bot._client.session is not None
        self._calls = Calls(bot._client.session)

    async def idle(self) -> None:
        await self._bot.idle()

    async def greeted(self) -> None:
        await greeted(self._bot)

    async def nudge(self) -> None:
        self._bot.dispatcher.nudge()

    async def replay(self) -> None:
        await self._bot.socket.replay()

    async def heartbeat(self) -> None:
        await self._bot.replica.heartbeat()

    async def commit(self, change: Changeset) -> bool:
        return await self._bot.world.commit(change)

    async def skip(self, hanging: int) -> None:
        await self._calls.skip(hanging)


def live(life: Life, test: socket.socket) -> None:
    """The whole process. Ends when told to, when killed, or when the test is gone."""
    log = os.open(life.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.signal(signal.SIGUSR1, lambda *_: sys.stderr.write(stacks()))
    be_patient()
    os.environ.update(life.secrets)
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(_live(life, test))


async def _live(life: Life, test: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=test)
    store = await open_store(life.settings.database_url.get_secret_value())
    register_upgrades(life.kinds)
    integrations = integrations_of(life.settings, life.kinds, life.policy)
    for each in integrations:
        await each.start(life.policy, life.clock)
    bot = Bot(life.settings, life.policy, store, life.report, life.clock, integrations)
    served = Served(bot)
    await bot.start()
    writer.write(message((STARTED, bot.port, None)))
    answering = set()

    async def answer(number: int, what: str, args: tuple[object, ...]) -> None:
        try:
            said, wrong = await getattr(served, what)(*args), None
        except Exception as error:
            # Of any kind: it is sent to the test, which raises it.
            said, wrong = None, "".join(traceback.format_exception(error))
        writer.write(message((number, said, wrong)))

    while True:
        try:
            number, what, args = await heard(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            os._exit(1)
        if what == "stop":
            break
        task = asyncio.create_task(answer(number, what, args), name=f"asked to {what}")
        answering.add(task)
        task.add_done_callback(answering.discard)
    await bot.stop()
    for each in integrations:
        await each.stop()
    await store.close()
    writer.write(message((ENDED, None, None)))
    await writer.drain()
