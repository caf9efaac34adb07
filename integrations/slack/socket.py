"""Socket Mode: the connection to Slack, and the acknowledgement of each delivery once the inbox has stored it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from html import escape
from typing import Any, Protocol

import structlog
from aiohttp import WSMessage
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from integrations.slack.client import on_this_machine
from integrations.slack.delivery_order import EVENT
from integrations.slack.inbox import InboxWorker, cancel, envelope
from integrations.slack.watchdog import stay_connected, watch
from warroom.errors import StoreUnavailable
from warroom.ports import Clock, Store

log = structlog.get_logger(__name__)

PING_EVERY = 5.0
"""Seconds between pings; also how soon the SDK tries again after a failed connection."""
HELLO = "hello"
"""The first thing Slack says on every connection (docs.slack.dev, "Using Socket Mode")."""
COMMAND = "slash_commands"
INTERACTIVE = "interactive"
ANSWERED_FIRST = frozenset({"view_submission", "view_closed", "block_suggestion"})
"""Interactions whose acknowledgement carries the answer, so the handlers come first."""

CONNECTION, WATCHDOG, INBOX = "socket", "socket watchdog", "inbox"
"""The names of the tasks that last as long as the process."""


class Tasks(Protocol):
    """Keeps tasks running until they are told to end; one that ends by itself is started again."""

    def keep(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None: ...
    async def end(self, *names: str) -> None: ...


class SlackSocket(AsyncSocketModeHandler):
    """The socket. The app must have been made with `process_before_response=True`; its listeners must bear a repeat.

    A listener's `ack(...)` answers the person only for form submissions and option lists; everything else is
    acknowledged before it runs. `on_connected` is called for every connection, and when Slack drops events: something may
    have been missed.
    `on_answered` is called with each delivery's kind and the seconds from its arrival to its acknowledgement.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        *,
        store: Store,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        tasks: Tasks,
        on_connected: Callable[[], Awaitable[None]] | None = None,
        on_answered: Callable[[str, float], None] = lambda _kind, _seconds: None,
        ping_interval: float = PING_EVERY,
    ) -> None:
        self._inbox = InboxWorker(app, store=store, clock=clock, sleep=sleep)
        super().__init__(app, app_token, ping_interval=ping_interval)
        if on_this_machine(app.client.base_url):
            # As in `open_client`: a proxy cannot reach this machine's loopback. Bolt makes a client for each request.
            self.client.proxy = None
            app.use(_past_the_proxy)
        self._clock, self._sleep = clock, sleep
        self._on_connected, self._on_answered = on_connected, on_answered
        self._kept = tasks
        self._open = True
        self._greeted_on: object = None
        self.client.on_message_listeners.append(self._received)

    async def start(self) -> None:
        """Begin to connect, watch the connection, and work off what an earlier process left. Returns at once."""
        self._kept.keep(CONNECTION, lambda: stay_connected(self.client, self._sleep))
        self._kept.keep(WATCHDOG, lambda: watch(self.client, self._sleep))
        self._kept.keep(INBOX, self._inbox.work_off)

    async def connected(self) -> bool:
        """Whether Slack can reach us now."""
        return bool(await self.client.is_connected())

    @property
    def greeted(self) -> bool:
        """Whether Slack has said hello on the newest connection, so that what follows from one has begun."""
        return self._greeted_on is not None and self._greeted_on is self.client.current_session

    async def replay(self, older_than: timedelta = timedelta(0)) -> int:
        """See `InboxWorker.replay`."""
        return await self._inbox.replay(older_than)

    async def idle(self) -> None:
        """See `InboxWorker.idle`."""
        await self._inbox.idle()

    async def stop(self, timeout: float) -> None:
        """Receive nothing more, give what is at work `timeout` seconds to end, and close. The next start does the rest."""
        self._open = False
        self.client.auto_reconnect_enabled = False
        await self._kept.end(CONNECTION, WATCHDOG, INBOX)
        await cancel(self.client.message_receiver)
        await self._inbox.stop(timeout)
        await self.client.close()  # type: ignore[no-untyped-call]  # the SDK has no types here

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as Bolt's own
        """One delivery of Slack's. After `stop` it is left for another connection."""
        try:
            if not self._open:
                return
            if dropped(req):
                log.warning(
                    "Slack drops events: there were too many in an hour", minute=req.payload.get("minute_rate_limited")
                )
                self._look_for_missed()
            if worthless(req) or dropped(req):
                await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
            elif answered_first(req):
                await self._inbox.track(self._answer(client, req))
            else:
                await self._keep(client, req)
        finally:
            self._on_answered(req.type, self._inbox.answered(req.envelope_id))

    async def _received(self, message: WSMessage) -> None:
        # The SDK calls this before it passes the delivery on: between the two nothing else knows of it.
        said = json.loads(message.data)
        if said.get("type") == HELLO:
            self._look_for_missed()
            self._greeted_on = self.client.current_session
        envelope_id = said.get("envelope_id")
        if envelope_id:
            self._inbox.arrived(envelope_id)

    def _look_for_missed(self) -> None:
        if self._on_connected is not None:
            self._inbox.track(self._greet(self._on_connected))

    async def _greet(self, on_connected: Callable[[], Awaitable[None]]) -> None:
        try:
            await on_connected()
        except StoreUnavailable as error:
            log.error("what follows a connection could not be stored; the next one tries again", error=str(error))

    async def _answer(self, client: SocketModeClient, req: SocketModeRequest) -> None:
        response = await run_async_bolt_app(self.app, req)
        await send_async_response(client, req, response, 0.0)
        if response.status != 200:
            log.error("a form was not answered", status=response.status, form=req.payload.get("type"))

    async def _keep(self, client: SocketModeClient, req: SocketModeRequest) -> None:
        kept = envelope(req, self._clock.now())
        try:
            # Its work is begun before the acknowledgement is sent: a socket that breaks now must not lose it.
            await self._inbox.store(kept)
        except StoreUnavailable as error:
            log.error("a delivery could not be stored", key=kept.key, kind=kept.kind, error=str(error))
            answer = not_stored(req)
            if answer is not None:
                await client.send_socket_mode_response(SocketModeResponse(req.envelope_id, payload=answer))
            return
        try:
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
        except ConnectionError as error:
            # It is stored: when Slack sends an event again, it is known and acknowledged then.
            log.info("an acknowledgement was not sent", key=kept.key, why=str(error))


