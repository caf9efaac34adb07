"""What one person sees: private replies and the App Home.

A repeat after an unknown outcome is harmless: only they see it, and nothing could look for it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog

from blocks.home import home
from blocks.notices import notice_card
from integrations.slack.failures import SlackDeclined, failure, retry_after
from integrations.slack.performers.performer import EffectContext
from integrations.slack.rate_limits import RESPONSE_URL
from warroom.errors import Retryable
from warroom.incident.action_items import actions_of
from warroom.incident.lookup import LOOKED_AT
from warroom.incident.view import incident_view
from warroom.oncall.duty import duty_of
from warroom.outbox.effects import PrivateReply, PublishHome

log = structlog.get_logger(__name__)

LIFE = timedelta(minutes=29)
"""How long a response_url is used; Slack lets it live 30 minutes ("Handling user interaction")."""
SLACKS = (".slack.com", ".slack-gov.com")
"""The domains of response_urls."""
NOT_HERE = frozenset(
    {"user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived", "messages_tab_disabled"}
)


async def private_reply(context: EffectContext[PrivateReply]) -> None:
    """By response_url while it lives, else privately in the channel, else directly.

    Nothing for somebody who may not know of the incident any more.
    """
    about = await context.deps.store.incident(context.effect.incident_id) if context.effect.incident_id else None
    if about is not None and not about.shown_to(context.effect.user):
        log.info("not told: they are not in the room any more", user=context.effect.user)
        return
    said = await _said(context)
    if await _by_response_url(context, said) or await _in_channel(context, said):
        return
    await context.call("chat.postMessage", channel=context.effect.user, unfurl_links=False, unfurl_media=False, **said)


async def _said(context: EffectContext[PrivateReply]) -> dict[str, Any]:
    if context.effect.notice is not None:
        card = notice_card(context.effect.notice, await context.view(await context.incident()), context.now)
        return {"text": card.text, "blocks": card.blocks}
    blocks = [dict(block) for block in context.effect.blocks]
    return {"text": context.effect.text} | ({"blocks": blocks} if blocks else {})


async def _by_response_url(context: EffectContext[PrivateReply], what: dict[str, Any]) -> bool:
    url, session = context.effect.response_url, context.deps.client.session
    if not url or session is None or context.now - context.claim.created_at > LIFE:
        return False
    if not slacks_own(url, context.deps.client.base_url):
        log.warning("an address to answer at is not Slack's; answering another way", host=urlsplit(url).hostname)
        return False
    said = what | {"response_type": "ephemeral", "replace_original": context.effect.replace_original}
    async with context.line.acquire(RESPONSE_URL, context.effect.channel):
        try:
            async with session.post(url, json=said, proxy=context.deps.client.proxy) as answer:
                return _taken(answer)
        except (aiohttp.ClientError, OSError) as error:
            raise failure(RESPONSE_URL, error) from error


def slacks_own(url: str, api_url: str) -> bool:
    """Whether Slack gave that address: an import may hold any other. Where the API is not Slack's, its host counts too."""
    address, api = urlsplit(url), urlsplit(api_url)
    if (address.scheme, address.netloc) == (api.scheme, api.netloc):
        return True
    return address.scheme == "https" and (address.hostname or "").endswith(SLACKS)


def _taken(answer: aiohttp.ClientResponse) -> bool:
    if answer.status == 429:
        raise Retryable("Slack asks to wait before answering a person", after=retry_after(answer.headers))
    if answer.status >= 500:
        raise Retryable(f"Slack had trouble with an answer to a person (HTTP {answer.status})", outcome_unknown=True)
    if answer.status >= 400:
        log.info("the response_url is used up; answering another way", status=answer.status)
    return answer.status < 400


async def _in_channel(context: EffectContext[PrivateReply], what: dict[str, Any]) -> bool:
    if context.effect.channel is None:
        return False
    try:
        await context.call("chat.postEphemeral", channel=context.effect.channel, user=context.effect.user, **what)
    except SlackDeclined as refusal:
        if refusal.code in NOT_HERE:
            return False
        raise
    return True


async def publish_home(context: EffectContext[PublishHome]) -> None:
    """Draw it whole: open incidents, when the person is on call, what ended lately or waits for a post-mortem, their action items."""
    store, user = context.deps.store, context.effect.user
    incidents = await store.incidents(open_only=True, limit=LOOKED_AT)
    ended = await store.incidents(closed_only=True, limit=LOOKED_AT)
    views, over = ([incident_view(each, context.deps.policy) for each in found] for found in (incidents, ended))
    items = actions_of([*incidents, *ended], user, owner=user)
    directory = context.deps.directory
    duty = await duty_of(store, directory, context.deps.policy, context.now, user) if directory else None
    await context.call("views.publish", user_id=user, view=home(views, user, context.now, over, items, duty))
