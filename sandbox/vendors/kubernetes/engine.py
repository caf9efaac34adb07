"""What drives the cluster: an agenda on the sandbox's clock. Nothing sleeps; whoever asks first brings it up to date."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from sandbox.vendors.kubernetes.resources import BY_KIND, Body
from sandbox.vendors.kubernetes.store import Store, short_hash, timestamp

EVENTS_KEPT = timedelta(hours=1)
"""How long events are to be found."""
OBSERVED_AFTER = 1.0
"""Seconds until a controller sees that a spec was changed: until then observedGeneration is behind."""


class Clock(Protocol):
    """The sandbox's clock, as far as a cluster needs it."""

    def now(self) -> datetime: ...
    async def until(self, moment: float) -> None: ...


class Engine:
    """`now` is the moment of what is being done: that of an agenda's entry, else the clock's."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.store = clock, Store()
        self.now = clock.now()
        self.reconcilers: list[Callable[[], None]] = []
        self._agenda: list[tuple[datetime, int, Callable[[], None] | None]] = []
        self._looks: set[datetime] = set()
        self._entries = 0
        self._unseen: dict[tuple[str, str, str], datetime] = {}
        self._settling = False
        self._waiting: set[asyncio.Future[None]] = set()

    def later(self, seconds: float, do: Callable[[], None] | None = None) -> None:
        """Do it then, and let every controller look afterwards."""
        at = self.now + timedelta(seconds=seconds)
        if do is None and at in self._looks:
            return
        if do is None:
            self._looks.add(at)
        self._entries += 1
        heapq.heappush(self._agenda, (at, self._entries, do))

    @property
    def next_due(self) -> datetime | None:
        """When the agenda goes on."""
        return self._agenda[0][0] if self._agenda else None

    def settle(self) -> None:
        """Do everything that is due by the clock, in its order and at its own moment."""
        if self._settling:
            return
        self._settling = True
        before, until = self.store.revision, self.clock.now()
        try:
            while self._agenda and self._agenda[0][0] <= until:
                at, _, do = heapq.heappop(self._agenda)
                self.now = max(self.now, at)
                if do is None:
                    self._looks.discard(at)
                else:
                    do()
                self._reconcile()
            self.now = max(self.now, until)
            self._reconcile()
        finally:
            self._settling = False
        self._forget_events()
        if self.store.revision != before:
            self.wake()

    def _forget_events(self) -> None:
        oldest = timestamp(self.now - EVENTS_KEPT)
        for each in [*self.store.all("events")]:
            if each["lastTimestamp"] < oldest:
                self.store.remove("events", each["metadata"]["namespace"], each["metadata"]["name"])

    def _reconcile(self) -> None:
        for _ in range(1000):
            before = self.store.revision
            for each in self.reconcilers:
                each()
            if self.store.revision == before:
                return
        raise RuntimeError("the controllers do not come to rest")

    def spec_changed(self, plural: str, namespace: str, name: str) -> None:
        """Somebody changed a spec: its controller sees it a little later."""
        self._unseen[(plural, namespace, name)] = self.now + timedelta(seconds=OBSERVED_AFTER)
        self.later(OBSERVED_AFTER)
        self.wake()

    def unseen(self, plural: str, body: Body) -> bool:
        """Whether the controller has not looked at it yet."""
        key = (plural, body["metadata"]["namespace"], body["metadata"]["name"])
        due = self._unseen.get(key)
        if due is not None and due <= self.now:
            del self._unseen[key]
        return key in self._unseen

    async def changed(self) -> None:
        """Returns when something changed, or the agenda goes on by the clock."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        due = self.next_due
        clock = asyncio.ensure_future(self.clock.until(due.timestamp())) if due else None
        try:
            await asyncio.wait({each for each in (waiter, clock) if each}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.discard(waiter)
            if clock is not None:
                clock.cancel()

    def wake(self) -> None:
        """Those who wait in `changed` look again."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def event(self, about: Body, reason: str, message: str, *, warning: bool = False, source: str = "") -> None:
        """Something to be found in `kubectl describe`. A repetition is counted."""
        meta = about["metadata"]
        type_, at = ("Warning" if warning else "Normal"), timestamp(self.now)
        name = f"{meta['name']}.{short_hash([meta.get('uid'), reason, message], 16)}"
        namespace = meta.get("namespace", "default")
        old = self.store.find("events", namespace, name)
        if old is not None:
            self.store.put("events", old | {"count": old["count"] + 1, "lastTimestamp": at})
            return
        kind = BY_KIND[about["kind"]]
        self.store.add(
            "events",
            {
                "metadata": {"name": name, "namespace": namespace},
                "involvedObject": {
                    "kind": kind.kind,
                    "namespace": namespace,
                    "name": meta["name"],
                    "uid": meta["uid"],
                    "apiVersion": kind.api_version,
                    "resourceVersion": meta["resourceVersion"],
                },
                "reason": reason,
                "message": message,
                "type": type_,
                "source": {"component": source or f"{kind.kind.lower()}-controller"},
                "firstTimestamp": at,
                "lastTimestamp": at,
                "count": 1,
                "eventTime": None,
                "reportingComponent": source or f"{kind.kind.lower()}-controller",
                "reportingInstance": "",
            },
            self.now,
        )
