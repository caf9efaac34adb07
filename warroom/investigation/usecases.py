"""Investigating: everything is collected side by side, then analysed. What did not answer is named, never taken for fine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from warroom.incident.model import Incident
from warroom.investigation.looks import Found, Look, Request, Sources, graph, known_service, looks, spelled_as_seen
from warroom.investigation.model import NOT_SAID, Answer, Findings, NotLookedAt
from warroom.policy import Policy
from warroom.stores import Store


class SideBySide(Protocol):
    """Runs looks at the same time, each within its limit and all within another."""

    async def __call__(
        self, looks: Sequence[Look], done: Callable[[Look, Found | NotLookedAt], Awaitable[None]]
    ) -> Sequence[Found | NotLookedAt]:
        """What each of them found, in their order, or why it was not looked at. `done` is called as each ends. Never raises."""
        ...


class Progress(Protocol):
    """Told while it is under way."""

    async def __call__(self, looked: Sequence[str], waiting: Sequence[str], failed: Sequence[NotLookedAt]) -> None:
        """What was looked at so far, in words; what is still awaited; what did not answer."""
        ...


async def quietly(looked: Sequence[str], waiting: Sequence[str], failed: Sequence[NotLookedAt]) -> None:
    """Tells nobody."""


def until_when(at: datetime, now: datetime, window: timedelta) -> datetime:
    """The end of what is looked at: as long after the alert as before it, as far as that is not in the future. Who asks again has
    more samples to look at, and an alert may come some minutes before most of the trouble.
    """
    return max(at, min(now, at + window))


async def request_for(incident: Incident, store: Store, policy: Policy, now: datetime, service: str = "") -> Request:
    """What is asked about an incident: noticed at its first alert, else when it was declared; of `service`, else of the first
    that it names. Raises StoreUnavailable.
    """
    firings = await store.firings(incident.id) if incident.alerts.monitors else []
    times = [each.first_fired_at or each.first_seen_at for each in firings]
    at = min([incident.declared_at, *times])
    named = service or next(iter(incident.services), "")
    return Request(named, at, until_when(at, now, policy.investigate.window), incident)


async def collect(
    request: Request,
    policy: Policy,
    sources: Sources,
    store: Store | None,
    side_by_side: SideBySide,
    progress: Progress = quietly,
) -> Findings:
    """Everything that could be found. Nothing that fails keeps anything else away."""
    planned = looks(request, policy, sources, store)
    looked: list[str] = []
    failed: list[NotLookedAt] = []

    async def done(look: Look, came: Found | NotLookedAt) -> None:
        if isinstance(came, NotLookedAt):
            failed.append(came)
        else:
            looked.append(look.source)
        over = {*looked, *(each.source for each in failed)}
        await progress(looked, [each.source for each in planned if each.source not in over], failed)

    results = await side_by_side(planned, done)
    found = [each for each in results if isinstance(each, Found)]
    series = tuple(one for each in found for one in each.series)
    missed = [each for each in results if isinstance(each, NotLookedAt)]
    missed += [one for each in found for one in each.remarks]
    service = spelled_as_seen(known_service(request.service, policy), series)
    changes = {one.id: one for each in found for one in each.changes}
    return Findings(
        service=service,
        at=request.at,
        until=request.until,
        window=policy.investigate.window,
        baseline=policy.investigate.baseline,
        step=policy.investigate.step,
        depends_on=graph(policy),
        series=series,
        logs=tuple(one for each in found for one in each.logs),
        changes=tuple(sorted(changes.values(), key=lambda one: one.at)),
        facts=tuple(sorted((one for each in found for one in each.facts), key=lambda one: one.at)),
        similar=tuple(one for each in found for one in each.similar),
        not_looked_at=(*missed, *not_set_up(policy)),
    )


def evident(answer: Answer) -> Answer:
    """The answer without causes for which nothing speaks: whoever saw nothing names nobody."""
    causes = tuple(each for each in answer.causes if each.evidence)
    if causes == answer.causes and (causes or answer.verdict == "inconclusive"):
        return answer
    verdict = answer.verdict if causes and causes[0] == answer.causes[0] else "inconclusive"
    return answer.copy_with(causes=causes if verdict == "cause" else (), verdict=verdict)


def not_set_up(policy: Policy) -> tuple[NotLookedAt, ...]:
    """What nobody can look at, because the policy does not say how."""
    missing = [
        ("metrics", "investigate.signals", policy.investigate.signals),
        ("logs", "investigate.logs", policy.investigate.logs),
        ("dependencies", "services", policy.services),
    ]
    return tuple(NotLookedAt(source=what, why=f"{NOT_SAID}, under {key}") for what, key, said in missing if not said)
