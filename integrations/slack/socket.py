"""Socket Mode with an inbox: store, acknowledge, then let Bolt work. What a crash left is done at the next start.

By itself Bolt acknowledges an event before its listener ran, loses it when that fails, and runs any number of listeners
at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, Protocol

import structlog
from aiohttp import WSMessage
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from integrations.slack.client import on_this_machine
from integrations.slack.inbox import EVENT, answered_first, dropped, envelope, not_stored, worthless
from integrations.slack.lanes import Lane, LanePlace, Lanes, lane_of
from integrations.slack.pace import Pace
from integrations.slack.watchdog import stay_connected, watch
from warroom.errors import StoreUnavailable
from warroom.order import PLACE, step_aside
from warroom.outbox.changes import Changeset, Envelope
from warroom.ports import Clock, Store

log = structlog.get_logger(__name__)

PING_EVERY = 5.0
"""Seconds between pings; also how soon the SDK tries again after a failed connection."""
HELLO = "hello"
"""The first thing Slack says on every connection (docs.slack.dev, "Using Socket Mode")."""
EVENTS_AT_ONCE = 20
PEOPLE_AT_ONCE = 500
"""Listeners at work at once. People have places of their own, so that a flood of events does not make them wait."""
POLITE = 0.25
"""Seconds that work waits at most, after a quiet moment, for those who still wait for an acknowledgement."""
BATCH = 500
"""Deliveries replayed at once."""
TRIES = 3
PAUSES = (1.0, 5.0)
"""Seconds before the second and the third try."""
PASSING = 503
"""What a listener answers when the same delivery may succeed later."""
SWEEP_EVERY = 15.0
LEFT_BEHIND = timedelta(minutes=1)
"""What is stored for so long and not done was left by a database that went away, or by another process that died."""


CONNECTION, WATCHDOG, INBOX = "socket", "socket watchdog", "inbox"
"""The names of the tasks that last as long as the process."""


class Tasks(Protocol):
    """Keeps tasks running until they are told to end; one that ends by itself is started again."""

    def keep(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None: ...
    async def end(self, *names: str) -> None: ...


class InboxHandler(AsyncSocketModeHandler):
    """The socket. The app must have been made with `process_before_response=True`; its listeners must bear a repeat.

    A listener's `ack(...)` answers the person only for form submissions and option lists; everything else is
    acknowledged before it runs. `on_connected` is called for every connection, and when Slack drops events: something may
    have been missed.
    `on_answered` hears of each delivery's kind, and of the seconds from its arrival to its acknowledgement.
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
        if not app.process_before_response:
            raise ValueError(
                "The inbox marks work as done when Bolt returns: make the app with process_before_response=True."
            )
        super().__init__(app, app_token, ping_interval=ping_interval)
        if on_this_machine(app.client.base_url):
            # As in `open_client`: a proxy cannot reach this machine's loopback. Bolt makes a client for each request.
            self.client.proxy = None
            app.use(_past_the_proxy)
        self._store, self._clock, self._sleep = store, clock, sleep
        self._on_connected, self._on_answered = on_connected, on_answered
        self._places = {True: asyncio.Semaphore(EVENTS_AT_ONCE), False: asyncio.Semaphore(PEOPLE_AT_ONCE)}
        self._lanes = Lanes()
        self._working: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept = tasks
        self._open = True
        self._replaying = False
        self._arrived: dict[str, float] = {}
        """When each delivery came that is not acknowledged yet, by the loop's clock."""
        self._all_answered = asyncio.Event()
        self._polite_until: float | None = None
        """By the loop's clock; None when nobody had to wait since the last delivery was acknowledged."""
        self._pace = Pace()
        self._idle = asyncio.Event()
        self._idle.set()
        self.client.on_message_listeners.append(self._received)

    async def start(self) -> None:
        """Begin to connect, watch the connection, and work off what an earlier process left. Returns at once."""
        self._replaying = True
        self._changed()
        self._kept.keep(CONNECTION, lambda: stay_connected(self.client, self._sleep))
        self._kept.keep(WATCHDOG, lambda: watch(self.client, self._sleep))
        self._kept.keep(INBOX, self._work_off)

    async def connected(self) -> bool:
        """Whether Slack can reach us now."""
        return bool(await self.client.is_connected())

    async def replay(self, older_than: timedelta = timedelta(0)) -> int:
        """Work off what is stored that long and not done. Returns how many were started; raises StoreUnavailable."""
        until = self._clock.now() - older_than
        kept_so_far = await self._store.pending_envelopes(BATCH)
        pending = [kept for kept in kept_so_far if kept.key not in self._working and kept.received_at <= until]
        for kept in pending:
            self._begin(kept, self._lanes.join(lane_of(kept)))
        return len(pending)

    async def idle(self) -> None:
        """Returns when nothing that was delivered, or left by an earlier process, is still being handled."""
        await self._idle.wait()

    async def stop(self, timeout: float) -> None:
        """Receive nothing more, give what is at work `timeout` seconds to end, and close. The next start does the rest."""
        self._open = False
        self.client.auto_reconnect_enabled = False
        await self._kept.end(CONNECTION, WATCHDOG, INBOX)
        await _cancel(self.client.message_receiver)
        try:
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        except TimeoutError:
            log.warning("work is left for the next start", count=len(self._tasks))
        await _cancel(*self._tasks)
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
                await self._track(self._answer(client, req))
            else:
                await self._keep(client, req)
        finally:
            now = asyncio.get_running_loop().time()
            self._on_answered(req.type, now - self._arrived.pop(req.envelope_id, now))
            self._changed()

    async def _received(self, message: WSMessage) -> None:
        # The SDK calls this before it hands the delivery on: between the two nothing else knows of it.
        said = json.loads(message.data)
        if said.get("type") == HELLO:
            self._look_for_missed()
        envelope_id = said.get("envelope_id")
        if envelope_id:
            self._arrived[envelope_id] = asyncio.get_running_loop().time()
            self._changed()

    def _look_for_missed(self) -> None:
        if self._on_connected is not None:
            self._track(self._greet(self._on_connected))

    async def _greet(self, on_connected: Callable[[], Awaitable[None]]) -> None:
        try:
            await on_connected()
        except StoreUnavailable as error:
            log.error("what follows a connection could not be stored; the next one tries again", error=str(error))

    def _changed(self) -> None:
        if self._arrived:
            self._all_answered.clear()
        else:
            self._all_answered.set()
            self._polite_until = None
        if self._arrived or self._tasks or self._replaying:
            self._idle.clear()
        else:
            self._idle.set()

    async def _answer(self, client: SocketModeClient, req: SocketModeRequest) -> None:
        response = await run_async_bolt_app(self.app, req)
        await send_async_response(client, req, response, 0.0)
        if response.status != 200:
            log.error("a form was not answered", status=response.status, form=req.payload.get("type"))

    async def _keep(self, client: SocketModeClient, req: SocketModeRequest) -> None:
        kept = envelope(req, self._clock.now())
        # Reserved before it is stored, so that the replay does not take it for something left behind.
        first = kept.key not in self._working
        self._working.add(kept.key)
        place = self._lanes.join(lane_of(kept))
        new = False
        try:
            new = await self._store.commit(Changeset(now=kept.received_at, envelope=kept))
        except StoreUnavailable as error:
            log.error("a delivery could not be stored", key=kept.key, kind=kept.kind, error=str(error))
            answer = not_stored(req)
            if answer is not None:
                await client.send_socket_mode_response(SocketModeResponse(req.envelope_id, payload=answer))
            return
        finally:
            if first and not new:
                self._working.discard(kept.key)
            if not new:
                place.left()
        if new:
            # Begun before the acknowledgement is sent: a socket that breaks now must not lose the work.
            self._begin(kept, place)
        try:
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
        except ConnectionError as error:
            # It is stored: when Slack sends an event again, it is known and acknowledged then.
            log.info("an acknowledgement was not sent", key=kept.key, why=str(error))

    def _begin(self, kept: Envelope, place: LanePlace) -> None:
        self._working.add(kept.key)
        # Also for a task that is cancelled before it begins.
        self._track(self._work(kept, place)).add_done_callback(lambda _: place.left())

    def _track(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        self._changed()
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._changed()

    async def _work(self, kept: Envelope, place: LanePlace) -> None:
        PLACE.set(place)
        try:
            async with self._places[kept.kind == EVENT]:
                await self._calm(place.lane)
                over = await self._try(kept)
            if over:
                await self._done(kept)
            else:
                log.warning("a delivery stays open; it is tried again", key=kept.key, kind=kept.kind)
        except StoreUnavailable as error:
            log.error("not marked as done; it is done again in a minute", key=kept.key, error=str(error))
        finally:
            self._working.discard(kept.key)

    async def _calm(self, room: Lane | None) -> None:
        """Returns when nobody waits for an acknowledgement any more, one caller after the other, each in a round of the
        loop of its own, and every room in turn. Where deliveries never cease, politeness ends after `POLITE`.
        """
        async with self._pace.taken(room):
            if not self._all_answered.is_set():
                now = asyncio.get_running_loop().time()
                self._polite_until = self._polite_until or now + POLITE
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, self._polite_until - now)):
                        await self._all_answered.wait()
            await self._sleep(0)

    async def _try(self, kept: Envelope) -> bool:
        """Whether it is over: done, or given up. One that failed for a reason that passes stays open."""
        status = 200
        for attempt in range(1, TRIES + 1):
            response = await self.app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=kept.body))
            status = response.status
            if status == 404:
                log.info("nobody listens to a delivery", key=kept.key, kind=kept.kind)
            if status in (200, 404):
                return True
            log.error("a listener failed", key=kept.key, kind=kept.kind, status=status, attempt=attempt)
            step_aside()
            if attempt < TRIES:
                await self._sleep(PAUSES[attempt - 1])
        if status == PASSING:
            return False
        log.error("a delivery is given up", key=kept.key, kind=kept.kind, tries=TRIES)
        return True

    async def _done(self, kept: Envelope) -> None:
        await self._store.commit(Changeset(now=self._clock.now(), envelope_done=kept.key))

    async def _work_off(self) -> None:
        """What an earlier process left, once; then what was left behind meanwhile, now and then."""
        if self._replaying:
            await self._replay()
        while True:
            await self._sleep(SWEEP_EVERY)
            try:
                found = await self.replay(LEFT_BEHIND)
            except StoreUnavailable as error:
                log.warning("what was left behind is looked for later", error=str(error))
                continue
            if found:
                log.info("working off what was left behind", count=found)

    async def _replay(self) -> None:
        try:
            while started := await self.replay():
                log.info("working off what was left", count=started)
                if started < BATCH:
                    return
                await asyncio.wait(self._tasks)
                await self._sleep(PAUSES[0])
        except StoreUnavailable as error:
            log.error("what was left could not be read; the next start tries again", error=str(error))
        finally:
            self._replaying = False
            self._changed()


async def _past_the_proxy(client: AsyncWebClient, next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002  # Bolt's name
    client.proxy = None
    await next()


async def _cancel(*tasks: asyncio.Future[None] | None) -> None:
    running = [task for task in tasks if task is not None and not task.done()]
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)
