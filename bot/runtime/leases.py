"""Holds the lease of a claim while something is under way that takes longer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog

from bot import clock
from warroom.errors import WarroomError
from warroom.outbox.changes import Claim
from warroom.ports import World

log = structlog.get_logger(__name__)

HELD = timedelta(seconds=15)
"""By so much the lease is prolonged each time: as long as any other claim's."""
EVERY = 5.0
"""Seconds between."""


@contextlib.asynccontextmanager
async def held(world: World, claim: Claim) -> AsyncIterator[None]:
    """Until the block ends nobody else takes the claim over, as long as this process lives."""

    async def hold() -> None:
        while True:
            await clock.sleep(EVERY)
            try:
                await world.store.hold(claim, world.clock.now() + HELD)
            except WarroomError as error:
                log.info("a lease was not prolonged", work=claim.key, why=str(error))
            except Exception:
                # Of any kind, a bug: it is tried again, or another process begins the same work while it is under way here.
                log.exception("a lease was not prolonged", work=claim.key)

    task = asyncio.create_task(hold(), name=f"hold {claim.key}")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
