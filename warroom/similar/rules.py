"""How much two incidents are alike. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from warroom.incident.model import Incident
from warroom.incident.parts import SimilarIncident
from warroom.people.model import normal
from warroom.similar.words import concepts

SHOWN = 3
"""So many are named at most."""
ENOUGH = 0.33
"""Below that nothing is said: a hint that is wrong costs attention in the worst hour. Tuned on the sentences of
tests/warroom/similar and tests/similar_tuning, measured on those of tests/similar_corpus."""

YOUNG = 100
"""So many incidents a record is taken to have at least: in a young one every word would seem common."""

TITLE, MORE = 1.0, 0.35
"""What a word counts in the title, and in the description or in what ended it."""
SAME_MONITOR, SAME_SERVICE, OTHER_SERVICE = 0.45, 0.22, -0.12
SAME_FIELD = 0.03


def alike(incident: Incident, other: Incident, rarity: Mapping[str, float]) -> float:
    """0 for nothing in common; 1 and more for the same thing again. `rarity` says how telling each concept is."""
    mine, theirs = _weights(incident, rarity), _weights(other, rarity)
    shared = sum(weight * theirs[concept] for concept, weight in mine.items() if concept in theirs)
    size = math.sqrt(_square(mine) * _square(theirs))
    return (shared / size if size else 0.0) + _circumstances(incident, other)


def _weights(incident: Incident, rarity: Mapping[str, float]) -> dict[str, float]:
    weights: dict[str, float] = {}
    services = {normal(service) for service in incident.services}
    for text, worth in ((incident.title, TITLE), (f"{incident.description}\n{incident.summary}", MORE)):
        for concept, words in concepts(text).items():
            # The service is compared by itself; its name in the title would count twice.
            if not {normal(word) for word in words} <= services:
                weights[concept] = max(weights.get(concept, 0.0), worth * rarity.get(concept, 1.0))
    return weights


def _square(weights: Mapping[str, float]) -> float:
    return sum(weight * weight for weight in weights.values())


def _circumstances(incident: Incident, other: Incident) -> float:
    found = 0.0
    if incident.alerts.monitor_id and incident.alerts.monitor_id == other.alerts.monitor_id:
        found += SAME_MONITOR
    mine, theirs = ({normal(service) for service in each.services} for each in (incident, other))
    if mine and theirs:
        found += SAME_SERVICE if mine & theirs else OTHER_SERVICE
    return found + SAME_FIELD * min(4, len(set(incident.fields) & set(other.fields)))


def rarities(counts: Mapping[str, int], total: int) -> dict[str, float]:
    """How telling each concept is: 1 for one that hardly any of `total` incidents has, near 0.2 for one that most have."""
    total = max(total, YOUNG)
    return {
        concept: max(0.2, math.log((1 + total) / (1 + count)) / math.log(1 + total))
        for concept, count in counts.items()
    }


def most_alike(
    incident: Incident, others: Iterable[Incident], rarity: Mapping[str, float]
) -> tuple[SimilarIncident, ...]:
    """Up to three that are alike enough, most alike first, newer before older."""
    scored = [(alike(incident, other, rarity), other) for other in others if other.id != incident.id]
    best = sorted((pair for pair in scored if pair[0] >= ENOUGH), key=lambda pair: (-pair[0], -pair[1].number))
    return tuple(
        SimilarIncident(
            number=other.number,
            title=other.title,
            summary=other.summary,
            declared_at=other.declared_at,
            channel_id=other.room.channel_id,
            same_monitor=bool(incident.alerts.monitor_id) and incident.alerts.monitor_id == other.alerts.monitor_id,
        )
        for _, other in best[:SHOWN]
    )
