"""Answering one person. A repeat after doubt is harmless: only they see it, and nothing could look for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import structlog

from integrations.slack.budget import RESPONSE_URL
from integrations.slack.failures import Declined, failure, retry_after
from integrations.slack.performers.act import Act
from warroom.effects import Whisper
from warroom.errors import Retryable

log = structlog.get_logger(__name__)

LIFE = timedelta(minutes=29)
"""How long a response_url is used; Slack lets it live 30 minutes ("Handling user interaction")."""
NOT_HERE = frozenset(
    {"user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived", "messages_tab_disabled"}
)


async def whisper(act: Act[Whisper]) -> None:
    """By response_url while it lives, else privately in the channel, else directly."""
    if await _by_response_url(act) or await _in_channel(act):
        return
    await act.call("chat.postMessage", channel=act.effect.user, unfurl_links=False, unfurl_media=False, **_said(act))


def _said(act: Act[Whisper]) -> dict[str, Any]:
    blocks = [dict(block) for block in act.effect.blocks]
    return {"text": act.effect.text} | ({"blocks": blocks} if blocks else {})


async def _by_response_url(act: Act[Whisper]) -> bool:
    url, session = act.effect.response_url, act.desk.client.session
    if not url or session is None or act.now - act.claim.created_at > LIFE:
        return False
    said = _said(act) | {"response_type": "ephemeral", "replace_original": act.effect.replace_original}
    async with act.line.turn(RESPONSE_URL, act.effect.channel):
        try:
            async with session.post(url, json=said, proxy=act.desk.client.proxy) as answer:
                return _taken(answer)
        except (aiohttp.ClientError, OSError) as error:
            raise failure(RESPONSE_URL, error) from error


def _taken(answer: aiohttp.ClientResponse) -> bool:
    if answer.status == 429:
        raise Retryable("Slack asks to wait before answering a person", after=retry_after(answer.headers))
    if answer.status >= 500:
        raise Retryable(f"Slack had trouble with an answer to a person (HTTP {answer.status})", doubtful=True)
    if answer.status >= 400:
        log.info("the response_url is used up; answering another way", status=answer.status)
    return answer.status < 400


async def _in_channel(act: Act[Whisper]) -> bool:
    if act.effect.channel is None:
        return False
    try:
        await act.call("chat.postEphemeral", channel=act.effect.channel, user=act.effect.user, **_said(act))
    except Declined as refusal:
        if refusal.code in NOT_HERE:
            return False
        raise
    return True
