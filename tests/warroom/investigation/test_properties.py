"""Whatever is collected, an answer comes, always the same, and it depends on no order and no name."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warroom.investigation.world import AT, MINUTE, SHOP, change, fact, log, shop
from warroom.investigation.model import Answer, Findings, ObservedSeries, PastIncident
from warroom.investigation.rules import investigate

NAMES = ("web", "checkout", "payments", "db", "a service <b>with</b> a name", "")
SLOW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])

names = st.sampled_from(NAMES)
moments = st.integers(-3000, 90).map(lambda minute: AT + minute * MINUTE)
values = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0, 1e300, -1e300, 5e-324])
series = st.builds(
    ObservedSeries,
    service=names,
    signal=st.sampled_from(["latency", "errors", "requests", "cpu", "queue", "availability", "?"]),
    bad=st.sampled_from(["up", "down", "both"]),
    points=st.lists(st.tuples(moments, values), max_size=60).map(tuple),
)
findings = st.builds(
    Findings,
    service=names,
    at=st.just(AT),
    until=st.integers(0, 60).map(lambda minute: AT + minute * MINUTE),
    window=st.integers(0, 90).map(lambda minutes: minutes * MINUTE),
    baseline=st.integers(0, 3000).map(lambda minutes: minutes * MINUTE),
    step=st.sampled_from([timedelta(0), timedelta(seconds=1), MINUTE, 5 * MINUTE]),
    depends_on=st.dictionaries(names, st.lists(names, max_size=4).map(tuple), max_size=5),
    series=st.lists(series, max_size=6).map(tuple),
    logs=st.lists(
        st.builds(
            lambda name, lines: log(name, *lines),
            names,
            st.lists(st.tuples(st.integers(-900, 5), st.text(max_size=40)), max_size=12),
        ),
        max_size=3,
    ).map(tuple),
    changes=st.lists(st.builds(change, names, st.integers(-90, 10)), max_size=4).map(tuple),
    facts=st.lists(
        st.builds(
            fact,
            names,
            st.sampled_from(["restart", "out_of_memory", "health", "unreachable", "alert"]),
            st.integers(-60, 5),
        ),
        max_size=5,
    ).map(tuple),
    similar=st.lists(
        st.builds(PastIncident, number=st.just(3), title=st.text(max_size=20), cause=names), max_size=2
    ).map(tuple),
)


@SLOW
@given(findings)
def test_it_always_answers_and_always_the_same(found: Findings) -> None:
    answer = investigate(found)
    assert answer == investigate(found)
    assert (answer.verdict == "cause") == bool(answer.causes)
    assert len(answer.causes) <= 3
    chances = [each.confidence for each in answer.causes]
    assert all(0 <= each <= 1 for each in chances)
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) <= 1.02
    assert Answer.model_validate_json(answer.model_dump_json()) == answer


def mixed(found: Findings, draw: random.Random) -> Findings:
    """The same in another order."""

    def shuffled(items: Any) -> Any:
        return tuple(draw.sample(list(items), len(items)))

    return found.copy_with(
        series=shuffled([each.copy_with(points=shuffled(each.points)) for each in found.series]),
        logs=shuffled([each.copy_with(lines=shuffled(each.lines)) for each in found.logs]),
        changes=shuffled(found.changes),
        facts=shuffled(found.facts),
        depends_on={name: shuffled(found.depends_on[name]) for name in shuffled(list(found.depends_on))},
    )


def renamed(found: Findings, names: dict[str, str]) -> Findings:
    """The same with other names."""

    def of(each: Any) -> Any:
        return each.copy_with(service=names[each.service])

    return found.copy_with(
        service=names[found.service],
        series=tuple(map(of, found.series)),
        logs=tuple(map(of, found.logs)),
        changes=tuple(map(of, found.changes)),
        facts=tuple(map(of, found.facts)),
        depends_on={names[name]: tuple(names[each] for each in calls) for name, calls in found.depends_on.items()},
    )


worlds = st.builds(
    lambda slow, seed, changed: shop(
        slow, seed=seed, before=300, changes=tuple(change(name, -6) for name in changed), facts=(fact("stock", "restart", -3),),
        logs=(log("payments", (-200, "all is well"), (-3, "error: refused"), (-2, "error: refused")),),
    ),
    st.dictionaries(st.sampled_from(sorted({*SHOP, "db", "index"})), st.floats(1.2, 9), max_size=2),
    st.integers(1, 50),
    st.lists(st.sampled_from(["payments", "db", "web"]), max_size=2, unique=True),
)  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(worlds, st.integers(0, 9_999))
def test_the_order_of_what_was_collected_does_not_matter(found: Findings, seed: int) -> None:
    assert investigate(mixed(found, random.Random(seed))) == investigate(found)  # noqa: S311  # repeatable, not secret


@settings(max_examples=8, deadline=None)
@given(worlds)
def test_names_of_services_do_not_matter(found: Findings) -> None:
    """Names in the same alphabetical order, which decides nothing but ties."""
    names = {
        name: f"{place:02d}-service"
        for place, name in enumerate(sorted(["web", "checkout", "search", "payments", "stock", "db", "index"]))
    }
    there = investigate(renamed(found, names))
    here = investigate(found)
    assert [(each.service, each.score, each.confidence) for each in there.causes] == [
        (names[each.service], each.score, each.confidence) for each in here.causes
    ]
