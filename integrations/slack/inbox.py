"""The inbox: what Slack delivered is stored before it is acknowledged, and then worked off once, by Bolt's listeners.

By itself Bolt acknowledges an event before its listener ran, loses it when that fails, and runs any number of listeners
at once. What a crash left undone is done at the next start.
Keys: an event keeps its event_id when it is delivered again; a command, click or shortcut has a trigger_id of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.socket_mode.request import SocketModeRequest

from integrations.slack.delivery_order import EVENT, Lane, LanePlace, Lanes, RoundRobinLock, lane_of
from warroom.errors import StoreUnavailable
from warroom.outbox.changes import Changeset, Envelope
from warroom.ports import PLACE, Clock, Store, step_aside

log = structlog.get_logger(__name__)

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


def envelope(request: SocketModeRequest, now: datetime) -> Envelope:
    """The delivery as it is stored."""
    payload = request.payload
    key = payload.get("event_id") or payload.get("trigger_id") or request.envelope_id
    return Envelope(key=str(key), kind=request.type, body=payload, received_at=now)


class InboxWorker:
    """Stores deliveries and has Bolt's listeners work on them, which must bear a repeat."""

    def __init__(self, app: AsyncApp, *, store: Store, clock: Clock, sleep: Callable[[float], Awaitable[None]]) -> None:
        if not app.process_before_response:
            raise ValueError(
                "The inbox marks work as done when Bolt returns: make the app with process_before_response=True."
            )
        self._app, self._store, self._clock, self._sleep = app, store, clock, sleep
        self._places = {True: asyncio.Semaphore(EVENTS_AT_ONCE), False: asyncio.Semaphore(PEOPLE_AT_ONCE)}
        self._lanes = Lanes()
        self._next = RoundRobinLock()
        self._working: set[str] = set()
        """Keys of the deliveries that this process stores or works on."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._replaying = True
        """Until `work_off` has looked for what an earlier process left."""
        self._arrived: dict[str, float] = {}
        """When each delivery came that is not acknowledged yet, by the loop's clock."""
        self._all_answered = asyncio.Event()
        self._polite_until: float | None = None
        """By the loop's clock; None when nobody had to wait since the last delivery was acknowledged."""
        self._idle = asyncio.Event()
        self._changed()

    def arrived(self, delivery_id: str) -> None:
        """Somebody waits for the acknowledgement of this delivery, until `answered`."""
        self._arrived[delivery_id] = asyncio.get_running_loop().time()
        self._changed()

    def answered(self, delivery_id: str) -> float:
        """Nobody waits for it any more. Returns the seconds since it arrived."""
        now = asyncio.get_running_loop().time()
        waited = now - self._arrived.pop(delivery_id, now)
        self._changed()
        return waited

    async def store(self, kept: Envelope) -> None:
        """Store the delivery and begin its work, unless it is known already. Raises StoreUnavailable."""
        # Reserved before it is stored, so that the replay does not take it for something left behind.
        first = kept.key not in self._working
        self._working.add(kept.key)
        place = self._lanes.join(lane_of(kept))
        new = False
        try:
            new = await self._store.commit(Changeset(now=kept.received_at, envelope=kept))
        finally:
            if first and not new:
                self._working.discard(kept.key)
            if not new:
                place.left()
        if new:
            self._begin(kept, place)

    def track(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run it as a task that `idle` and `stop` wait for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        self._changed()
        return task

    async def idle(self) -> None:
        """Returns when nothing that was delivered, or left by an earlier process, is still being handled."""
        await self._idle.wait()

    async def stop(self, timeout: float) -> None:
        """Give what is at work `timeout` seconds to end, then cancel it. The next start does the rest."""
        self._replaying = False
        self._changed()
        try:
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        except TimeoutError:
            log.warning("work is left for the next start", count=len(self._tasks))
        await cancel(*self._tasks)

    async def replay(self, older_than: timedelta = timedelta(0)) -> int:
        """Work off what is stored that long and not done. Returns how many were started; raises StoreUnavailable."""
        until = self._clock.now() - older_than
        kept_so_far = await self._store.pending_envelopes(BATCH)
        pending = [kept for kept in kept_so_far if kept.key not in self._working and kept.received_at <= until]
        for kept in pending:
            self._begin(kept, self._lanes.join(lane_of(kept)))
        return len(pending)

    async def work_off(self) -> None:
        """What an earlier process left, once; then, for ever, what was left behind meanwhile."""
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

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._changed()

    def _begin(self, kept: Envelope, place: LanePlace) -> None:
        self._working.add(kept.key)
        # Also for a task that is cancelled before it begins.
        self.track(self._work(kept, place)).add_done_callback(lambda _: place.left())

    async def _work(self, kept: Envelope, place: LanePlace) -> None:
        PLACE.set(place)
        try:
            await place.begin()
            async with self._places[kept.kind == EVENT]:
                await self._calm(place.lane)
                over = await self._try(kept, place)
            if over:
                await self._done(kept)
            else:
                log.warning("a delivery stays open; it is tried again", key=kept.key, kind=kept.kind)
        except StoreUnavailable as error:
            log.error("not marked as done; it is done again in a minute", key=kept.key, error=str(error))
        finally:
            place.released()
            self._working.discard(kept.key)

    async def _calm(self, room: Lane | None) -> None:
        """Returns when nobody waits for an acknowledgement any more, one caller after the other, each in a round of the
        loop of its own, and every room in turn. Where deliveries never cease, politeness ends after `POLITE`.
        """
        async with self._next.taken(room):
            if not self._all_answered.is_set():
                now = asyncio.get_running_loop().time()
                self._polite_until = self._polite_until or now + POLITE
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, self._polite_until - now)):
                        await self._all_answered.wait()
            await self._sleep(0)

    async def _try(self, kept: Envelope, place: LanePlace) -> bool:
        """Whether it is over: done, or given up. One that failed for a reason that passes stays open."""
        status = 200
        for attempt in range(1, TRIES + 1):
            response = await self._app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=kept.body))
            status = response.status
            if status == 404:
                log.info("nobody listens to a delivery", key=kept.key, kind=kept.kind)
            if status in (200, 404):
                return True
            log.error("a listener failed", key=kept.key, kind=kept.kind, status=status, attempt=attempt)
            step_aside()
            place.released()
            if attempt < TRIES:
                await self._sleep(PAUSES[attempt - 1])
        if status == PASSING:
            return False
        log.error("a delivery is given up", key=kept.key, kind=kept.kind, tries=TRIES)
        return True

    async def _done(self, kept: Envelope) -> None:
        await self._store.commit(Changeset(now=self._clock.now(), envelope_done=kept.key))


async def cancel(*tasks: asyncio.Future[None] | None) -> None:
    """Cancel what still runs, and wait until it has ended."""
    running = [task for task in tasks if task is not None and not task.done()]
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)
