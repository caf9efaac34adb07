"""The Web API client: one shared session, no retries of its own (the outbox retries), every failure classified."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from yarl import URL

from integrations.slack.failures import failure
from warroom.errors import Retryable

TIMEOUT = 10
"""Seconds a call may take."""
CONNECTIONS = 100

METHOD = re.compile(r"[a-z]+(\.[A-Za-z0-9]+)+")

Answer = dict[str, Any]


OnAnswer = Callable[[str, str], None]
"""(a method, such as "chat.postMessage", or "upload"; "ok", "limited" or "failed")."""


def open_client(token: str, base_url: str, on_answer: OnAnswer = lambda _method, _outcome: None) -> AsyncWebClient:
    """A client for that API address; a call takes at most `TIMEOUT` seconds. Must be called in a running event loop.

    End it with `close_client`. `on_answer` is called with how each call went by its HTTP status; Slack's own "no" is an answer like
    any other.
    """
    session = aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=TIMEOUT),
        connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        trace_configs=[_listening(urlsplit(base_url).path, on_answer)],
    )
    client = AsyncWebClient(token=token, base_url=base_url, timeout=TIMEOUT, session=session, retry_handlers=[])
    if on_this_machine(base_url):
        # The SDK takes HTTPS_PROXY for every address, and a proxy cannot reach this machine's loopback.
        client.proxy = None
    return client


def _listening(base: str, on_answer: OnAnswer) -> aiohttp.TraceConfig:
    def method(url: URL) -> str:
        # A file goes to an address of its own.
        name = url.path.removeprefix(base)
        return name if url.path.startswith(base) and METHOD.fullmatch(name) else "upload"

    async def ended(_session: object, _context: object, said: aiohttp.TraceRequestEndParams) -> None:
        status = said.response.status
        on_answer(method(said.url), "limited" if status == 429 else "ok" if status < 400 else "failed")

    async def broke(_session: object, _context: object, said: aiohttp.TraceRequestExceptionParams) -> None:
        on_answer(method(said.url), "failed")

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(ended)
    trace.on_request_exception.append(broke)
    return trace


async def close_client(client: AsyncWebClient) -> None:
    """Close the client's connections."""
    if client.session is not None:
        await client.session.close()


def on_this_machine(url: str) -> bool:
    """Whether the address is loopback."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


class _Answer(dict[str, Any]):
    """An answer of Slack's. One that lacks what is asked of it is as bad as none."""

    def __init__(self, method: str, said: Answer) -> None:
        super().__init__(said)
        self._method = method

    def __missing__(self, name: str) -> Any:
        raise Retryable(f"Slack's answer to {self._method} has no {name}", outcome_unknown=True)


async def call(client: AsyncWebClient, method: str, **args: Any) -> Answer:
    """Slack's answer to a method such as "chat.postMessage". Raises Retryable, SlackDeclined (Slack said no), Rejected."""
    data = (await respond(client, method, **args)).data
    if not isinstance(data, dict):
        raise Retryable(f"Slack answered {method} with something unreadable", outcome_unknown=True)
    return _Answer(method, data)


async def respond(client: AsyncWebClient, method: str, **args: Any) -> AsyncSlackResponse:
    """As `call`, with the answer's headers."""
    ask = getattr(client, method.replace(".", "_"))
    try:
        response: AsyncSlackResponse = await ask(**args)
    except (SlackClientError, aiohttp.ClientError, OSError, ValueError, AttributeError, LookupError) as error:
        # The last three are how the SDK fails on a body that is text, a list, or in an unknown charset.
        raise failure(method, error) from error
    return response
