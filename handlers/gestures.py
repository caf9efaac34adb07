"""A gesture, whatever its kind (command, press, form, shortcut): who made it, its row in the audit trail, and how it is answered.

It leaves a row in the audit trail and a line in the log (who, what, about which incident, what came of it). A private incident
is shown only to the people in its room. An answer is private, and comes once however often the gesture is delivered.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from blocks import done
from blocks.answers import said, with_link
from blocks.kit import Block, Card
from blocks.lists import refusal
from blocks.refusals import refusal_words
from warroom.errors import AlreadyDone, NotFound, Reason, Refused, Retryable, StoreUnavailable
from warroom.incident import record
from warroom.incident.change import require_active
from warroom.incident.model import Incident
from warroom.outbox.changes import Audited, Changeset, Envelope
from warroom.outbox.effects import PrivateReply
from warroom.people import usecases as replies
from warroom.ports import World, step_aside
from warroom.refusals import IncidentGone, LeftRoom, Repeated
from warroom.text import cut

log = logging.getLogger(__name__)
audit_log = structlog.get_logger("audit")

SAID_LIMIT = 1000
"""Characters of what was typed that are kept."""
DONE = "done"

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


@dataclass(frozen=True, slots=True)
class GestureContext:
    """A gesture with what answers it."""

    world: World
    client: AsyncWebClient
    actor: Actor

    @property
    def user(self) -> str:
        """Who made it."""
        return self.actor.user

    @property
    def now(self) -> datetime:
        """Aware UTC."""
        return self.world.clock.now()


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


@dataclass
class Gesture:
    """What is being done; `result` becomes what came of it."""

    result: str = DONE
    passing: bool = False
    """It failed for now and is tried again."""


@contextlib.asynccontextmanager
async def audited(
    world: World, actor: Actor, what: str, said: str = "", *, kept: bool = True
) -> AsyncIterator[Gesture]:
    """Around a gesture. Every line of the log within has who did it, and the incident once it is known (`about`).

    One that is `kept`, and interrupted because the process ends, leaves its row when the next process has done it.
    """
    gesture = Gesture()
    with structlog.contextvars.bound_contextvars(by=actor.user, gesture=actor.key, incident=None):
        over = True
        try:
            yield gesture
        except AlreadyDone as done:
            mine = isinstance(done, Repeated) and done.gesture == actor.key
            gesture.result = DONE if mine else f"nothing to do: {refusal_words(done.reason)}"
            raise
        except Refused as refused:
            gesture.result = f"refused: {refusal_words(refused.reason)}"
            raise
        except asyncio.CancelledError:
            gesture.result, over = "failed: the process ended", not kept
            raise
        except BaseException as error:
            # Of any kind, and raised again: whatever went wrong is handled elsewhere, that it was tried belongs into the audit trail.
            gesture.result, gesture.passing = f"failed: {type(error).__name__}", isinstance(error, Retryable)
            raise
        finally:
            if over:
                await _write(world, actor, what, said, gesture)


def about(incident: Incident) -> None:
    """The gesture turns out to be about this incident."""
    structlog.contextvars.bind_contextvars(incident=incident.name)


async def about_id(world: World, incident_id: str) -> Incident | None:
    """The same by id; None when there is no such incident. Raises StoreUnavailable."""
    incident = await world.store.incident(incident_id) if incident_id else None
    if incident is not None:
        about(incident)
    return incident


async def _write(world: World, actor: Actor, what: str, said: str, gesture: Gesture) -> None:
    now = world.clock.now()
    incident = structlog.contextvars.get_contextvars().get("incident")
    row = Audited(
        at=now,
        by=actor.user,
        what=what,
        incident=incident,
        channel=actor.channel,
        said=cut(said, SAID_LIMIT),
        result=gesture.result,
    )
    audit_log.info(what, result=gesture.result.partition(":")[0])
    # A form that was refused is sent again under its own key; each sending has a trigger of its own.
    key = f"audited:{actor.trigger_id or actor.key}{':passing' if gesture.passing else ''}"
    mark = Envelope(key=key, kind="audited", body={}, received_at=now)
    try:
        await world.store.commit(Changeset(now=now, audited=(row,), envelope=mark, envelope_done=key))
    except StoreUnavailable as error:
        audit_log.error("a row of the audit trail could not be stored", error=str(error))


async def admitted(world: World, actor: Actor, incident_id: str) -> None:
    """Returns when the actor may know of the incident that a button or form is about, or when it is about none.

    Whoever presses in its room is in it, also when Slack's word of their joining was lost. Raises NotFound, and Forbidden
    for an account that is not active.
    """
    await require_active(world, actor.user)
    incident = await about_id(world, incident_id)
    if incident is None or incident.shown_to(actor.user):
        return
    if actor.user in incident.participants.left:
        raise NotFound(LeftRoom())
    if incident.room.channel_id is None or actor.channel != incident.room.channel_id:
        raise NotFound(IncidentGone())
    await record.joined(world, incident.room.channel_id, actor.user)


async def answer(
    world: World,
    actor: Actor,
    card: Card,
    *,
    replace: bool = False,
    key: str = "answer",
    incident_id: str | None = None,
    priority: int = BEFORE_ROOMS,
) -> None:
    """The actor sees the card, nobody else does. `replace` puts it in the place of the message that was clicked.

    With `incident_id` it is not delivered to somebody who left that private incident meanwhile.
    """
    private_reply = PrivateReply(
        incident_id=incident_id,
        key=f"{actor.key}:{key}",
        priority=priority,
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
