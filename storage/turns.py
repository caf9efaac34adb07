"""Whose turn it is to change an incident, within this process: one after another instead of racing each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from storage.priority_lock import PriorityLock
from warroom.incident.model import Incident


@dataclass(slots=True)
class IncidentTurn:
    """`warroom.ports.IncidentTurn`: what one change hands to the next."""

    incident: Incident | None = None
    lock: PriorityLock = field(default_factory=PriorityLock)
    users: int = 0
    """How many hold it or wait for it."""


class Turns:
    """One queue for each incident that is being changed, first come first served."""

    def __init__(self) -> None:
        self._turns: dict[str, IncidentTurn] = {}

    @asynccontextmanager
    async def of(self, incident_id: str, *, urgent: bool) -> AsyncIterator[IncidentTurn]:
        """Hold the incident; those that are urgent go before those that are not. Does not suspend before it queues."""
        turn = self._turns.setdefault(incident_id, IncidentTurn())
        turn.users += 1
        try:
            async with turn.lock.taken(urgent=urgent):
                yield turn
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[incident_id]
