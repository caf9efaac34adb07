"""Processes that share a database send heartbeats, with the methods that Slack limits at the moment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket

import structlog

from bot import clock
from bot.runtime.supervised import Supervised
from integrations.slack.rate_limits import Budget
from warroom.errors import Conflict, StoreUnavailable
from warroom.ports import Clock
from warroom.stores import Processes

log = structlog.get_logger(__name__)

NAME = "replica"
HEARTBEAT_EVERY = 1.0
"""Seconds between two signs of life; who is silent for ten of them does not count."""


class Replica:
    """This process among those that share the database, and Slack's limits divided among them."""

    def __init__(self, store: Processes, system: Clock, tasks: Supervised | None = None) -> None:
        self.budget = Budget(system, self._hurry)
        self.active = 1
        """How many processes there are."""
        self._store = store
        self._me = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._news = asyncio.Event()
        self._kept = tasks or Supervised()

    def _hurry(self) -> None:
        self._news.set()

    async def start(self) -> None:
        """Register, so that the limits are divided from the first call on. Raises StoreUnavailable."""
        await self.heartbeat()
        self._kept.keep(NAME, self._keep_heartbeat)

    async def heartbeat(self) -> None:
        """Send one heartbeat and read those of the others. Raises StoreUnavailable."""
        replicas = await self._store.heartbeat(self._me, self.budget.limited)
        if replicas.active != self.active:
            log.info("Slack's limits are divided among the processes", processes=replicas.active)
        self.active = replicas.active
        self.budget.share(replicas.active)
        self.budget.apply_limits(replicas.limited)

    async def stop(self) -> None:
        """Deregister this process."""
        await self._kept.end(NAME)
        try:
            await self._store.deregister(self._me)
        except StoreUnavailable as error:
            log.info("the others will notice by its silence that this process ended", error=str(error))

    async def _keep_heartbeat(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_EVERY):
                    await self._news.wait()
            self._news.clear()
            try:
                await self.heartbeat()
            except (StoreUnavailable, Conflict) as error:
                # The last division stays: to take more than one's share because nobody can be asked would be wrong.
                log.debug("the other processes cannot be asked", error=str(error))
                await clock.sleep(HEARTBEAT_EVERY)
