"""A gesture leaves one row, however often its process dies and another does it again."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from handlers.gestures import Actor, audited
from tests.handlers.conftest import HandlerHarness
from warroom.errors import AlreadyDone, Retryable
from warroom.incident import usecases as incidents
from warroom.refusals import Repeated


async def results(desk: HandlerHarness) -> list[str]:
    """What came of each, oldest first."""
    return [row.result for row in reversed(await desk.world.store.audit())]


async def interrupted(desk: HandlerHarness, actor: Actor, *, kept: bool) -> None:
    """The process ends while the gesture is at work."""
    with pytest.raises(asyncio.CancelledError):
        async with audited(desk.world, actor, "command ack", kept=kept):
            raise asyncio.CancelledError


async def test_what_the_next_process_does_is_written_down_then(desk: HandlerHarness) -> None:
    actor = desk.actor()
    await interrupted(desk, actor, kept=True)
    async with audited(desk.world, actor, "command ack"):
        pass
    assert await results(desk) == ["done"]


async def test_what_nobody_does_again_failed(desk: HandlerHarness) -> None:
    await interrupted(desk, desk.actor(), kept=False)
    assert await results(desk) == ["failed: the process ended"]


async def test_killed_between_the_row_and_the_end_it_is_not_written_twice(desk: HandlerHarness) -> None:
    incident, actor = await desk.room(), desk.actor()
    for delivery in ("first", "again"):
        with pytest.raises(Repeated) if delivery == "again" else contextlib.nullcontext():
            async with audited(desk.world, actor, "command escalate"):
                await incidents.escalate(desk.world.for_gesture(actor.key), incident.id, actor.user)
    assert await results(desk) == ["done"]


async def test_killed_between_the_change_and_the_row_the_row_says_done(desk: HandlerHarness) -> None:
    incident, actor = await desk.room(), desk.actor()
    world = desk.world.for_gesture(actor.key)
    await incidents.escalate(world, incident.id, actor.user)
    with pytest.raises(AlreadyDone):
        async with audited(desk.world, actor, "command escalate"):
            await incidents.escalate(world, incident.id, actor.user)
    assert await results(desk) == ["done"]


async def test_however_often_it_fails_for_now_it_is_said_once_and_then_what_came_of_it(desk: HandlerHarness) -> None:
    actor = desk.actor()
    for _ in range(3):
        with pytest.raises(Retryable):
            async with audited(desk.world, actor, "command invite"):
                raise Retryable("Slack is away")
    async with audited(desk.world, actor, "command invite"):
        pass
    assert await results(desk) == ["failed: Retryable", "done"]
