"""What the war room needs from the world, as protocols it owns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from warroom.outbox.changes import Changeset
from warroom.people.resolution import Directory
from warroom.policy import Policy
from warroom.stores import Store as Store
from warroom.value import Value


class Clock(Protocol):
    """The time, injected."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...


class Message(Value):
    """A message of the workspace as far as the timeline needs it."""

    ts: str
    user: str | None
    text: str
    permalink: str | None = None


class Rooms(Protocol):
    """What can be read from the chat."""

    async def message(self, channel_id: str, ts: str) -> Message | None:
        """The message, in a thread or not; None when it is gone or cannot be seen. Raises Retryable or Rejected."""
        ...

    async def permalink(self, channel_id: str, ts: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class World:
    """Everything a use case may touch."""

    store: Store
    directory: Directory
    policy: Policy
    clock: Clock
    rooms: Rooms
    nudge: Callable[[], None]
    """Wakes the dispatcher; called after every commit."""

    async def commit(self, change: Changeset) -> bool:
        """Store.commit, then the nudge."""
        written = await self.store.commit(change)
        self.nudge()
        return written
