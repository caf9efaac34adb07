"""One performing of one effect: the claim, the effect, and what a performer works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from integrations.datadog.client import Datadog
from warroom.outbox.effects import Effect
from warroom.policy import Policy
from warroom.ports import Clock, Store

E = TypeVar("E", bound=Effect, covariant=True)


@dataclass(frozen=True)
class EffectContext(Generic[E]):
    """One performing of one effect."""

    effect: E
    outcome_unknown: bool
    """It may have happened before: look first."""
    datadog: Datadog
    store: Store
    policy: Policy
    clock: Clock

    @property
    def now(self) -> datetime:
        return self.clock.now()
