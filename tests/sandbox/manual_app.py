"""An app without a client library: the test sees every envelope and acknowledges it itself."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox.conftest import Json


class ManualApp:
    """An app at the other end of one socket. It acknowledges only with `ack`."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def next(self) -> Json:
        """The next message."""
        found: Json = await self.ws.receive_json(timeout=60)
        return found

    async def ack(self, envelope: Json, payload: Json | None = None) -> None:
        await self.ws.send_json({"envelope_id": envelope["envelope_id"]} | ({"payload": payload} if payload else {}))

    async def event(self, kind: str) -> Json:
        """The next event of that type; others are acknowledged."""
        while True:
            envelope = await self.next()
            if envelope["payload"]["event"]["type"] == kind:
                return envelope
            await self.ack(envelope)


@contextlib.asynccontextmanager
async def connected(slack: Sandbox, http: aiohttp.ClientSession, *, hello: bool = True) -> AsyncIterator[ManualApp]:
    """An app with an open socket, after `hello` unless that is wanted."""
    url = await ticket(slack)
    async with http.ws_connect(url, autoping=False) as ws:
        app = ManualApp(ws)
        if hello:
            assert (await app.next())["type"] == "hello"
        yield app


async def ticket(slack: Sandbox) -> str:
    web = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    return str((await web.apps_connections_open(app_token=slack.app_token))["url"])
