"""When a listener fails: the person gets an answer in words, with what they typed; the log has the rest."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.response import BoltResponse

from blocks.kit import Card
from blocks.lists import refusal
from handlers.gestures import Actor, Body, actor_of, answer
from warroom.errors import Conflict, Rejected, Retryable, StoreUnavailable
from warroom.ports import World

log = logging.getLogger(__name__)

NOT_STORED = (
    "The database cannot be reached at the moment, so this may not be done. Warroom tries it again by itself for a "
    "while; look at the incident's card before you do it again."
)
OVERTAKEN = (
    "Others kept changing the same at that moment, so this may not be done yet. Warroom tries it again by itself for a "
    "while; look at the incident's card before you do it again."
)
NOT_DONE = "Something went wrong in Warroom, so this may not be done. Try it again; the log says what happened."
GESTURES = ("block_actions", "view_submission", "message_action", "shortcut")


def listener(world: World) -> Callable[..., Awaitable[BoltResponse]]:
    """What Bolt calls with whatever a listener raised.

    503 says that the same delivery may succeed later. 200 says that it will not: it was answered and logged. A form
    must not be answered with 200, for that closes it and loses what was typed.
    """

    async def on_error(error: Exception, body: Body, respond: AsyncRespond) -> BoltResponse:
        actor = actor_of(body) if _answerable(body) else None
        passing = isinstance(error, (StoreUnavailable, Conflict, Retryable))
        if passing:
            log.warning("%s failed for now: %s", _what(body), error)
        else:
            log.error("%s failed", _what(body), exc_info=error)
        if actor is not None:
            await _tell(world, actor, _words(error, typed(body)), respond)
        if passing:
            return BoltResponse(status=503)
        return BoltResponse(status=500 if body.get("type") == "view_submission" else 200)

    return on_error


def _words(error: Exception, what: str) -> Card:
    if isinstance(error, StoreUnavailable):
        return refusal(NOT_STORED, what)
    if isinstance(error, Conflict):
        return refusal(OVERTAKEN, what)
    if isinstance(error, Rejected):
        return refusal(f"{error}. {error.advice}".strip(), what)
    return refusal(NOT_DONE, what)


async def _tell(world: World, actor: Actor, card: Card, respond: AsyncRespond) -> None:
    """Through the outbox; when the database is what is missing, straight back to where the gesture came from."""
    try:
        await answer(world, actor, card, key="error")
    except StoreUnavailable:
        if not actor.response_url:
            log.warning("no answer to %s: the database is away", actor.user)
            return
        try:
            await respond(text=card.text, blocks=card.blocks, response_type="ephemeral", replace_original=False)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("no answer to %s, and the database is away: %s", actor.user, error)


def _answerable(body: Body) -> bool:
    """Whether a person made a gesture and waits; a changed profile has nobody waiting."""
    event = body.get("event") or {}
    return "command" in body or body.get("type") in GESTURES or event.get("type") in ("reaction_added", "pin_added")


def _what(body: Body) -> str:
    """For the log: the kind of gesture and its ids, nothing that a person wrote."""
    event = body.get("event") or {}
    actions = body.get("actions") or [{}]
    view = body.get("view") or {}
    return str(
        body.get("command")
        or event.get("type")
        or actions[0].get("action_id")
        or view.get("callback_id")
        or body.get("callback_id")
        or body.get("type")
    )


def typed(body: Body) -> str:
    """Everything the person typed: the command, or the fields of the form."""
    if "command" in body:
        return f"{body['command']} {body.get('text') or ''}".strip()
    if body.get("type") != "view_submission":
        return ""
    return "\n".join(_values((body.get("view") or {}).get("state") or {}))


def _values(state: dict[str, Any]) -> list[str]:
    blocks = (state.get("values") or {}).values()
    return [element["value"] for block in blocks for element in block.values() if element.get("value")]
