"""Which function performs which effect in Datadog, and what holds for all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import structlog

from integrations.datadog import incidents, monitors, mutes
from integrations.datadog.client import Datadog
from integrations.datadog.context import EffectContext
from integrations.datadog.failures import UNEXPECTED_SHAPE_ERRORS
from warroom.errors import Retryable
from warroom.outbox.effects import Effect
from warroom.outbox.results import EffectResult
from warroom.policy import Policy
from warroom.ports import Clock, Store

log = structlog.get_logger(__name__)

LONGEST = 13.0
"""Seconds one performing may take: less than the lease of the claim, so that nobody else begins meanwhile."""

AT_ONCE = 8
"""Effects that are performed in Datadog at the same time; the dispatcher has many more hands."""
APART = timedelta(seconds=0.125)
"""So far apart those come back that were told to wait."""
LONGEST_QUEUE = timedelta(minutes=2)
PRESSED = frozenset({"mute_monitor"})

PERFORMERS: Mapping[str, Callable[[EffectContext[Any]], Awaitable[EffectResult | None]]] = {
    "read_monitors": monitors.read_monitors,
    "read_monitor": monitors.read_monitor,
    "mute_monitor": mutes.mute_monitor,
    "mirror_incident": incidents.mirror_incident,
    "read_incidents": incidents.read_incidents,
}
"""By effect kind."""


class DatadogPerformer:
    """Performs effects in Datadog."""

    def __init__(self, datadog: Datadog, store: Store, policy: Policy, clock: Clock) -> None:
        self._datadog, self._store, self._policy, self._clock = datadog, store, policy, clock
        self._busy = 0
        self._next = clock.now()

    async def perform(self, effect: Effect, *, outcome_unknown: bool = False) -> EffectResult | None:
        """What Datadog answered. Raises Retryable or Rejected."""
        context = EffectContext(effect, outcome_unknown, self._datadog, self._store, self._policy, self._clock)
        try:
            with self._turn(effect):
                async with asyncio.timeout(LONGEST):
                    return await PERFORMERS[effect.kind](context)
        except UNEXPECTED_SHAPE_ERRORS as error:
            # What was asked for may have happened; an answer that nobody foresaw is not one to go on from.
            log.exception("Datadog answered in a shape nobody foresaw", work=effect.kind)
            raise Retryable(
                f"Datadog answered {effect.kind} in a way that is not understood", outcome_unknown=True
            ) from error
        except TimeoutError as error:
            raise Retryable(f"Datadog did not finish {effect.kind} in {LONGEST:g} s", outcome_unknown=True) from error
        except Retryable as error:
            if outcome_unknown and not error.outcome_unknown:
                # Whatever stopped us now, the doubt about the earlier try remains.
                raise Retryable(str(error), after=error.after, outcome_unknown=True) from error
            raise

    @contextlib.contextmanager
    def _turn(self, effect: Effect) -> Iterator[None]:
        """Raises Retryable while AT_ONCE are at it: a Datadog that hangs must not hold all hands, and Slack's work waits for
        hands. Nobody who pressed a button waits for those in the background.
        """
        if self._busy >= AT_ONCE and effect.kind not in PRESSED:
            now = self._clock.now()
            self._next = min(max(self._next, now), now + LONGEST_QUEUE) + APART
            wait = (self._next - now).total_seconds()
            raise Retryable(f"{effect.kind} waits for its turn", after=wait, outcome_unknown=False)
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
