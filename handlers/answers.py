"""Answering the one person who asked: privately, and once however often the gesture is delivered."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from blocks.kit import Card
from warroom.effects import Whisper
from warroom.errors import Refused
from warroom.ports import World
from warroom.usecases import talk

Body = dict[str, Any]
"""What Slack delivered, as Bolt hands it over."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, where, and how they can be answered. `key` is unique to the gesture."""

    user: str
    key: str
    channel: str | None = None
    response_url: str | None = None
    trigger_id: str = ""


def asker_of(body: Body) -> Asker | None:
    """Who stands behind a command, click, form, shortcut or event; None when nobody does."""
    event = body.get("event") or {}
    user = _id(body.get("user_id") or body.get("user") or event.get("user"))
    if not user:
        return None
    trigger = str(body.get("trigger_id") or "")
    item = event.get("item") or {}
    channel = (
        body.get("channel_id")
        or body.get("channel")
        or (body.get("container") or {}).get("channel_id")
        or event.get("channel_id")
        or event.get("channel")
        or item.get("channel")
    )
    view = (body.get("view") or {}).get("id") if body.get("type") == "view_submission" else None
    return Asker(
        user=user,
        key=str(trigger or view or body.get("event_id") or f"{user}:{body.get('action_ts', '')}"),
        channel=_id(channel) or None,
        response_url=body.get("response_url") or None,
        trigger_id=trigger,
    )


def _id(found: Any) -> str:
    """Slack writes a person or channel as an id, or as an object that has one."""
    return str(found.get("id", "")) if isinstance(found, dict) else str(found or "")


async def answer(world: World, asker: Asker, card: Card, *, replace: bool = False, key: str = "answer") -> None:
    """The asker sees the card, nobody else does. `replace` puts it in the place of the message that was clicked."""
    whisper = Whisper(
        key=f"{asker.key}:{key}",
        priority=0,
        user=asker.user,
        channel=asker.channel,
        response_url=asker.response_url,
        text=card.text,
        blocks=tuple(card.blocks),
        replace_original=replace,
    )
    await talk.whisper(world, whisper)


async def answered(world: World, asker: Asker, work: Awaitable[Card | None], typed: str = "") -> None:
    """Does the work and shows its answer, if it has one; a refusal is shown with what was typed."""
    try:
        card = await work
    except Refused as refused:
        card = refusal(str(refused), typed)
    if card is not None:
        await answer(world, asker, card)
