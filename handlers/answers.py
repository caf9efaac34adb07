"""Answering the one person who asked: privately, and once however often the gesture is delivered; or with a form."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from blocks import done
from blocks.answers import said, with_link
from blocks.kit import Block, Card
from blocks.lists import refusal
from blocks.refusals import refusal_words
from warroom.errors import AlreadyDone, Reason, Refused, StoreUnavailable
from warroom.outbox.effects import PrivateReply
from warroom.people import usecases as replies
from warroom.ports import World, step_aside

log = logging.getLogger(__name__)

A_FEW_WORDS = 3
"""`/incident resolve 12` is not worth quoting; a summary that came too late is."""

BEFORE_ROOMS = -1
"""The priority of an answer: one call, which must not wait until a crowd's rooms are open (they have 0)."""

Body = dict[str, Any]
"""What Slack delivered, as Bolt passes it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asked, where, and how they can be answered. `key` is unique to the gesture."""

    user: str
    key: str
    channel: str | None = None
    response_url: str | None = None
    trigger_id: str = ""


def actor_of(body: Body) -> Actor | None:
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
    # A form that is sent again has another trigger but is the same form.
    view = (body.get("view") or {}).get("id") if body.get("type") == "view_submission" else None
    return Actor(
        user=user,
        key=str(view or trigger or body.get("event_id") or f"{user}:{body.get('action_ts', '')}"),
        channel=_id(channel) or None,
        response_url=body.get("response_url") or None,
        trigger_id=trigger,
    )


def _id(found: Any) -> str:
    """Slack writes a person or channel as an id, or as an object that has one."""
    return str(found.get("id", "")) if isinstance(found, dict) else str(found or "")


async def answer(
    world: World,
    actor: Actor,
    card: Card,
    *,
    replace: bool = False,
    key: str = "answer",
    incident_id: str | None = None,
) -> None:
    """The actor sees the card, nobody else does. `replace` puts it in the place of the message that was clicked.

    With `incident_id` it is not delivered to somebody who left that private incident meanwhile.
    """
    private_reply = PrivateReply(
        incident_id=incident_id,
        key=f"{actor.key}:{key}",
        priority=BEFORE_ROOMS,
        user=actor.user,
        channel=actor.channel,
        response_url=actor.response_url,
        text=card.text,
        blocks=tuple(card.blocks),
        replace_original=replace,
    )
    await replies.private_reply(world, private_reply)


async def answered(world: World, actor: Actor, work: Awaitable[Card | None], typed: str = "") -> None:
    """Does the work and shows its answer, if it has one; a refusal is shown with what was typed.

    Raises whatever else the work raises. When only the answer cannot be stored, it is given up: the work is done, and
    whoever would try again because of the answer would do it twice.
    """
    try:
        card = await work
    except AlreadyDone as already:
        card = said(refusal_words(already.reason), typed if len(typed.split()) > A_FEW_WORDS else "")
        card = await _linked(world, actor, card, already.reason)
    except Refused as refused:
        card = refusal(refusal_words(refused.reason), typed)
        card = await _linked(world, actor, card, refused.reason)
    if card is None:
        return
    try:
        await answer(world, actor, card)
    except StoreUnavailable as error:
        log.warning("done, but %s could not be answered: %s", actor.user, error)


async def _linked(world: World, actor: Actor, card: Card, reason: Reason) -> Card:
    """The refusal with the way to the channel of the incident that it names, where that is another one."""
    named = _NAME.fullmatch(str(getattr(reason, "incident", None)))
    try:
        incident = await world.store.incident_numbered(int(named[1])) if named else None
    except StoreUnavailable:
        return card
    if incident is None or incident.room.channel_id == actor.channel or not incident.shown_to(actor.user):
        return card
    return with_link(card, incident)


_NAME = re.compile(r"INC-(\d{1,9})")

TOO_LATE = ("expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired", "trigger_exchanged")


async def open_form(world: World, client: AsyncWebClient, actor: Actor, view: Block, *, instead: str) -> None:
    """The form is open; when the trigger is too old the actor is told what to type `instead`. Raises SlackApiError."""
    step_aside()
    try:
        await client.views_open(trigger_id=actor.trigger_id, view=view)
    except SlackApiError as error:
        code = error.response.get("error") if isinstance(error.response.data, dict) else None
        if code not in TOO_LATE:
            raise
        log.info("form not opened: %s", code)
        await answer(world, actor, done.form_too_late(instead))
