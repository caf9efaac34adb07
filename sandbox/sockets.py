"""Socket Mode: each payload goes to exactly one of the app's connections; events are sent again until acknowledged.

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
from sandbox.model import Json
from sandbox.rate_limits import EventLimit
from sandbox.workspace import WorkspaceState

ACK_TIMEOUT = 3.0
"""Real seconds that the app has to acknowledge."""
RETRY_DELAYS = (1.0, 60.0, 300.0)
"""Seconds of the workspace's clock before each retry of an event (docs.slack.dev, "The Events API": retries)."""
MAX_SOCKETS = 10
REASONS = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")
PING_INTERVAL = 30.0
"""Real seconds between pings, which the client has to answer."""
TICKET_LIFE = 60.0


@dataclass(eq=False)
class Socket:
    """One connection. `awaited` are the acknowledgements that are still missing, by envelope id."""

    ws: web.WebSocketResponse
    request: web.Request
    awaited: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)

    async def send(self, message: Json) -> None:
        """Send it; on a broken connection every missing acknowledgement fails."""
        try:
            await self.ws.send_str(json.dumps(message))
        except (ConnectionError, RuntimeError):
            self.fail_awaited()

    def fail_awaited(self) -> None:
        """Fail every missing acknowledgement with ConnectionResetError."""
        for future in self.awaited.values():
            if not future.done():
                future.set_exception(ConnectionResetError("the socket is gone"))


class Sockets:
    """All Socket Mode connections of the app."""

    def __init__(self, workspace: WorkspaceState, limit: EventLimit) -> None:
        self._workspace, self._limit = workspace, limit
        self._open: list[Socket] = []
        self._rotation = 0
        self._deliveries: set[asyncio.Task[None]] = set()
        self._waiting_to_retry: dict[asyncio.Task[None], float] = {}
        self._connections = 0
        self.duplicates = 0
        """How many of the next events are sent twice."""
        self.held: list[Json] | None = None
        """Events held back by the control API; None when events are delivered at once."""
        self.unacknowledged: list[str] = []
        """The ids of events that were given up after the last retry."""

    @property
    def connected(self) -> int:
        """How many sockets are open."""
        return len(self._open)

    @property
    def connections(self) -> int:
        """How many sockets have been opened so far."""
        return self._connections

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket of a ticket, which opens one connection within a minute. Returns when it ends."""
        issued = self._workspace.tickets.pop(request.query.get("ticket", ""), None)
        if issued is None or self._workspace.clock.seconds() - issued > TICKET_LIFE:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=400)
        ws = web.WebSocketResponse(autoping=True, heartbeat=PING_INTERVAL)
        await ws.prepare(request)
        socket = Socket(ws, request)
        if len(self._open) >= MAX_SOCKETS:
            await socket.send(_disconnect("too_many_websockets"))
            await ws.close()
            return ws
        self._open.append(socket)
        self._connections += 1
        await socket.send(
            {"type": "hello", "num_connections": len(self._open), "connection_info": {"app_id": request.query["app_id"]},
             "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060}}
        )  # fmt: skip
        self._workspace.changed.notify()
        try:
            async for message in ws:
                if message.type == WSMsgType.TEXT:
                    _resolve_acknowledgement(socket, message.data)
        finally:
            self._forget(socket)
        return ws

    def _forget(self, socket: Socket) -> None:
        if socket in self._open:
            self._open.remove(socket)
        socket.fail_awaited()
        self._workspace.changed.notify()

    async def deliver_interaction(self, kind: str, payload: Json, *, answers: bool = False) -> tuple[bool, Json | None]:
        """Deliver a command, click or form once: (acknowledged in time?, the payload of the acknowledgement)."""
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
        """Deliver an event in the background, with Slack's retries until it is acknowledged."""
        if self.held is not None:
            self.held.append(payload)
            return
        copies = 1
        if self.duplicates:
            self.duplicates -= 1
            copies = 2
        for _ in range(copies):
            self._start(self._deliver_until_acknowledged(payload))

    def _start(self, delivery: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(delivery)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    @property
    def in_flight(self) -> int:
        """How many events are being delivered, without those that wait for a retry."""
        return len(self._deliveries - self._waiting_to_retry.keys())

    @property
    def retry_at(self) -> float | None:
        """When the next event is sent again, in seconds since 1970 by the workspace's clock; None when none is."""
        return min(self._waiting_to_retry.values(), default=None)

    async def until_none_in_flight(self) -> None:
        """Returns when no event is being delivered; events that wait for a retry stay waiting."""
        while in_flight := self._deliveries - self._waiting_to_retry.keys():
            change = asyncio.ensure_future(self._workspace.changed.wait())
            await asyncio.wait({change, *in_flight}, return_when=asyncio.FIRST_COMPLETED)
            change.cancel()

    async def until_all_delivered(self) -> None:
        """Returns when every event so far has been acknowledged or given up."""
        while self._deliveries:
            await asyncio.wait(set(self._deliveries))

    def release(self, *, reverse: bool = False) -> None:
        """Deliver the held events, newest first with `reverse`, and stop holding."""
        held, self.held = self.held or [], None
        for payload in reversed(held) if reverse else held:
            self.emit(payload)

    async def _wait_to_retry(self, until: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "each event is delivered in its own task"
        self._waiting_to_retry[task] = until
        self._workspace.changed.notify()
        try:
            await self._workspace.clock.until(until)
        finally:
            del self._waiting_to_retry[task]

    async def _deliver_until_acknowledged(self, payload: Json, *, counted: bool = True) -> None:
        clock = self._workspace.clock
        reason = ""
        for attempt in range(len(RETRY_DELAYS) + 1):
            if attempt:
                await self._wait_to_retry(clock.seconds() + RETRY_DELAYS[attempt - 1])
            socket = self._next()
            if socket is None:
                reason = "connection_failed"
                continue
            if counted and not self._limit.count_delivery():
                self._report_dropped()
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
            self._workspace.changed.notify()
        self.unacknowledged.append(str(payload.get("event_id", payload["type"])))

    def _report_dropped(self) -> None:
        """The event is dropped; the app gets app_rate_limited, once a minute."""
        minute = self._limit.minute_to_report()
        if minute is not None:
            self._start(self._deliver_until_acknowledged(rate_limited(self._workspace, minute), counted=False))

    def _next(self) -> Socket | None:
        if not self._open:
            return None
        self._rotation += 1
        return self._open[self._rotation % len(self._open)]

    async def _deliver(self, socket: Socket, envelope: Json) -> Json | None:
        """Send once and return the payload of the acknowledgement. Raises TimeoutError or ConnectionError."""
        envelope_id = str(uuid.UUID(int=self._workspace.random.getrandbits(128)))
        future: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        socket.awaited[envelope_id] = future
        await socket.send(envelope | {"envelope_id": envelope_id})
        try:
            async with asyncio.timeout(ACK_TIMEOUT):
                return await future
        finally:
            socket.awaited.pop(envelope_id, None)

    async def drop(self) -> None:
        """Cut every connection without a closing handshake."""
        for socket in list(self._open):
            self._forget(socket)
            if socket.request.transport is not None:
                socket.request.transport.abort()

    async def refresh(self, reason: str = "refresh_requested", grace: float = 0.0) -> None:
        """Ask every connection to be replaced, and close it after `grace` real seconds.

        With "link_disabled" Socket Mode is off and no other can be opened. ValueError for an unknown reason.
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
        """Cancel all deliveries and close every connection."""
        for task in list(self._deliveries):
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)
        for socket in list(self._open):
            await socket.ws.close()


def _resolve_acknowledgement(socket: Socket, text: str) -> None:
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
