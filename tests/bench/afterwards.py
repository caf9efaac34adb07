"""Similar incidents: how often the twin is found, beside chance and plain word overlap; and what reports of 10,000 cost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from tests.bench.report import Figure, Limit
from tests.similar_corpus import BEGAN, Corpus, corpus
from tests.stores import fresh_store
from warroom.incident.model import Incident
from warroom.metrics.review import review_of
from warroom.metrics.usecases import report_for
from warroom.outbox.changes import Changeset
from warroom.policy import Policy
from warroom.similar.rules import SHOWN
from warroom.similar.usecases import similar
from warroom.stores import Store

MANY = 10_000
TRIED = 40
"""Searches in the long history."""
AT_MOST_WRONG = 0.1
"""So often plain word overlap may name something for an incident that never happened before: its threshold follows from it."""

Find = Callable[[Incident], Sequence[int]]


async def measure() -> list[Figure]:
    """On sentences whose misses nobody has looked at."""
    held = corpus()
    async with fresh_store() as store:
        await _stored(store, held.history)
        again = [(each.twin, [one.number for one in await similar(store, each.incident)]) for each in held.again]
        wrong = [bool(await similar(store, each)) for each in held.never]
    found = sum(twin in named for twin, named in again) / len(again)
    plain, chance = 100 * _overlap(held), 100 * SHOWN / len(held.history)
    long = corpus(MANY)
    async with fresh_store() as store:
        await _stored(store, long.history)
        times = []
        for each in long.again[:TRIED]:
            began = time.perf_counter()
            await similar(store, each.incident)
            times.append(time.perf_counter() - began)
        until = BEGAN + timedelta(hours=MANY + 1)
        report = await _took(lambda: report_for(store, Policy(), None, since=BEGAN, until=until))
        review = await _took(lambda: review_of(store, Policy(), since=until - timedelta(days=7), until=until))
    beside = Limit(f"plain word overlap (chance: {chance:.0f} %)", plain, 80)
    return [
        Figure("a recurrence in other words: its twin is among the three", 100 * found, 80, "%", True, beside),
        Figure(
            "something that never happened: something is named all the same", 100 * sum(wrong) / len(wrong), 10, "%"
        ),
        Figure(f"similar incidents among {MANY:,}, median", 1000 * sorted(times)[len(times) // 2], 300, "ms"),
        Figure(f"the figures of {MANY:,} incidents", 1000 * report, 1000, "ms"),
        Figure(f"the week in review with {MANY:,} incidents in the record", 1000 * review, 1000, "ms"),
    ]


async def _stored(store: Store, history: Sequence[Incident]) -> None:
    for each in history:
        await store.commit(Changeset(now=BEGAN, incident=each))


async def _took(ask: Callable[[], object]) -> float:
    """Seconds of this process' computing, the best of three: what a busy machine leaves undone meanwhile is not the report's."""
    times = []
    for _ in range(3):
        began = time.process_time()
        await ask()  # type: ignore[misc]
        times.append(time.process_time() - began)
    return min(times)


def _overlap(held: Corpus) -> float:
    """How often the twin is among the three with most words in common, shown from the share of common words on at which an
    incident that never happened before finds something as seldom as is allowed.
    """
    words = {each.number: _words(each) for each in held.history}

    def ranked(incident: Incident) -> list[tuple[float, int]]:
        mine = _words(incident)
        shares = ((len(mine & theirs) / len(mine | theirs), number) for number, theirs in words.items())
        return sorted(shares, reverse=True)[:SHOWN]

    best = sorted((ranked(each)[0][0] for each in held.never), reverse=True)
    least = best[int(AT_MOST_WRONG * len(best))]
    hits = [each.twin in [number for share, number in ranked(each.incident) if share > least] for each in held.again]
    return sum(hits) / len(hits)


def _words(incident: Incident) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9]+", f"{incident.title} {' '.join(incident.services)}".casefold()))
