"""Whoever asks is answered, and nothing they typed is lost."""

from __future__ import annotations

from datetime import timedelta

from handlers.answers import answered
from handlers.ask import Ask
from handlers.commands import run
from handlers.words import split
from tests.handlers.conftest import Desk
from warroom.effects import Whisper


async def told(desk: Desk, text: str, channel: str) -> str:
    """What the person sees after `/incident text`."""
    asker = desk.asker("UADA", channel)
    name, rest = split(text)
    await answered(desk.world, asker, run(name, Ask(desk.world, desk.client, asker, rest)), f"/incident {text}")
    claims = await desk.world.store.claim(now=desk.world.clock.now(), limit=50, lease=timedelta(seconds=20))
    return next(str(c.effect.blocks) for c in claims if isinstance(c.effect, Whisper) and asker.key in c.key)


async def test_a_summary_that_came_too_late_is_quoted_back(desk: Desk) -> None:
    incident = await desk.room()
    await desk.type("resolve", channel=incident.channel_id or "")
    late = await told(desk, "resolve the cache was full, rolled back", incident.channel_id or "")
    assert "resolved already" in late
    assert "the cache was full, rolled back" in late


async def test_a_second_click_of_the_keyboard_is_answered_in_one_line(desk: Desk) -> None:
    incident = await desk.room()
    await desk.type("ack", channel=incident.channel_id or "")
    assert "You typed" not in await told(desk, "ack", incident.channel_id or "")
