"""Socket Mode with an inbox, over a real WebSocket: stored, then acknowledged, then handled, once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.runtime.supervised import Supervised
from integrations.slack.client import close_client, open_client
from integrations.slack.inbox import LEFT_BEHIND, PAUSES
from integrations.slack.socket import CONNECTION, INBOX, WATCHDOG, SlackSocket
from tests.clock import NIGHT, ManualClock
from tests.stores import fresh_store
from warroom.errors import Conflict
from warroom.outbox.changes import Changeset, Envelope
from warroom.ports import Store

APP_TOKEN = "xapp-sandbox"

Payload = dict[str, Any]


class SocketServer:
    """The two ends of Slack that a socket needs: the address and the WebSocket."""

    def __init__(self) -> None:
        self.tokens: list[str | None] = []
        self.acknowledged: asyncio.Queue[Payload] = asyncio.Queue()
        self._socket: web.WebSocketResponse | None = None
        self._connected = asyncio.Event()
        self._numbers = itertools.count(1)
        app = web.Application()
        app.router.add_route("*", "/api/apps.connections.open", self._open)
        app.router.add_get("/link", self._link)
        self.server = TestServer(app)

    async def _open(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers.get("Authorization"))
        return web.json_response({"ok": True, "url": f"ws://{request.host}/link?ticket={len(self.tokens)}"})

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        self._socket = web.WebSocketResponse()
        await self._socket.prepare(request)
        await self._socket.send_json({"type": "hello", "num_connections": 1})
        self._connected.set()
        async for message in self._socket:
            await self.acknowledged.put(message.json())
        return self._socket

    @property
    def api_url(self) -> str:
        return str(self.server.make_url("/api/"))

    async def deliver(self, kind: str, payload: Payload) -> str:
        """Send it over the socket, as a new envelope whose id is returned."""
        async with asyncio.timeout(60):
            await self._connected.wait()
        assert self._socket is not None
        envelope_id = f"envelope-{next(self._numbers)}"
        accepts = kind != "events_api"
        await self._socket.send_json(
            {"type": kind, "envelope_id": envelope_id, "payload": payload, "accepts_response_payload": accepts}
        )
        return envelope_id

    async def answer(self) -> Payload:
        """The next acknowledgement."""
        async with asyncio.timeout(60):
            return await self.acknowledged.get()


class Listeners:
    """What the bot would do: remember the texts it heard, as slowly and as badly as the test wants."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.begun = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()
        self.failures = 0
        self.passing = False
        self.clients: list[AsyncWebClient] = []

    async def hear(self, text: str) -> None:
        self.begun.set()
        await self.free.wait()
        if self.passing:
            raise Conflict("others kept changing it")
        if self.failures:
            self.failures -= 1
            raise ArithmeticError("the listener is broken")
        self.heard.append(text)


class RestartableBot:
    """One process after another, connected to the same Slack with the same record."""

    def __init__(self, slack: SocketServer, store: Store, clock: ManualClock, stack: AsyncExitStack) -> None:
        self.slack, self.store, self._clock, self._stack = slack, store, clock, stack
        self.pauses: list[float] = []
        self.looked_for_missed = 0
        self.listeners = Listeners()

    async def _sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        if task.get_name() in (CONNECTION, WATCHDOG, INBOX):
            await asyncio.Event().wait()
        if seconds:
            self.pauses.append(seconds)

    async def start(self) -> SlackSocket:
        """A new process."""
        client = open_client("xoxb-sandbox", self.slack.api_url)
        self._stack.push_async_callback(close_client, client)
        known = AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-sandbox", bot_user_id="UBOT")

        async def authorize(**_: object) -> AuthorizeResult:
            return known

        app = AsyncApp(client=client, authorize=authorize, process_before_response=True)
        listeners = self.listeners

        @app.event("reaction_added")
        async def reaction(event: Payload) -> None:
            await listeners.hear(event["reaction"])

        @app.command("/incident")
        async def command(ack: Any, body: Payload, client: AsyncWebClient) -> None:
            await ack()
            listeners.clients.append(client)
            await listeners.hear(body["text"])

        @app.error
        async def broken(error: Exception) -> BoltResponse:
            return BoltResponse(status=503 if isinstance(error, Conflict) else 500)

        @app.view("declare")
        async def view(ack: Any) -> None:
            await ack({"response_action": "errors", "errors": {"title": "Say what is wrong."}})

        async def connected() -> None:
            self.looked_for_missed += 1

        handler = SlackSocket(
            app,
            APP_TOKEN,
            store=self.store,
            clock=self._clock,
            sleep=self._sleep,
            tasks=Supervised(),
            on_connected=connected,
        )
        self._stack.push_async_callback(handler.stop, 0)
        await handler.start()
        return handler


