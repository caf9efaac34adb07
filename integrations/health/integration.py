"""Health checks behind the port: a name, a port, an answer, of each service of the policy that has `health`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from integrations.health.probe import probed
from warroom.errors import Rejected
from warroom.integration import Integration, NoSettings
from warroom.investigation.model import Fact
from warroom.policy import Policy
from warroom.policy.investigation import ServicePolicy
from warroom.ports import Clock

NAME = "health"
TITLE = "Health checks"
AT_ONCE = 20
"""Services that are asked at the same time."""
STILL = timedelta(minutes=15)
"""What was so long ago cannot be asked for any more."""


class Health(Integration[NoSettings]):
    """Health checks. A FactSource."""

    name = NAME
    title = TITLE

    def __init__(self, settings: NoSettings) -> None:
        super().__init__(settings)
        self._clock: Clock | None = None

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Nothing is opened: every check has a connection of its own."""
        self._clock = clock

    async def facts(self, services: Mapping[str, ServicePolicy], since: datetime, until: datetime) -> Sequence[Fact]:
        """One for each service that does not answer as it should, now. Raises Rejected where the time asked about is over."""
        assert self._clock is not None, "it is started"
        now = self._clock.now()
        asked = {name: service.health for name, service in services.items() if service.health}
        if asked and now - until > STILL:
            raise Rejected("only what is so now can be checked", code="over")
        places = asyncio.Semaphore(AT_ONCE)

        async def one(name: str, address: str) -> Fact | None:
            async with places:
                found = await probed(address)
            if found is None:
                return None
            # What is so now belongs to what was asked about, which ended a moment ago.
            at = min(now, until)
            return Fact(service=name, kind=found.kind, at=at, text=found.text, source=TITLE, url=_shown(address))

        facts = await asyncio.gather(*(one(name, address) for name, address in asked.items()))
        return [fact for fact in facts if fact is not None]


def _shown(address: str) -> str:
    return address if address.startswith(("http://", "https://")) else ""
