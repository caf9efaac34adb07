"""Socket Mode: several sockets of one app, each payload to exactly one of them, acknowledged or sent again.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.clock import really_wait
from sandbox.events import rate_limited
from sandbox.limits import EventLimit
from sandbox.model import Json
from sandbox.workspace import Workspace

ACK_WITHIN = 3.0
"""Real seconds the app has to acknowledge."""
AGAIN_AFTER = (1.0, 60.0, 300.0)
"""Seconds of the workspace's clock before an event is sent again (docs.slack.dev, "The Events API": retries)."""
MOST = 10
REASONS = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")
BEAT = 30.0
"""Seconds between the pings that a client has to answer."""
TICKET_LIFE = 60.0


@dataclass(eq=False)
class Socket:
    """One connection, and what it was sent and has not acknowledged."""

    ws: web.WebSocketResponse
    request: web.Request
    awaited: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)

    async def send(self, message: Json) -> None:
        """Put it on the wire; a broken one is noticed by the reader."""
        try:
            await self.ws.send_str(json.dumps(message))
        except (ConnectionError, RuntimeError):
            self.lose()

    def lose(self) -> None:
        """Whatever was not acknowledged on it never will be."""
        for future in self.awaited.values():
            if not future.done():
                future.set_exception(ConnectionResetError("the socket is gone"))


