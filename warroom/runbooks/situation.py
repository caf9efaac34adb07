"""What is known of an incident when a runbook is chosen or begins, and which runbooks fit it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from warroom.incident.events import Investigated
from warroom.incident.model import Incident
from warroom.policy import Policy
from warroom.policy.pattern import matches
from warroom.ports import World
from warroom.runbooks.model import Runbook
from warroom.value import Value

MOST_ALERTS = 200
"""So many of the last alerts are looked through for those of the incident."""
LONGEST = 500


class Situation(Value):
    """What of an incident decides which runbooks fit."""

    titles: tuple[str, ...] = ()
    """Of the incident and of its alerts."""
    tags: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    severity: str = ""
    causes: tuple[str, ...] = ()
    """What the investigation found."""
    hosts: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()


class Offer(NamedTuple):
    """A runbook that may be run, and why it fits: pairs of what fits and the text that does, such as ("service", "checkout"). Empty
    where it says nothing of when it fits.
    """

    runbook: Runbook
    why: tuple[tuple[str, str], ...]


async def situation(world: World, incident: Incident) -> Situation:
    """Read from the record. Raises StoreUnavailable."""
    firings = await world.store.firings(incident.id)
    alerts = [
        received.alert
        for received, decision in await world.store.alerts(MOST_ALERTS)
        if decision is not None and decision.incident_id == incident.id
    ]
    return Situation(
        titles=_unique([incident.title, incident.alerts.last_title, *(each.title for each in firings)]),
        tags=_unique(tag for alert in alerts for tag in alert.tags),
        services=_unique([*incident.services, *(alert.service for alert in alerts)]),
        severity=incident.severity,
        causes=await causes_of(world, incident),
        hosts=_unique(
            [*(host for alert in alerts for host in alert.hosts), *(host for each in firings for host in each.hosts)]
        ),
        environments=_unique(alert.env for alert in alerts),
    )


async def causes_of(world: World, incident: Incident) -> tuple[str, ...]:
    """What the last investigation of the incident named as the cause: the service, the signal, and both."""
    found = [entry.event for entry in await world.store.timeline(incident.id) if isinstance(entry.event, Investigated)]
    last = found[-1] if found else None
    if last is None or not last.cause:
        return ()
    return _unique([last.cause, last.signal, f"{last.signal} of {last.cause}" if last.signal else None])


def _unique(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text[:LONGEST] for text in texts if text))


def values_of(incident: Incident, found: Situation) -> dict[str, Any]:
    """What every runbook knows of its incident: `warroom.runbooks.check.KNOWN`. What is not known is not there."""
    values: dict[str, Any] = {
        "incident": incident.name,
        "number": incident.number,
        "title": incident.title[:LONGEST],
        "severity": incident.severity,
        "service": found.services[0] if found.services else None,
        "services": list(found.services) or None,
        "team": incident.team,
        "monitor": incident.alerts.last_title[:LONGEST] or None,
        "host": found.hosts[0] if found.hosts else None,
        "environment": found.environments[0] if found.environments else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def why_it_fits(runbook: Runbook, found: Situation, policy: Policy) -> tuple[tuple[str, str], ...] | None:
    """Pairs of what fits and the text that does; None where it does not fit, or says nothing of when it does."""
    when = runbook.when
    if when.always:
        return None
    why: list[tuple[str, str]] = []
    for name, patterns, texts in (
        ("monitor", when.monitor, found.titles),
        ("service", when.service, found.services),
        ("cause", when.cause, found.causes),
    ):
        if patterns and (text := _first(patterns, texts)) is None:
            return None
        if patterns:
            assert text is not None
            why.append((name, text))
    for pattern in when.tags:
        tag = _first((pattern,), found.tags)
        if tag is None:
            return None
        why.append(("tag", tag))
    if when.severity:
        if found.severity not in {policy.severity_named(each) or each for each in when.severity}:
            return None
        why.append(("severity", found.severity))
    return tuple(why)


def _first(patterns: Sequence[str], texts: Sequence[str]) -> str | None:
    return next((text for text in texts if any(matches(pattern, text) for pattern in patterns)), None)


def offers(runbooks: Iterable[Runbook], found: Situation, policy: Policy) -> list[Offer]:
    """Those that fit, those with the most reasons first; then those that say nothing of when they fit."""
    fitting, others = [], []
    for runbook in runbooks:
        why = why_it_fits(runbook, found, policy)
        if why is not None:
            fitting.append(Offer(runbook, why))
        elif runbook.when.always:
            others.append(Offer(runbook, ()))
    return sorted(fitting, key=lambda offer: -len(offer.why)) + others
