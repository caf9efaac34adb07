"""The order in which people acted, kept on the way from the delivery of a gesture to the change that it makes."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol


class QueuePlace(Protocol):
    """The place of a gesture among those of the same room."""

    async def reached(self) -> None:
        """Returns when whoever acted before has asked for their turn, changes nothing, or takes too long."""
        ...

    def left(self) -> None:
        """Nobody who acted later need wait for this gesture any more."""
        ...


PLACE: ContextVar[QueuePlace | None] = ContextVar("place", default=None)
"""Of the gesture that is being worked on; None for what nobody waits for: timers, effect results, alerts."""


def step_aside() -> None:
    """The gesture at work changes nothing in this step, or does so after a wait that others need not share."""
    place = PLACE.get()
    if place is not None:
        place.left()
