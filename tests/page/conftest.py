"""The page without a browser: requests to it, and what one person is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import installation
from sandbox import Sandbox, SlackMessage
from sandbox.methods.views import check_view, show_modal
from sandbox.model import View


class Visitor:
    """Requests to the page with an HTTP client."""

    def __init__(self, slack: Sandbox, session: aiohttp.ClientSession) -> None:
        self.slack, self.session = slack, session

    async def get(self, path: str, **more: Any) -> tuple[int, str]:
        """(status, body)."""
        async with self.session.get(self.slack.page_url.rstrip("/") + path, **more) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        """(status, decoded JSON)."""
        url = self.slack.page_url.rstrip("/") + path
        async with self.session.post(url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def room(self, who: str = "ada", channel: str = "general") -> str:
        """The HTML of the channel's page."""
        status, text = await self.get(f"/as/{who}/{self.slack.channel(channel).id}")
        assert status == 200
        return text

    async def shown(self, *blocks: dict[str, Any]) -> str:
        """The page after the app posted these blocks in #general."""
        await self.slack.say("deploybot", "general", "fallback", blocks=list(blocks))
        return await self.room()

    def modal(self, *blocks: dict[str, Any], who: str = "ada", **more: Any) -> View:
        """Open a modal of the app for that person."""
        body = {"type": "modal", "title": {"type": "plain_text", "text": "Form"}, "blocks": list(blocks),
                "submit": {"type": "plain_text", "text": "Send"}} | more  # fmt: skip
        return show_modal(self.slack.workspace, self.slack.person(who).id, check_view(body, "modal"))

    async def does(self, gesture: str, who: str = "ada", **given: Any) -> Any:
        """A gesture as the page's script sends it; returns the answer."""
        _, answer = await self.post(f"/as/{who}/do/{gesture}", {"channel": self.slack.channel("general").id} | given)
        return answer


def element_ids(message: SlackMessage, block_id: str, action_id: str) -> dict[str, Any]:
    """The ids with which the page refers to an element of a message."""
    return {"ts": message.ts, "channel": message.channel, "block": block_id, "action": action_id}


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    """A workspace with the app installed but not connected."""
    async with Sandbox.running(app=installation()) as workspace:
        yield workspace


@pytest.fixture
async def visitor(slack: Sandbox) -> AsyncIterator[Visitor]:
    """A visitor of the page."""
    async with aiohttp.ClientSession() as session:
        yield Visitor(slack, session)
