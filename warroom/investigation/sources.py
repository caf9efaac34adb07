"""Where findings come from beside metrics and logs (`warroom.capabilities`): protocols, each implemented by whoever can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from warroom.investigation.model import Fact
from warroom.policy.investigation import ServicePolicy


@runtime_checkable
class FactSource(Protocol):
    """Knows what happened to services: restarts, pods that wait, health checks that fail."""

    async def facts(self, services: Mapping[str, ServicePolicy], since: datetime, until: datetime) -> Sequence[Fact]:
        """Of these services, by name. Raises Retryable or Rejected."""
        ...
