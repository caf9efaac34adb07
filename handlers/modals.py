"""Opening a form: the one direct call to Slack, because a trigger lives three seconds."""

from __future__ import annotations

import logging

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from blocks.answers import said
from blocks.kit import Block
from handlers.answers import Actor, answer
from warroom.ports import World, step_aside

log = logging.getLogger(__name__)

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
        text = f"The form took too long to open. Press again, or type this instead:\n`{instead}`"
        await answer(world, actor, said(text))