@pytest.fixture
async def line(clock: ManualClock) -> AsyncIterator[RestartableBot]:
    slack = SocketServer()
    async with AsyncExitStack() as stack:
        await slack.server.start_server()
        stack.push_async_callback(slack.server.close)
        store = await stack.enter_async_context(fresh_store())
        yield RestartableBot(slack, store, clock, stack)


def reaction(event_id: str = "Ev1") -> Payload:
    """Somebody reacted with a pin."""
    event = {"type": "reaction_added", "user": "UADA", "reaction": "pushpin", "item": {}}
    return {"type": "event_callback", "event_id": event_id, "team_id": "T1", "event": event}


def typed(text: str, trigger: str = "1.1") -> Payload:
    """Somebody typed the command."""
    return {"command": "/incident", "text": text, "user_id": "UADA", "team_id": "T1", "trigger_id": trigger}


async def idle(handler: SlackSocket) -> None:
    """Idle within reason."""
    async with asyncio.timeout(60):
        await handler.idle()


async def test_it_asks_the_address_it_was_given_with_the_app_token(line: RestartableBot) -> None:
    handler = await line.start()
    await line.slack.deliver("events_api", reaction())
    await line.slack.answer()
    assert line.slack.tokens == [f"Bearer {APP_TOKEN}"]
    assert await handler.connected()


async def test_it_is_acknowledged_at_once_and_not_idle_before_it_is_handled(line: RestartableBot) -> None:
    handler = await line.start()
    line.listeners.free.clear()
    envelope_id = await line.slack.deliver("slash_commands", typed("list"))
    assert await line.slack.answer() == {"envelope_id": envelope_id}
    waiting = asyncio.create_task(handler.idle())
    await line.listeners.begun.wait()
    assert not waiting.done()
    assert len(await line.store.pending_envelopes()) == 1
    line.listeners.free.set()
    async with asyncio.timeout(60):
        await waiting
    assert line.listeners.heard == ["list"]
    assert await line.store.pending_envelopes() == []


async def test_the_same_event_delivered_twice_is_acknowledged_twice_and_handled_once(line: RestartableBot) -> None:
    handler = await line.start()
    for _ in range(2):
        await line.slack.deliver("events_api", reaction("Ev7"))
        await line.slack.answer()
    await idle(handler)
    assert line.listeners.heard == ["pushpin"]