def answered_first(request: SocketModeRequest) -> bool:
    """Whether the acknowledgement is the answer."""
    return request.type == INTERACTIVE and request.payload.get("type") in ANSWERED_FIRST


def worthless(request: SocketModeRequest) -> bool:
    """Whether it is a message that nobody here reads: what people say, and what we say ourselves. It is not stored."""
    if request.type != EVENT:
        return False
    event = request.payload.get("event") or {}
    if event.get("type") != "message":
        return False
    said = event.get("message") or event
    if not isinstance(said, dict) or not (said.get("bot_id") or said.get("app_id")):
        return True
    return said.get("app_id") is not None and said.get("app_id") == request.payload.get("api_app_id")


def dropped(request: SocketModeRequest) -> bool:
    """Whether Slack says that it drops events, because there are more than it delivers in an hour."""
    return request.payload.get("type") == "app_rate_limited"


def not_stored(request: SocketModeRequest) -> dict[str, str] | None:
    """The acknowledgement while the database is away: what was typed is quoted back. None when there should be none:
    Slack delivers events again, and tells the person that a click failed.
    """
    if request.type != COMMAND or not request.accepts_response_payload:
        return None
    typed = f"{request.payload.get('command', '')} {request.payload.get('text', '')}".strip()
    text = (
        "Warroom cannot reach its database, so nothing was done. Try again in a minute. You typed:\n"
        f"```{escape(typed.replace('```', ''), quote=False)[:2000]}```"
    )
    return {"response_type": "ephemeral", "text": text}


async def _past_the_proxy(client: AsyncWebClient, next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002  # Bolt's name
    client.proxy = None
    await next()
