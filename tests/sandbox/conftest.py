"""The sandbox, called with Slack's own client libraries."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox, SandboxClock

Json = dict[str, Any]


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    """A workspace whose clock moves only when the test advances it."""
    async with Sandbox.running(clock=SandboxClock(frozen=True)) as workspace:
        yield workspace


@pytest.fixture
def web(slack: Sandbox) -> AsyncWebClient:
    """Slack's client with the app's token."""
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client, for requests that the client libraries never send."""
    async with aiohttp.ClientSession() as session:
        yield session


@contextlib.contextmanager
def refused(code: str, **details: Any) -> Iterator[list[str]]:
    """Assert that the block raises SlackApiError with that code and details. Yields the problems that it names."""
    problems: list[str] = []
    with pytest.raises(SlackApiError) as caught:
        yield problems
    answer: Json = caught.value.response.data
    assert answer["error"] == code
    assert {key: answer.get(key) for key in details} == details
    problems += answer.get("response_metadata", {}).get("messages", [])


async def room(web: AsyncWebClient, name: str = "inc-1", **more: Any) -> str:
    """Create a channel as the app and return its id."""
    made = await web.conversations_create(name=name, **more)
    return str(made["channel"]["id"])


async def posted(web: AsyncWebClient, channel: str, text: str = "hello", **more: Any) -> str:
    """Post a message as the app and return its ts."""
    return str((await web.chat_postMessage(channel=channel, text=text, **more))["ts"])


def modal(title: str = "Declare", **more: Any) -> Json:
    """A modal with one input."""
    return {
        "type": "modal", "title": {"type": "plain_text", "text": title}, "submit": {"type": "plain_text", "text": "OK"},
        "callback_id": "form",
        "blocks": [{"type": "input", "block_id": "what", "label": {"type": "plain_text", "text": "What"},
                    "element": {"type": "plain_text_input", "action_id": "text"}}],
    } | more  # fmt: skip
