"""A connection that breaks off is replaced at once, then after pauses that grow while Slack gives none."""

from __future__ import annotations

import asyncio
import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from bot import clock
from integrations.slack.watchdog import FIRST_PAUSE, LONGEST_PAUSE, LOOK, watch


class Line:
    """The parts of the SDK's client that the watchdog looks at; Slack takes it back after so many tries."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.seconds = 0.0
        self.tried: list[float] = []
        self.closed = False
        self.wss_uri: str | None = None
        self.current_session = SimpleNamespace(closed=True)
        self.connect_operation_lock = asyncio.Lock()
        self.message_processor: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def is_connected(self) -> bool:
        return not self.current_session.closed

    async def connect_to_new_endpoint(self) -> None:
        self.tried.append(self.seconds)
        if len(self.tried) <= self.refusals:
            raise OSError("no route to Slack")
        self.current_session.closed = False

    async def sleep(self, seconds: float) -> None:
        await clock.sleep(0)
        await clock.sleep(0)
        self.seconds += seconds
        self.closed = self.seconds > 200


async def watched(line: Line) -> list[float]:
    """The seconds at which it was tried."""
    client: Any = line
    await watch(client, line.sleep)
    return line.tried


async def test_it_is_replaced_within_a_second() -> None:
    assert await watched(Line(0)) == [LOOK]
    assert LOOK < 0.5


async def test_the_pauses_grow_while_there_is_none_and_begin_anew_afterwards() -> None:
    line = Line(10)
    tried = await watched(line)
    pauses = [later - sooner for sooner, later in itertools.pairwise(tried)]
    assert pauses[:6] == pytest.approx([FIRST_PAUSE, 2, 4, 8, 16, LONGEST_PAUSE], abs=2 * LOOK)
    assert max(pauses) < LONGEST_PAUSE + 2 * LOOK


async def test_who_is_connecting_already_is_left_alone() -> None:
    line = Line(0)
    async with line.connect_operation_lock:
        assert await watched(line) == []


async def test_an_address_that_is_tried_for_ever_is_thrown_away_meanwhile() -> None:
    line = Line(0)
    line.wss_uri = "wss://expired"

    async def for_ever() -> None:
        await asyncio.Event().wait()

    line.connect_to_new_endpoint = for_ever  # type: ignore[method-assign]
    await watched(line)
    assert line.wss_uri is None