async def test_a_listener_speaks_with_the_bot_s_token_to_the_same_address_and_past_the_proxy(
    line: RestartableBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    handler = await line.start()
    await line.slack.deliver("slash_commands", typed("list"))
    await line.slack.answer()
    await idle(handler)
    (client,) = line.listeners.clients
    assert (client.token, client.base_url, client.proxy) == ("xoxb-sandbox", line.slack.api_url, None)


async def test_a_form_is_answered_in_its_acknowledgement(line: RestartableBot) -> None:
    await line.start()
    form = {
        "type": "view_submission",
        "team": {"id": "T1"},
        "user": {"id": "UADA"},
        "view": {"type": "modal", "callback_id": "declare"},
    }
    await line.slack.deliver("interactive", form | {"trigger_id": "9.9"})
    answer = await line.slack.answer()
    assert answer["payload"]["errors"] == {"title": "Say what is wrong."}
    assert await line.store.pending_envelopes() == []


async def test_what_an_earlier_process_left_is_handled_at_start(line: RestartableBot) -> None:
    for number in (1, 2):
        left = Envelope(
            key=f"{number}.1",
            kind="slash_commands",
            body=typed(f"ack {number}", f"{number}.1"),
            received_at=NIGHT,
        )
        await line.store.commit(Changeset(now=NIGHT, envelope=left))
    handler = await line.start()
    await idle(handler)
    assert sorted(line.listeners.heard) == ["ack 1", "ack 2"]
    assert await line.store.pending_envelopes() == []


async def test_what_was_acknowledged_and_cut_off_is_handled_by_the_next_process(line: RestartableBot) -> None:
    first = await line.start()
    line.listeners.free.clear()
    await line.slack.deliver("slash_commands", typed("resolve rolled back"))
    await line.slack.answer()
    await line.listeners.begun.wait()
    await first.stop(0)
    line.listeners.free.set()
    assert line.listeners.heard == []
    await idle(await line.start())
    assert line.listeners.heard == ["resolve rolled back"]


async def test_a_listener_that_fails_is_tried_again_after_a_while(line: RestartableBot) -> None:
    handler = await line.start()
    line.listeners.failures = 2
    await line.slack.deliver("events_api", reaction())
    await line.slack.answer()
    await idle(handler)
    assert line.listeners.heard == ["pushpin"]
    assert line.pauses == list(PAUSES)


async def test_what_fails_for_a_reason_that_passes_stays_open_until_it_is_done(
    line: RestartableBot, clock: ManualClock
) -> None:
    handler = await line.start()
    line.listeners.passing = True
    await line.slack.deliver("slash_commands", typed("resolve rolled back"))
    await line.slack.answer()
    await idle(handler)
    assert line.listeners.heard == []
    assert len(await line.store.pending_envelopes()) == 1
    line.listeners.passing = False
    clock.advance(LEFT_BEHIND.total_seconds())
    assert await handler.replay(LEFT_BEHIND) == 1
    await idle(handler)
    assert line.listeners.heard == ["resolve rolled back"]
    assert await line.store.pending_envelopes() == []


async def test_what_fails_for_another_reason_is_given_up(line: RestartableBot) -> None:
    handler = await line.start()
    line.listeners.failures = 10
    await line.slack.deliver("slash_commands", typed("resolve rolled back"))
    await line.slack.answer()
    await idle(handler)
    assert await line.store.pending_envelopes() == []


async def test_while_the_record_is_away_what_was_typed_is_quoted_back(line: RestartableBot) -> None:
    handler = await line.start()
    await idle(handler)
    await line.store.close()
    await line.slack.deliver("slash_commands", typed("declare checkout <down>"))
    answer = await line.slack.answer()
    assert answer["payload"]["response_type"] == "ephemeral"
    assert "/incident declare checkout &lt;down&gt;" in answer["payload"]["text"]
    await idle(handler)
    assert line.listeners.heard == []


async def test_what_was_left_behind_is_worked_off_without_a_restart(line: RestartableBot, clock: ManualClock) -> None:
    handler = await line.start()
    await handler.idle()
    left = Envelope(key="Ev1", kind="events_api", body=reaction(), received_at=clock.now())
    await line.store.commit(Changeset(now=clock.now(), envelope=left))
    assert await handler.replay(LEFT_BEHIND) == 0, "another process may be at it"
    clock.advance(LEFT_BEHIND.total_seconds())
    assert await handler.replay(LEFT_BEHIND) == 1
    await handler.idle()
    assert len(line.listeners.heard) == 1
    assert await line.store.pending_envelopes() == []


async def test_when_slack_drops_events_what_was_missed_is_looked_for(line: RestartableBot) -> None:
    handler = await line.start()
    await idle(handler)
    dropped = {"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1_800_000_000}
    envelope_id = await line.slack.deliver("events_api", dropped)
    assert await line.slack.answer() == {"envelope_id": envelope_id}
    await idle(handler)
    assert line.looked_for_missed == 2, "once for the connection, once for what was dropped"
    assert await line.store.pending_envelopes() == []


def hold_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """One delivery is held back by the store until the event is set."""
    release, commit = asyncio.Event(), store.commit

    async def commit_later(change: Changeset) -> bool:
        if change.envelope is not None and change.envelope.body.get("text") == "held":
            await release.wait()
        return await commit(change)

    monkeypatch.setattr(store, "commit", commit_later)
    return release


async def test_work_waits_for_those_who_wait_for_an_acknowledgement(
    line: RestartableBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.slack.inbox.POLITE", 600.0)
    release = hold_one(line.store, monkeypatch)
    handler = await line.start()
    held = await line.slack.deliver("slash_commands", typed("held", "1.1"))
    quick = await line.slack.deliver("slash_commands", typed("quick", "2.2"))
    assert await line.slack.answer() == {"envelope_id": quick}
    assert not line.listeners.begun.is_set()
    release.set()
    assert await line.slack.answer() == {"envelope_id": held}
    await idle(handler)
    assert sorted(line.listeners.heard) == ["held", "quick"]


async def test_where_deliveries_never_cease_work_goes_on_all_the_same(
    line: RestartableBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.slack.inbox.POLITE", 0.5)
    release = hold_one(line.store, monkeypatch)
    handler = await line.start()
    await line.slack.deliver("slash_commands", typed("held", "1.1"))
    for number in range(20):
        await line.slack.deliver("slash_commands", typed(f"quick {number}", f"2.{number}"))
        await line.slack.answer()
    async with asyncio.timeout(60):
        while len(line.listeners.heard) < 20:
            line.listeners.begun.clear()
            await line.listeners.begun.wait()
    assert not release.is_set()
    release.set()
    await idle(handler)
