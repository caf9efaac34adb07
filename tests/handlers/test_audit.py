"""A gesture leaves one row, however often its process dies and another does it again."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from handlers.answers import Asker
from handlers.audit import Repeated, audited
from handlers.once import once
from tests.handlers.conftest import Desk
from warroom.errors import AlreadyDone, Retryable
from warroom.usecases import progress


async def results(desk: Desk) -> list[str]:
    """What came of each, oldest first."""
    return [row.result for row in reversed(await desk.world.store.audit())]


async def interrupted(desk: Desk, asker: Asker, *, kept: bool) -> None:
    """The process ends while the gesture is at work."""
    with pytest.raises(asyncio.CancelledError):
        async with audited(desk.world, asker, "command ack", kept=kept):
            raise asyncio.CancelledError


async def test_what_the_next_process_does_is_written_down_then(desk: Desk) -> None:
    asker = desk.asker()
    await interrupted(desk, asker, kept=True)
    async with audited(desk.world, asker, "command ack"):
        pass
    assert await results(desk) == ["done"]


async def test_what_nobody_does_again_failed(desk: Desk) -> None:
    await interrupted(desk, desk.asker(), kept=False)
    assert await results(desk) == ["failed: the process ended"]


async def test_killed_between_the_row_and_the_end_it_is_not_written_twice(desk: Desk) -> None:
    incident, asker = await desk.room(), desk.asker()
    for delivery in ("first", "again"):
        with pytest.raises(Repeated) if delivery == "again" else contextlib.nullcontext():
            async with audited(desk.world, asker, "command escalate"):
                await progress.escalate(once(desk.world, asker.key), incident.id, asker.user)
    assert await results(desk) == ["done"]


async def test_killed_between_the_change_and_the_row_the_row_says_done(desk: Desk) -> None:
    incident, asker = await desk.room(), desk.asker()
    world = once(desk.world, asker.key)
    await progress.escalate(world, incident.id, asker.user)
    with pytest.raises(AlreadyDone):
        async with audited(desk.world, asker, "command escalate"):
            await progress.escalate(world, incident.id, asker.user)
    assert await results(desk) == ["done"]


async def test_however_often_it_fails_for_now_it_is_said_once_and_then_what_came_of_it(desk: Desk) -> None:
    asker = desk.asker()
    for _ in range(3):
        with pytest.raises(Retryable):
            async with audited(desk.world, asker, "command invite"):
                raise Retryable("Slack is away")
    async with audited(desk.world, asker, "command invite"):
        pass
    assert await results(desk) == ["failed: Retryable", "done"]
