"""**Declare incident** on any message: the form, with the message quoted and linked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks import forms
from handlers.answers import Asker, Body, asker_of
from handlers.declaring import IN_ONE_LINE
from handlers.opening import open_form
from handlers.people import readable
from warroom.errors import Rejected, Retryable
from warroom.ports import World

log = logging.getLogger(__name__)

LINK_WITHIN = 1.0
"""Seconds given to Slack for the message's address: the form must be open 3 s after the press."""


def listener(world: World) -> Callable[..., Awaitable[None]]:
    """What Bolt calls."""

    async def on_shortcut(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        asker = asker_of(body)
        assert asker is not None, "Slack says who used every shortcut"
        await declare_from_message(world, client, asker, body)

    return on_shortcut


async def declare_from_message(world: World, client: AsyncWebClient, asker: Asker, body: Body) -> None:
    """The declare form about the message in `body`. Raises SlackApiError."""
    message = body.get("message") or {}
    quoted = await readable(world, message.get("text") or "")
    ts = str(message.get("ts") or body.get("message_ts") or "")
    link = await _permalink(world, asker.channel, ts) if asker.channel and ts else None
    first_line = quoted.partition("\n")[0]
    form = forms.declare_form(
        world.policy,
        title=first_line,
        description=quoted,
        origin=forms.Origin(channel=asker.channel, message=link, by_shortcut=True),
    )
    await open_form(world, client, asker, form, instead=IN_ONE_LINE)


async def _permalink(world: World, channel: str, ts: str) -> str | None:
    """The message's address, None when it cannot be had in time: the quotation says enough."""
    try:
        async with asyncio.timeout(LINK_WITHIN):
            return await world.rooms.permalink(channel, ts)
    except (Retryable, Rejected, TimeoutError) as error:
        log.warning("declaring without the message's link: %s", error or "no answer in time")
        return None
