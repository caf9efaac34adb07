"""Made-up incidents with what truly caused them, for measuring how well an investigation finds causes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import get_args

from sandbox.company.alerts import Alert, Monitors
from sandbox.company.company import Company
from sandbox.company.model import DAY, Change, Trouble, TroubleKind
from sandbox.company.services import NAMES
from sandbox.company.troubles import KINDS

FIRST_DAY = 20528 * DAY
"""16 March 2026, a Monday."""
LEVELS = (0.4, 1.0, 1.7)
"""Load against that of a usual day."""
HOURS = (3.2, 8.6, 12.5, 16.0, 19.3, 23.4)
HISTORY = 1.2 * DAY
LONGEST = 90 * 60.0
"""Seconds within which a trouble is noticed; otherwise a stronger one is made."""
LOOKED_AFTER = 4 * 60.0
"""Seconds from the first alert to the investigation."""
HEALTHY = "healthy"

_DEPLOYED = (
    "Update dependencies", "Rename a log field", "Add a metric for cold starts", "Translate an error page",
    "Remove a feature flag", "Refactor the address parser", "Raise the log level of the audit module",
)  # fmt: skip
_CONFIGURED = ("Turn on a feature flag for 5 % of users", "Rotate an API key", "Change a log retention", "Add a header")


@dataclass(frozen=True)
class MadeIncident:
    """One incident. Times are seconds since 1970; the company's own `now` is `until`."""

    company: Company
    kind: str
    """A kind of trouble, or `healthy`."""
    at: float
    """When it was noticed: the first alert."""
    until: float
    """When it is investigated."""
    noticed: str
    """The service that alerted first."""
    alerts: tuple[Alert, ...]
    """All until then."""
    trouble: Trouble | None
    service: str | None
    """The true cause; None where nothing is wrong: healthy, a false alarm."""
    change: Change | None
    """The change that caused it."""
    innocent: tuple[Change, ...]
    level: float
    hour: float


class _Moment:
    """A clock that shows what it is told to."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def incidents(
    seed: int, n: int, *, kinds: Sequence[str] = (), innocent: int = 3, around: float = 3600.0,
    by_change: bool | None = None,
) -> Iterator[MadeIncident]:  # fmt: skip
    """`n` incidents: every kind of trouble and `healthy`, or those of `kinds`, at every load and time of day.

    `innocent` changes lie within `around` seconds before the investigation, at services other than the true one.
    `by_change` chooses between troubles that a change caused and those that none did; kinds without that choice are left out.
    The same arguments give the same incidents.
    """
    draw = random.Random(f"incidents {seed}")  # noqa: S311  # repeatable, not secret
    wanted = list(kinds) or [*get_args(TroubleKind), HEALTHY]
    if by_change is not None:
        wanted = [each for each in wanted if each in KINDS and by_change in KINDS[each].changes]
    if not wanted:
        raise ValueError("there is no kind of trouble left")
    made = 0
    while made < n:
        places = list(product(LEVELS, HOURS))
        draw.shuffle(places)
        for level, hour in places:
            for kind in draw.sample(wanted, len(wanted)):
                if made == n:
                    return
                yield _made(draw, seed * 1_000_003 + made, kind, level, hour, innocent, around, by_change)
                made += 1


def _made(
    draw: random.Random, seed: int, kind: str, level: float, hour: float, innocent: int, around: float,
    by_change: bool | None,
) -> MadeIncident:  # fmt: skip
    start = FIRST_DAY + draw.randrange(56) * DAY + hour * 3600 + draw.uniform(-1500, 1500)
    level *= draw.uniform(0.85, 1.15)
    place = draw.choice(KINDS[kind].places) if kind != HEALTHY else draw.choice(NAMES)
    caused = None if kind == HEALTHY else by_change if by_change is not None else draw.choice(KINDS[kind].changes)
    strength = draw.uniform(0.6, 1.6) * (2.0 if kind == "memory_leak" else 1.0)
    plan = [(draw.random(), draw.random(), draw.choice(NAMES), draw.random()) for _ in range(innocent)]
    while True:
        now = _Moment(start)
        company = Company(seed, now, level=level, history=HISTORY)
        if kind == HEALTHY:
            return _noticed(company, now, plan, around, kind, None, start, place, (), level, hour)
        trouble = company.start_trouble(kind, place, strength=strength, by_change=caused)
        monitors = Monitors(company, start - 300)
        now.at = start + LONGEST
        fired = [each for each in monitors.look(now.at) if each.state == "firing" and each.at >= start]
        if fired:
            at = fired[0].at
            now.at = at + LOOKED_AFTER
            seen = tuple(each for each in fired if each.at <= now.at)
            return _noticed(company, now, plan, around, kind, trouble, at, fired[0].service, seen, level, hour)
        strength *= 1.5


def _noticed(
    company: Company, now: _Moment, plan: list[tuple[float, float, str, float]], around: float, kind: str,
    trouble: Trouble | None, at: float, noticed: str, alerts: tuple[Alert, ...], level: float, hour: float,
) -> MadeIncident:  # fmt: skip
    if trouble is None:
        now.at = at + LOOKED_AFTER
    until = now.at
    nothing_wrong = trouble is None or trouble.kind == "false_alarm"
    changes = []
    for when, which, service, text in plan:
        place = service
        if trouble is not None and place == trouble.service:
            place = NAMES[(NAMES.index(place) + 1) % len(NAMES)]
        moment = until - 30 - when * around
        if which < 0.7:
            changes.append(company.deploy(place, _DEPLOYED[int(text * len(_DEPLOYED))], "kim", at=moment))
        else:
            named = _CONFIGURED[int(text * len(_CONFIGURED))]
            changes.append(company.change(place, "config", named, "kim", at=moment))
    guilty = None
    if trouble is not None and trouble.change is not None and not nothing_wrong:
        guilty = next(each for each in company.changes if each.id == trouble.change)
    return MadeIncident(
        company=company, kind=kind, at=at, until=until, noticed=noticed, alerts=alerts, trouble=trouble,
        service=None if nothing_wrong or trouble is None else trouble.service, change=guilty,
        innocent=tuple(sorted(changes, key=lambda each: each.at)), level=level, hour=hour,
    )  # fmt: skip
