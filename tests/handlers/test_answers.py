"""Whoever asks is answered, and nothing they typed is lost."""

from __future__ import annotations

from datetime import timedelta

from handlers.command_context import CommandContext
from handlers.commands import run
from handlers.gestures import answered
from handlers.parse_command import split
from tests.handlers.conftest import HandlerHarness
from warroom.outbox.effects import PrivateReply


async def told(desk: HandlerHarness, text: str, channel: str) -> str:
    """What the person sees after `/incident text`."""
    actor = desk.actor("UADA", channel)
    name, rest = split(text)
    await answered(
        desk.world, actor, run(name, CommandContext(desk.world, desk.client, actor, rest)), f"/incident {text}"
    )
    claims = await desk.world.store.claim(now=desk.world.clock.now(), limit=50, lease=timedelta(seconds=20))
    return next(str(c.effect.blocks) for c in claims if isinstance(c.effect, PrivateReply) and actor.key in c.key)


async def test_a_summary_that_came_too_late_is_quoted_back(desk: HandlerHarness) -> None:
    incident = await desk.room()
    await desk.type("resolve", channel=incident.room.channel_id or "")
    late = await told(desk, "resolve the cache was full, rolled back", incident.room.channel_id or "")
    assert "resolved already" in late
    assert "the cache was full, rolled back" in late


async def test_a_second_click_of_the_keyboard_is_answered_in_one_line(desk: HandlerHarness) -> None:
    incident = await desk.room()
    await desk.type("ack", channel=incident.room.channel_id or "")
    assert "You typed" not in await told(desk, "ack", incident.room.channel_id or "")
