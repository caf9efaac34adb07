"""What a running process does every few hours, and once at its start."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import structlog

from bot import clock
from bot.runtime.supervised import Run
from warroom.errors import StoreUnavailable
from warroom.incident.record import look_after_private_rooms
from warroom.integration import Poll
from warroom.outbox.changes import Changeset
from warroom.people.usecases import sync_directory
from warroom.ports import World
from warroom.registry import Integrations
from warroom.stores import People

log = structlog.get_logger(__name__)

DIRECTORY_EVERY = 6 * 3600.0
"""Seconds between whole reads of the workspace; events keep it fresh in between."""
MEMBERS_EVERY = 600.0
TIDY_EVERY = 3600.0
MEASURE_EVERY = 600.0
MEASURED_AT_ONCE = 50
MEASURE_PAUSE = 0.5
"""Seconds between two batches: after an upgrade every incident is measured anew, and people come first."""
KEPT = timedelta(days=14)
"""How long what is over is kept, so that a repeat of it is recognised."""
FIRST_READ = 1.5
"""Seconds a start waits at most for the first read of the workspace, and for that of the private rooms."""


async def first_directory(store: People) -> None:
    """A new workspace is read before the first command arrives, unless it is so large that people would wait."""
    for _ in range(int(FIRST_READ / 0.05)):
        _, complete = await store.directory_version()
        if complete:
            return
        await clock.sleep(0.05)
    log.info("the workspace is still being read; until then some names are looked up one by one")


async def keep_directory(world: World) -> None:
    """Read the workspace every so often, for ever."""
    while True:
        await clock.sleep(DIRECTORY_EVERY)
        with contextlib.suppress(StoreUnavailable):
            await sync_directory(world)


async def keep_private_rooms(world: World) -> None:
    """Read who is in the private rooms every so often, for ever: Slack's word of somebody's leaving may be lost."""
    while True:
        await clock.sleep(MEMBERS_EVERY)
        with contextlib.suppress(StoreUnavailable):
            await look_after_private_rooms(world)


async def ask(world: World, poll: Poll) -> None:
    """Put what the poll asks for now into the outbox. Raises StoreUnavailable."""
    effects = tuple(await poll.effects(world))
    await world.commit(Changeset(now=world.clock.now(), effects=effects))


async def keep_polling(world: World, poll: Poll, every: timedelta) -> None:
    """Ask what an integration wants to know now and every so often, for ever."""
    while True:
        with contextlib.suppress(StoreUnavailable):
            await ask(world, poll)
        await clock.sleep(every.total_seconds())


def polling(world: World, integrations: Integrations) -> Iterator[tuple[str, Run]]:
    """(name, task that never ends) of every poll of every integration whose settings are there."""
    for each in integrations:
        if each.missing():
            continue
        for poll in each.polls(world.policy):
            if poll.every:
                yield f"{each.name} {poll.name}", partial(keep_polling, world, poll, poll.every)


async def keep_figures(world: World) -> None:
    """Measure incidents that changed every so often, for ever, so that a report reads what is measured already."""
    while True:
        left = 0
        with contextlib.suppress(StoreUnavailable):
            left = await world.store.measure(MEASURED_AT_ONCE)
        await clock.sleep(MEASURE_PAUSE if left == MEASURED_AT_ONCE else MEASURE_EVERY)


async def tidy(world: World) -> None:
    """Remove what is long over every so often, for ever."""
    while True:
        await clock.sleep(TIDY_EVERY)
        try:
            gone = await world.store.purge(world.clock.now() - KEPT)
        except StoreUnavailable as error:
            log.warning("old rows stay for an hour longer", error=str(error))
        else:
            log.debug("old rows removed", rows=gone)
