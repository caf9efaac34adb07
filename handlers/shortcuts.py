"""**Declare incident** on any message: the form, with the message quoted and linked; an alert with the alert attached."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks import declare_form
from blocks.answers import said
from blocks.declare_form import DeclareInput
from blocks.form_fields import About
from blocks.kit import Card
from handlers.declare import IN_ONE_LINE, forecast
from handlers.gestures import Actor, Body, actor_of, answer, audited, open_form
from handlers.people import readable
from warroom.alerts import channels
from warroom.alerts.model import Alert
from warroom.alerts.rules import severity_of
from warroom.errors import Refused, Rejected, Retryable
from warroom.incident import lookup
from warroom.incident.model import Incident
from warroom.incident.title import TitleWords, read_title
from warroom.ports import World
from warroom.text import as_typed

log = logging.getLogger(__name__)

ASK_WITHIN = 1.0
"""Seconds given to each question about the message: the form must be open 3 s after the press."""


def listener(world: World) -> Callable[..., Awaitable[None]]:
    """What Bolt calls."""

    async def on_shortcut(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        actor = actor_of(body)
        assert actor is not None, "Slack says who used every shortcut"
        async with audited(world, actor, "shortcut declare from message"):
            await declare_from_message(world, client, actor, body)

    return on_shortcut


async def declare_from_message(world: World, client: AsyncWebClient, actor: Actor, body: Body) -> None:
    """The declare form about the message in `body`. Raises SlackApiError."""
    message = body.get("message") or {}
    alert = channels.alert_in(world, message, actor.channel or "")
    if alert is not None:
        await _declare_alert(world, client, actor, message, alert)
        return
    ts = str(message.get("ts") or body.get("message_ts") or "")
    link = await permalink(world, actor.channel, ts) if actor.channel and ts else None
    if link and await _declared_before(world, actor, link):
        return
    whole = await quoted(world, message.get("text") or "")
    words = _words(world, whole.partition("\n")[0])
    about = About(channel=actor.channel, message=link, message_ts=ts or None, by_shortcut=True)
    filled = DeclareInput(title=words.title, severity=words.severity, description=whole, about=about)
    await _open(world, client, actor, filled)


async def _declared_before(world: World, actor: Actor, link: str) -> bool:
    """Whether an open incident was declared from this message; then the actor is led to it."""
    open_now = await world.store.incidents(open_only=True, limit=lookup.LOOKED_AT)
    known = next((incident for incident in open_now if incident.source_message == link), None)
    if known is None:
        return False
    await answer(world, actor, _already_open(known, actor, "was declared from this message already"))
    return True


def _already_open(known: Incident, actor: Actor, how: str) -> Card:
    if not known.shown_to(actor.user):
        return said("Someone is already on this.")
    where = f" → <#{known.room.channel_id}>" if known.room.channel_id else ""
    return said(f"{known.name} ({known.severity}) {how}{where}")


def _words(world: World, title: str) -> TitleWords:
    try:
        return read_title(title, world.policy)
    except Refused:  # it names several, or none that is known: whoever fills in the form chooses
        return TitleWords(title=title)


async def _open(world: World, client: AsyncWebClient, actor: Actor, filled: DeclareInput) -> None:
    form = declare_form.declare_form(world.policy, filled, await forecast(world, actor.user, filled))
    await open_form(world, client, actor, form, instead=IN_ONE_LINE)


async def _declare_alert(world: World, client: AsyncWebClient, actor: Actor, message: Body, alert: Alert) -> None:
    """The form about an alert, unless the incident it belongs to is open: then the actor is told which one."""
    known = await channels.open_incident_of(world, alert)
    if known is not None:
        await answer(world, actor, _already_open(known, actor, "is already open for this alert"))
        return
    ts = str(message.get("ts") or "")
    link = await permalink(world, actor.channel, ts) if actor.channel else None
    carried = channels.carried(alert)
    filled = DeclareInput(
        title=alert.title,
        description=alert.text,
        severity=severity_of(alert, world.policy),
        about=About(channel=actor.channel, message=link, message_ts=ts or None, by_shortcut=True, alert=carried),
    )
    await _open(world, client, actor, filled)


async def quoted(world: World, text: str) -> str:
    """The message as people read it; mentioned people by id when their names cannot be had in time."""
    try:
        async with asyncio.timeout(ASK_WITHIN):
            return await readable(world, text)
    except (Retryable, Rejected, TimeoutError) as error:
        log.warning("declaring without people's names: %s", error or "no answer in time")
        return as_typed(text)


async def permalink(world: World, channel: str, ts: str) -> str | None:
    """The message's address, None when it cannot be had in time: the quotation says enough."""
    try:
        async with asyncio.timeout(ASK_WITHIN):
            return await world.rooms.permalink(channel, ts)
    except (Retryable, Rejected, TimeoutError) as error:
        log.warning("declaring without the message's link: %s", error or "no answer in time")
        return None
