"""What the war room needs from the world, as protocols it owns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from warroom.alerts.app_messages import MessageReader
from warroom.errors import Refused
from warroom.incident.decision import Decision
from warroom.incident.form import FilledForm, FormResult, IntegrationForm
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Changeset, Envelope
from warroom.outbox.effects import Effect, ExternalEffect
from warroom.outbox.results import ExternalResult
from warroom.people.model import Directory
from warroom.policy import Policy
from warroom.refusals import MenuOutdated
from warroom.runbooks.library import Library
from warroom.stores import IncidentTurn as IncidentTurn
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


class Reactions(Protocol):
    """What the integrations do about what happens; see `warroom.integration`. All but `choose` are pure."""

    @property
    def message_readers(self) -> Sequence[MessageReader]: ...
    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]: ...
    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision: ...
    def on_failure(self, incident: Incident, effect: ExternalEffect) -> tuple[Incident, str]: ...
    async def choose(self, world: World, incident_id: str, chosen: str, by: str) -> IntegrationForm | None: ...
    async def submit(self, world: World, incident_id: str, filled: FilledForm, by: str) -> FormResult: ...
    def commanded(self, command: str, policy: Policy) -> str | None: ...


class NoIntegrations:
    """There are none."""

    message_readers: Sequence[MessageReader] = ()

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]:
        return ()

    def on_result(self, incident: Incident, result: ExternalResult, now: datetime, policy: Policy) -> Decision:
        return Decision(incident, quiet=True)

    def on_failure(self, incident: Incident, effect: ExternalEffect) -> tuple[Incident, str]:
        return incident, f"{effect.label} could not be done"

    async def choose(self, world: World, incident_id: str, chosen: str, by: str) -> IntegrationForm | None:
        raise Refused(MenuOutdated())

    async def submit(self, world: World, incident_id: str, filled: FilledForm, by: str) -> FormResult:
        raise Refused(MenuOutdated())

    def commanded(self, command: str, policy: Policy) -> str | None:
        return None


class QueuePlace(Protocol):
    """The place of a gesture among those of the same room: kept from its delivery to the change that it makes, so that
    people change an incident in the order in which they acted.
    """

    async def reached(self) -> None:
        """Returns when whoever acted before has asked for their turn, changes nothing, or waits too long for another system."""
        ...

    def outside(self) -> AbstractContextManager[None]:
        """Within it the gesture waits for another system, and is waited for no longer than a moment."""
        ...

    def left(self) -> None:
        """Nobody who acted later need wait for this gesture any more."""
        ...


PLACE: ContextVar[QueuePlace | None] = ContextVar("place", default=None)
"""Of the gesture that is being worked on; None for what nobody waits for: timers, effect results, alerts."""


def outside() -> AbstractContextManager[None]:
    """Around every call of another system: see `QueuePlace.outside`. Where no gesture is at work it does nothing."""
    place = PLACE.get()
    return nullcontext() if place is None else place.outside()


_OVER: ContextVar[Callable[[], bool]] = ContextVar("over", default=lambda: False)


ACTING = timedelta(seconds=13)
"""After a claim was taken, so long something may be begun in another system: less than the lease, so that nobody else begins meanwhile."""


@contextmanager
def acting(taken_at: datetime | None, clock: Clock) -> Iterator[None]:
    """Around the work on a claim that was taken then, or now: `time_is_up` says within it whether ACTING is over."""
    end = (taken_at or clock.now()) + ACTING
    token = _OVER.set(lambda: clock.now() > end)
    try:
        yield
    finally:
        _OVER.reset(token)


def time_is_up() -> bool:
    """Whether somebody else may be at the same work, so that nothing may be begun in another system any more.

    By the wall clock: the steady one, which asyncio.timeout follows, may stand still while a machine sleeps.
    """
    return _OVER.get()()


def step_aside() -> None:
    """The gesture at work changes nothing in this step, or does so after a wait that others need not share."""
    place = PLACE.get()
    if place is not None:
        place.left()


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
    integrations: Reactions = field(default_factory=NoIntegrations)
    library: Library = field(default_factory=Library)
    """The runbooks, and the kinds of steps that there are."""
    gesture: str | None = None
    """What a person did, by the id that the chat gave it. It changes an incident once, however often it is delivered:
    `change` and `declare` store it in the transaction of the change and raise Repeated when it was stored before."""

    def for_gesture(self, gesture: str) -> World:
        """The same world for one gesture. Only for gestures that change one incident once."""
        return replace(self, gesture=gesture)

    def marked(self, change: Changeset) -> Changeset:
        """The change with the gesture as its idempotency key; as it is where no gesture is meant."""
        if self.gesture is None:
            return change
        mark = Envelope(key=f"gesture:{self.gesture}", kind="gesture", body={}, received_at=change.now)
        return change.copy_with(envelope=mark, envelope_done=mark.key)

    async def commit(self, change: Changeset) -> bool:
        """Store.commit, then the nudge."""
        written = await self.store.commit(change)
        self.nudge()
        return written

    async def commit_new(self, build: Callable[[int], Changeset]) -> Changeset | None:
        """Store.commit_new, then the nudge."""
        written = await self.store.commit_new(build)
        self.nudge()
        return written

    @asynccontextmanager
    async def in_turn(
        self, incident_id: str, *, urgent: bool = False, alone: bool = False
    ) -> AsyncIterator[IncidentTurn]:
        """Store.in_turn, in the order in which people acted."""
        place = PLACE.get()
        if place is not None:
            await place.reached()
            # Whoever is next runs after this task has joined the queue: there is no wait in between.
            place.left()
        async with self.store.in_turn(incident_id, urgent=urgent, alone=alone) as turn:
            yield turn
