"""An app that acknowledges everything the sandbox sends, and records it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from sandbox import Sandbox


class AutoAckApp:
    """One Socket Mode connection. `answer` is what the next acknowledgements carry."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.answer: dict[str, Any] | None = None

    @property
    def last(self) -> dict[str, Any]:
        """The newest payload."""
        return self.received[-1]

    async def listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Acknowledge and record until the connection ends."""
        async for message in socket:
            envelope = message.json()
            if "envelope_id" in envelope:
                self.received.append(envelope["payload"])
                payload = {"payload": self.answer} if self.answer and envelope["accepts_response_payload"] else {}
                await socket.send_json({"envelope_id": envelope["envelope_id"]} | payload)


@contextlib.asynccontextmanager
async def listening(slack: Sandbox) -> AsyncIterator[AutoAckApp]:
    """The app, connected."""
    app = AutoAckApp()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {slack.app_token}"}) as session:
        async with session.post(f"{slack.api_url}apps.connections.open") as answer:
            url = (await answer.json())["url"]
        async with session.ws_connect(url) as socket:
            reader = asyncio.create_task(app.listen(socket), name="app")
            await slack.until_connected()
            yield app
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
