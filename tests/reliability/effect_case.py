"""One effect in Slack as a case: how it comes about, which call it makes, and what is to be seen of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.model import Json
from tests.reliability.house import House
from tests.reliability.process import Forked
from warroom.incident.model import Incident

ALERTS = "datadog-alerts"
DUTY = "duty"
"""A schedule."""
GROUP = "duty-oncall"
"""The user group that is kept equal to who is on call in it."""
REPAGE_AFTER = timedelta(hours=12)
"""How long a severe incident may be silent: longer than any case lasts."""
DAY = timedelta(days=1)


def anything(_: Json) -> bool:
    """Every call of the method is meant."""
    return True


def keyed(part: str) -> Callable[[Json], bool]:
    """Messages of effects whose key has that part."""
    return lambda args: part in str(args.get("metadata"))


@dataclass
class Run:
    """One incident to which the trouble happens, and what was there before."""

    house: House[Forked]
    incident: Incident | None = None
    seen: int = 0
    noted: dict[str, str] = field(default_factory=dict)

    @property
    def known(self) -> Incident:
        assert self.incident is not None
        return self.incident


Step = Callable[[Run], Awaitable[None]]
Count = Callable[[Run], Awaitable[int]]


@dataclass(frozen=True)
class EffectCase:
    """`count` says how many results can be seen. `blind`: Slack gives no way to look for one, so that it is done again when
    an answer was not heard.
    """

    name: str
    effect: str
    method: str
    trigger: Step
    count: Count
    when: Callable[[Json], bool] = anything
    prepare: Step | None = None
    blind: bool = False
    cautious: bool = False
    """In doubt it is not done again."""
