"""**Declare incident** on any message: the form, with the message quoted and linked; an alert with the alert attached."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks import forms
from blocks.answers import said
from blocks.form_fields import About
from handlers.answers import Actor, Body, actor_of, answer, open_form
from handlers.audit import audited
from handlers.declare_command import IN_ONE_LINE
from handlers.people_lookup import readable
from warroom.alerts import channels
from warroom.alerts.model import Alert
from warroom.alerts.rules import severity_of
from warroom.errors import Rejected, Retryable
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
    words = await quoted(world, message.get("text") or "")
    ts = str(message.get("ts") or body.get("message_ts") or "")
    link = await permalink(world, actor.channel, ts) if actor.channel and ts else None
    first_line = words.partition("\n")[0]
    form = forms.declare_form(
        world.policy,
        title=first_line,
        description=words,
        carried=About(channel=actor.channel, message=link, by_shortcut=True),
    )
    await open_form(world, client, actor, form, instead=IN_ONE_LINE)


async def _declare_alert(world: World, client: AsyncWebClient, actor: Actor, message: Body, alert: Alert) -> None:
    """The form about an alert, unless the incident it belongs to is open: then the actor is told which one."""
    known = await channels.open_incident_of(world, alert)
    if known is not None:
        where = f" in <#{known.room.channel_id}>" if known.room.channel_id else ""
        name = f"{known.name} is already open for this alert{where}."
        await answer(world, actor, said(name if known.shown_to(actor.user) else "Someone is already on this."))
        return
    link = await permalink(world, actor.channel, str(message.get("ts") or "")) if actor.channel else None
    form = forms.declare_form(
        world.policy,
        title=alert.title,
        description=alert.text,
        severity=severity_of(alert, world.policy),
        carried=About(channel=actor.channel, message=link, by_shortcut=True, alert=channels.carried(alert)),
    )
    await open_form(world, client, actor, form, instead=IN_ONE_LINE)


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
