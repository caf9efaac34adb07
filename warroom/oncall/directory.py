"""Names of schedules in the directory: who is behind "schedule:platform" at this moment, and behind other systems' schedules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from warroom.capabilities import OnCallSource
from warroom.errors import Rejected, Retryable
from warroom.oncall import rules
from warroom.oncall.model import Override
from warroom.people.model import Directory, Group, OnCallNames, Person, Why
from warroom.policy import Policy
from warroom.policy.schedule import Reference
from warroom.ports import Clock
from warroom.stores import OnCall

log = structlog.get_logger(__name__)

IN_PLACE = 5
"""So many shifts of others are tried where nobody of those on call can be found."""
REMEMBERED = timedelta(days=1)
"""So long the last answer of a system is used when it does not answer any more."""


class OnCallDirectory:
    """The directory with names of schedules: `warroom.people.resolution.OnCallNaming`."""

    def __init__(
        self, directory: Directory, store: OnCall, policy: Policy, clock: Clock, sources: Sequence[OnCallSource] = ()
    ) -> None:
        self._directory, self._store, self._policy, self._clock = directory, store, policy, clock
        self._sources = [(prefix.casefold(), prefix, each) for each in sources for prefix in each.on_call_prefixes]
        self._answers: dict[str, tuple[datetime, tuple[str, ...]]] = {}

    async def person(self, user_id: str) -> Person | None:
        """See Directory."""
        return await self._directory.person(user_id)

    async def group(self, id_or_handle: str) -> Group | None:
        """See Directory."""
        return await self._directory.group(id_or_handle)

    async def by_email(self, email: str) -> Sequence[Person]:
        """See Directory."""
        return await self._directory.by_email(email)

    async def by_name(self, normal: str) -> Sequence[Person]:
        """See Directory."""
        return await self._directory.by_name(normal)

    async def candidates(self, normal: str, limit: int) -> Sequence[tuple[Person, str, float]]:
        """See Directory."""
        return await self._directory.candidates(normal, limit)

    async def on_call(self, said: str) -> OnCallNames | None:
        """Who is meant at this moment; None for a name that is no schedule's. Raises StoreUnavailable."""
        if meant := self._policy.schedule_meant(said):
            return await self._of_schedule(meant)
        low = said.casefold()
        for prefix, written, source in self._sources:
            if low.startswith(prefix) and (schedule := said[len(prefix) :].strip()):
                return await self._of_source(said, written, schedule, source)
        return None

    async def in_their_place(self, said: str) -> Sequence[tuple[str, ...]]:
        """The next in turn; nobody for another system's schedule. Raises StoreUnavailable."""
        meant = self._policy.schedule_meant(said)
        schedule = self._policy.schedules.get(meant.schedule) if meant else None
        if meant is None or schedule is None:
            return ()
        now = self._clock.now()
        later = rules.following(schedule, await self._overrides(meant.schedule, now), now, meant.ahead + IN_PLACE)
        groups = [each.people for each in later]
        return [*groups[meant.ahead :], *groups[: max(0, meant.ahead - 1)]]

    async def _of_schedule(self, meant: Reference) -> OnCallNames:
        name, schedule, now = meant.schedule, self._policy.schedules.get(meant.schedule), self._clock.now()
        via = f"schedule {name}"
        if schedule is None:
            return OnCallNames(via=via, why=Why.NO_SUCH_SCHEDULE)
        overrides = await self._overrides(name, now)
        if meant.ahead == 0:
            # In a gap nobody is on call, and whoever begins later is not: the level says so, and the next one is told.
            return OnCallNames(via=via, people=rules.on_call(schedule, overrides, now))
        later = rules.following(schedule, overrides, now, meant.ahead)
        people = later[-1].people if len(later) == meant.ahead else ()
        return OnCallNames(via=f"{via}, +{meant.ahead}", people=people)

    async def _overrides(self, schedule: str, now: datetime) -> list[Override]:
        known = await self._store.overrides(now, now + rules.HORIZONS[-1])
        return [each for each in known if each.schedule == schedule]

    async def _of_source(self, said: str, prefix: str, schedule: str, source: OnCallSource) -> OnCallNames:
        now = self._clock.now()
        try:
            people = tuple(await source.on_call(prefix, schedule, now))
        except (Retryable, Rejected) as error:
            asked, people = self._answers.get(said, (now, ()))
            log.warning("who is on call could not be asked", name=said, error=str(error), known_since=asked)
            last = people if now - asked <= REMEMBERED else ()
            return OnCallNames(via=said, people=last, why=Why.ON_CALL_UNREACHABLE)
        self._answers[said] = (now, people)
        return OnCallNames(via=said, people=people)