class Sockets:
    """All connections of the app."""

    def __init__(self, workspace: Workspace, limit: EventLimit) -> None:
        self._workspace, self._limit = workspace, limit
        self._open: list[Socket] = []
        self._turn = 0
        self._deliveries: set[asyncio.Task[None]] = set()
        self._resting: dict[asyncio.Task[None], float] = {}
        self._connections = 0
        self.duplicates = 0
        """How many of the next events are sent twice."""
        self.held: list[Json] | None = None
        """Events that wait to be delivered in another order; None delivers at once."""
        self.unacknowledged: list[str] = []
        """The event ids that were given up."""

    @property
    def connected(self) -> int:
        """How many sockets are open."""
        return len(self._open)

    @property
    def connections(self) -> int:
        """How many there ever were."""
        return self._connections

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket of a ticket, until it ends."""
        issued = self._workspace.tickets.pop(request.query.get("ticket", ""), None)
        if issued is None or self._workspace.clock.seconds() - issued > TICKET_LIFE:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=400)
        ws = web.WebSocketResponse(autoping=True, heartbeat=BEAT)
        await ws.prepare(request)
        socket = Socket(ws, request)
        if len(self._open) >= MOST:
            await socket.send(_disconnect("too_many_websockets"))
            await ws.close()
            return ws
        self._open.append(socket)
        self._connections += 1
        await socket.send(
            {"type": "hello", "num_connections": len(self._open), "connection_info": {"app_id": request.query["app_id"]},
             "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060}}
        )  # fmt: skip
        self._workspace.pulse.beat()
        try:
            async for message in ws:
                if message.type == WSMsgType.TEXT:
                    _acknowledged(socket, message.data)
        finally:
            self._forget(socket)
        return ws

    def _forget(self, socket: Socket) -> None:
        if socket in self._open:
            self._open.remove(socket)
        socket.lose()
        self._workspace.pulse.beat()

    async def ask(self, kind: str, payload: Json, *, answers: bool = False) -> tuple[bool, Json | None]:
        """Deliver a gesture once: (whether it was acknowledged in time, what the acknowledgement said)."""
        socket = self._next()
        if socket is None:
            return False, None
        try:
            return True, await self._deliver(
                socket, {"type": kind, "payload": payload, "accepts_response_payload": answers}
            )
        except (ConnectionError, TimeoutError):
            return False, None

    def emit(self, payload: Json) -> None:
        """Deliver an event, again and again until acknowledged, as Slack does."""
        if self.held is not None:
            self.held.append(payload)
            return
        copies = 1
        if self.duplicates:
            self.duplicates -= 1
            copies = 2
        for _ in range(copies):
            self._begin(self._insist(payload))

    def _begin(self, delivery: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(delivery)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    @property
    def delivering(self) -> int:
        """How many events are on their way; those that wait to be sent again are not."""
        return len(self._deliveries - self._resting.keys())

    @property
    def again_at(self) -> float | None:
        """When the next event is sent again, in seconds since 1970 by the workspace's clock; None when none is."""
        return min(self._resting.values(), default=None)

    async def sent(self) -> None:
        """Returns when no event is on its way; those that wait to be sent again are left waiting."""
        while on_the_way := self._deliveries - self._resting.keys():
            beat = asyncio.ensure_future(self._workspace.pulse.next())
            await asyncio.wait({beat, *on_the_way}, return_when=asyncio.FIRST_COMPLETED)
            beat.cancel()

    async def delivered(self) -> None:
        """Returns when every event so far was acknowledged or given up."""
        while self._deliveries:
            await asyncio.wait(set(self._deliveries))

    def release(self, *, reverse: bool = False) -> None:
        """Deliver what was held, newest first if so wished, and hold no more."""
        held, self.held = self.held or [], None
        for payload in reversed(held) if reverse else held:
            self.emit(payload)

    async def _rest(self, until: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "every event is delivered by a task of its own"
        self._resting[task] = until
        self._workspace.pulse.beat()
        try:
            await self._workspace.clock.until(until)
        finally:
            del self._resting[task]

    async def _insist(self, payload: Json, *, counted: bool = True) -> None:
        clock = self._workspace.clock
        reason = ""
        for attempt in range(len(AGAIN_AFTER) + 1):
            if attempt:
                await self._rest(clock.seconds() + AGAIN_AFTER[attempt - 1])
            socket = self._next()
            if socket is None:
                reason = "connection_failed"
                continue
            if counted and not self._limit.takes():
                self._too_many()
                return
            envelope = {"type": "events_api", "payload": payload, "accepts_response_payload": False,
                        "retry_attempt": attempt, "retry_reason": reason}  # fmt: skip
            try:
                await self._deliver(socket, envelope)
                return
            except TimeoutError:
                reason = "timeout"
            except ConnectionError:
                reason = "connection_failed"
            self._workspace.pulse.beat()
        self.unacknowledged.append(str(payload.get("event_id", payload["type"])))

    def _too_many(self) -> None:
        """An event too many is never sent; the app hears of it once a minute."""
        minute = self._limit.news()
        if minute is not None:
            self._begin(self._insist(rate_limited(self._workspace, minute), counted=False))

    def _next(self) -> Socket | None:
        if not self._open:
            return None
        self._turn += 1
        return self._open[self._turn % len(self._open)]

    async def _deliver(self, socket: Socket, envelope: Json) -> Json | None:
        """What the acknowledgement carried. Raises TimeoutError, or ConnectionError when the socket ended first."""
        envelope_id = str(uuid.UUID(int=self._workspace.random.getrandbits(128)))
        future: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        socket.awaited[envelope_id] = future
        await socket.send(envelope | {"envelope_id": envelope_id})
        try:
            async with asyncio.timeout(ACK_WITHIN):
                return await future
        finally:
            socket.awaited.pop(envelope_id, None)

    async def drop(self) -> None:
        """Cut every connection without a word."""
        for socket in list(self._open):
            self._forget(socket)
            if socket.request.transport is not None:
                socket.request.transport.abort()

    async def refresh(self, reason: str = "refresh_requested", grace: float = 0.0) -> None:
        """Tell every connection to make another one; after `grace` real seconds they end.

        "link_disabled" switches Socket Mode off, so that no other can be opened. ValueError for an unknown reason.
        """
        if reason not in REASONS:
            raise ValueError(f"Slack disconnects for {', '.join(REASONS)}, not for {reason!r}")
        if reason == "link_disabled":
            self._workspace.app.socket_mode = False
        asked = list(self._open)
        for socket in asked:
            await socket.send(_disconnect(reason))
        await really_wait(grace)
        for socket in asked:
            await socket.ws.close()

    async def close(self) -> None:
        """The end of the workspace."""
        for task in list(self._deliveries):
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)
        for socket in list(self._open):
            await socket.ws.close()


def _acknowledged(socket: Socket, text: str) -> None:
    try:
        said: Any = json.loads(text)
    except ValueError:
        return
    future = socket.awaited.get(said.get("envelope_id", "")) if isinstance(said, dict) else None
    if future is not None and not future.done():
        payload = said.get("payload")
        future.set_result(payload if isinstance(payload, dict) else None)


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
