"""A storm of investigations: few are under way at the same time in one process, the others come back later."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.runtime.investigator import AT_ONCE, WAIT, Investigator
from warroom.errors import Retryable, StoreUnavailable
from warroom.investigation.looks import Sources
from warroom.outbox.changes import Claim
from warroom.outbox.effects import Investigate
from warroom.ports import World

STORM = 20


class SlowStore:
    """Answers when it is told to, and knows how many wait."""

    def __init__(self) -> None:
        self.free, self.waiting, self.most = asyncio.Event(), 0, 0
        self.error: Exception | None = None

    async def incident(self, _incident_id: str) -> None:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        try:
            await self.free.wait()
        finally:
            self.waiting -= 1
        if self.error:
            raise self.error


def storm(investigator: Investigator) -> list[asyncio.Task[Any]]:
    """All of them at the same moment."""
    claim = cast(Claim, SimpleNamespace(key="k"))
    effects = [Investigate(incident_id=f"i{each}", key=f"k{each}", run=1) for each in range(STORM)]
    return [asyncio.create_task(investigator.perform(claim, each)) for each in effects]


async def ended(task: asyncio.Task[Any]) -> Any:
    """What it raised, else what it returned."""
    return (await asyncio.gather(task, return_exceptions=True))[0]


@pytest.mark.parametrize("error", [None, StoreUnavailable("away")], ids=["fine", "fails"])
async def test_only_few_are_under_way_and_each_that_ends_makes_room(error: Exception | None) -> None:
    store = SlowStore()
    clock = SimpleNamespace(now=lambda: datetime(2026, 11, 21, tzinfo=UTC))
    investigator = Investigator(cast(World, SimpleNamespace(store=store, clock=clock)), Sources())
    for _ in range(2):
        store.free.clear()
        tasks = storm(investigator)
        refused = [await ended(each) for each in tasks[AT_ONCE:]]
        assert all(isinstance(each, Retryable) and each.after == WAIT for each in refused)
        assert (store.waiting, store.most) == (AT_ONCE, AT_ONCE)
        store.error = error
        store.free.set()
        assert [await ended(each) for each in tasks[:AT_ONCE]] == [error] * AT_ONCE
