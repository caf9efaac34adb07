"""The Web API client: one shared session, no retries of its own (the outbox retries), every failure classified."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from integrations.slack.failures import failure
from warroom.errors import Retryable

TIMEOUT = 10
"""Seconds a call may take."""
CONNECTIONS = 100

Answer = dict[str, Any]


def open_client(token: str, base_url: str, *, timeout: float = TIMEOUT) -> AsyncWebClient:
    """A client for that API address whose calls take at most `timeout` seconds.

    Must be called in a running event loop; end it with `close_client`.
    """
    session = aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout), connector=aiohttp.TCPConnector(limit=CONNECTIONS)
    )
    client = AsyncWebClient(token=token, base_url=base_url, timeout=TIMEOUT, session=session, retry_handlers=[])
    if on_this_machine(base_url):
        # The SDK takes HTTPS_PROXY for every address, and a proxy cannot reach this machine's loopback.
        client.proxy = None
    return client


async def close_client(client: AsyncWebClient) -> None:
    """Close the client's connections."""
    if client.session is not None:
        await client.session.close()


def on_this_machine(url: str) -> bool:
    """Whether the address is loopback."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


async def call(client: AsyncWebClient, method: str, **args: Any) -> Answer:
    """Slack's answer to a method such as "chat.postMessage". Raises Retryable, Declined (Slack said no), Rejected."""
    data = (await respond(client, method, **args)).data
    if not isinstance(data, dict):
        raise Retryable(f"Slack answered {method} with something unreadable", doubtful=True)
    return data


async def respond(client: AsyncWebClient, method: str, **args: Any) -> AsyncSlackResponse:
    """As `call`, with the answer's headers."""
    ask = getattr(client, method.replace(".", "_"))
    try:
        response: AsyncSlackResponse = await ask(**args)
    except (SlackClientError, aiohttp.ClientError, OSError, ValueError, AttributeError, LookupError) as error:
        # The last three are how the SDK fails on a body that is text, a list, or in an unknown charset.
        raise failure(method, error) from error
    return response
