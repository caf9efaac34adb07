"""Performs external effects by their integrations, each within the same limits: of time, of how many at once, of unexpected answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from warroom.errors import UNEXPECTED_SHAPE_ERRORS, Retryable
from warroom.integration import PerformContext
from warroom.outbox.effects import URGENT, ExternalEffect
from warroom.outbox.incoming import Incoming
from warroom.outbox.results import EffectResult
from warroom.ports import ACTING, World, acting
from warroom.registry import Integrations

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Effects of one integration that are performed at the same time; the dispatcher runs up to 48 workers."""
APART = timedelta(seconds=0.125)
"""So far apart those are tried again that had to wait."""
LONGEST_QUEUE = timedelta(minutes=2)


@dataclass
class _Limit:
    """How many effects of one integration are being performed, and when the next one that has to wait comes back."""

    next: datetime
    busy: int = 0


class ExternalPerformer:
    """Performs external effects."""

    def __init__(self, integrations: Integrations, world: World) -> None:
        self._integrations, self._world = integrations, world
        self._limits: dict[str, _Limit] = defaultdict(lambda: _Limit(world.clock.now()))

    async def perform(
        self, effect: ExternalEffect, *, outcome_unknown: bool = False, taken_at: datetime | None = None
    ) -> EffectResult | Incoming | None:
        """What the other system answered. `taken_at` is when the claim's lease began. Raises Retryable or Rejected."""
        integration, world = self._integrations.named(effect.integration), self._world
        title = integration.title
        context = PerformContext(world.store, world.directory, world.policy, world.clock, outcome_unknown)
        longest = ACTING.total_seconds()
        try:
            with self._place(effect), acting(taken_at, world.clock):
                async with asyncio.timeout(longest):
                    return await integration.perform(effect, context)
        except UNEXPECTED_SHAPE_ERRORS as error:
            # What was asked for may have happened; an unexpected answer is not one to go on from.
            log.exception("an answer has an unexpected shape", work=effect.label)
            why = f"{title} answered {effect.operation} in a way that is not understood"
            raise Retryable(why, outcome_unknown=True) from error
        except TimeoutError as error:
            raise Retryable(
                f"{title} did not finish {effect.operation} in {longest:g} s", outcome_unknown=True
            ) from error
        except Retryable as error:
            if outcome_unknown and not error.outcome_unknown:
                # Whatever stopped this try, it is still unknown what the earlier one did.
                raise Retryable(str(error), after=error.after, outcome_unknown=True) from error
            raise

    @contextlib.contextmanager
    def _place(self, effect: ExternalEffect) -> Iterator[None]:
        """Raises Retryable while AT_ONCE are being performed: a system that hangs must not hold all workers, which Slack's
        effects wait for. What a person waits for is not held back by what runs in the background.
        """
        limit = self._limits[effect.integration]
        if limit.busy >= AT_ONCE and effect.weight > URGENT:
            now = self._world.clock.now()
            limit.next = min(max(limit.next, now), now + LONGEST_QUEUE) + APART
            wait = (limit.next - now).total_seconds()
            raise Retryable(f"{effect.operation} waits for its turn", after=wait, outcome_unknown=False)
        limit.busy += 1
        try:
            yield
        finally:
            limit.busy -= 1
