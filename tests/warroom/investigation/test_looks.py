"""What is looked at, and how what came is put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from warroom.capabilities import LogLine, Series
from warroom.errors import Rejected
from warroom.investigation.looks import Found, Look, Request, Sources, combined, graph, nearest, spelled_as_seen
from warroom.investigation.model import Answer, Cause, Evidence, Fact, NotLookedAt
from warroom.investigation.usecases import collect, evident, until_when
from warroom.policy import Policy
from warroom.policy.investigation import InvestigationPolicy, Logs, ServicePolicy, Signal

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REQUEST = Request("checkout", NOON, NOON + 10 * MINUTE)


class Metrics:
    """Answers every query with the same series."""

    def __init__(self, *series: Series) -> None:
        self.found, self.asked = series, list[tuple[str, datetime, datetime, timedelta]]()

    async def series(self, query: str, since: datetime, until: datetime, step: timedelta) -> Sequence[Series]:
        self.asked.append((query, since, until, step))
        return self.found

    def filled(self, query: str, values: Mapping[str, str]) -> str:
        return query

    def page_of(self, query: str, since: datetime, until: datetime) -> str:
        return f"https://graphs.example.com/?q={query}"


class Lines:
    """One line for each query."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, datetime, datetime]] = []

    async def lines(self, query: str, since: datetime, until: datetime, limit: int) -> Sequence[LogLine]:
        self.asked.append((query, since, until))
        return [LogLine(at=since, text=f"{query} fails")]

    def filled(self, query: str, values: Mapping[str, str]) -> str:
        if values["service"] == "odd name":
            raise Rejected("cannot be written")
        return query.replace("{service}", values["service"])

    def page_of(self, query: str, since: datetime, until: datetime) -> str:
        return ""


class Facts:
    async def facts(self, services: Mapping[str, ServicePolicy], since: datetime, until: datetime) -> Sequence[Fact]:
        return [Fact(service=name.upper(), kind="restart", at=until, text="restarted") for name in services]


async def one_by_one(
    looks: Sequence[Look], done: Callable[[Look, Found | NotLookedAt], Awaitable[None]]
) -> list[Found | NotLookedAt]:
    found: list[Found | NotLookedAt] = []
    for look in looks:
        came: Found | NotLookedAt
        try:
            ran = await look.run()
            came = ran if isinstance(ran, Found) else ran()
        except Rejected as error:
            came = NotLookedAt(source=look.source, why=str(error))
        await done(look, came)
        found.append(came)
    return found


def policy_of(services: Mapping[str, tuple[str, ...]], **said: Any) -> Policy:
    made = {name: ServicePolicy(depends_on=calls) for name, calls in services.items()}
    return Policy(services=made, investigate=InvestigationPolicy(**said))


def series(*values: float, **labels: str) -> Series:
    return Series(labels=labels, points=tuple((NOON + each * MINUTE, value) for each, value in enumerate(values)))


SIGNALS = {"errors": Signal(source="metrics", query="errors")}
SHOP = {"checkout": ("payments",), "payments": ("ledger",), "cart": (), "ledger": ()}


async def test_the_window_and_its_baseline_are_asked_for_at_the_policys_step() -> None:
    metrics, policy = Metrics(series(1, service="checkout")), policy_of(SHOP, signals=SIGNALS, step=2 * MINUTE)
    findings = await collect(REQUEST, policy, Sources(metrics={"metrics": metrics}), None, one_by_one)
    begin = NOON - timedelta(days=1, minutes=30)
    assert metrics.asked == [("errors", begin, REQUEST.until, 2 * MINUTE)]
    assert findings.depends_on == SHOP
    (observed,) = findings.series
    assert (observed.signal, observed.query, observed.url) == (
        "errors",
        "errors",
        "https://graphs.example.com/?q=errors",
    )


async def test_services_are_told_apart_by_the_label_and_spelled_as_the_policy_does() -> None:
    metrics = Metrics(series(1, service="Checkout"), series(2, service="payments"), series(3, pod="x"))
    found = await collect(
        REQUEST, policy_of(SHOP, signals=SIGNALS), Sources(metrics={"metrics": metrics}), None, one_by_one
    )
    assert [each.service for each in found.series] == ["checkout", "payments"]
    assert NotLookedAt(source="errors (metrics)", why="1 series without service") in found.not_looked_at


async def test_without_the_label_the_labels_that_are_there_are_named() -> None:
    metrics = Metrics(series(1, pod="a", app="x"))
    found = await collect(
        REQUEST, policy_of(SHOP, signals=SIGNALS), Sources(metrics={"metrics": metrics}), None, one_by_one
    )
    assert found.series == ()
    assert "they have app, pod" in found.not_looked_at[0].why


@pytest.mark.parametrize(("bad", "worst"), [("up", 3.0), ("down", 1.0), ("both", 2.0)])
def test_of_several_series_of_a_service_the_worst_of_each_moment_counts(bad: str, worst: float) -> None:
    found = combined([series(1, 1), series(3), series(2)], bad)
    assert found == ((NOON, worst), (NOON + MINUTE, 1.0))


async def test_logs_are_read_of_the_nearest_services_in_the_window_and_before_it() -> None:
    lines = Lines()
    policy = policy_of(SHOP, logs=Logs(source="logs", query="service:{service}"))
    found = await collect(REQUEST, policy, Sources(logs={"logs": lines}), None, one_by_one)
    assert [each.service for each in found.logs] == ["checkout", "payments", "ledger"]
    assert lines.asked[:2] == [
        ("service:checkout", NOON - timedelta(days=1, minutes=30), NOON - timedelta(minutes=30)),
        ("service:checkout", NOON - timedelta(minutes=30), REQUEST.until),
    ]


async def test_a_name_that_cannot_be_written_is_not_looked_at() -> None:
    policy = policy_of({}, logs=Logs(source="logs", query="service:{service}"))
    found = await collect(Request("odd name", NOON, NOON), policy, Sources(logs={"logs": Lines()}), None, one_by_one)
    assert found.logs == ()
    assert found.not_looked_at[0] == NotLookedAt(source="log of odd name (logs)", why="cannot be written")


async def test_what_is_not_set_up_is_named_and_never_taken_for_fine() -> None:
    found = await collect(REQUEST, policy_of({}, signals=SIGNALS), Sources(), None, one_by_one)
    assert {each.source for each in found.not_looked_at} == {"errors (metrics)", "logs", "dependencies"}


async def test_facts_are_of_the_services_of_the_policy() -> None:
    found = await collect(REQUEST, policy_of(SHOP), Sources(facts={"cluster": Facts()}), None, one_by_one)
    assert [each.service for each in found.facts] == [*SHOP]


async def test_whoever_waits_is_told_after_each_look() -> None:
    told = []

    async def progress(looked: Sequence[str], waiting: Sequence[str], failed: Sequence[NotLookedAt]) -> None:
        told.append((len(looked), len(waiting), len(failed)))

    policy = policy_of(SHOP, signals=SIGNALS | {"load": Signal(source="lost", query="load")})
    metrics = Metrics(series(1, service="checkout"))
    await collect(REQUEST, policy, Sources(metrics={"metrics": metrics}), None, one_by_one, progress)
    assert told == [(1, 1, 0), (1, 0, 1)]


async def test_hundreds_of_services_are_no_matter() -> None:
    names = {f"s{each}": (f"s{each + 1}",) for each in range(499)}
    metrics = Metrics(*(series(*range(60), service=name) for name in names))
    policy = policy_of(names, signals=SIGNALS, logs=Logs(source="logs", query="{service}"))
    sources = Sources(metrics={"metrics": metrics}, logs={"logs": Lines()})
    found = await collect(Request("s250", NOON, NOON), policy, sources, None, one_by_one)
    assert len(found.series) == 499
    assert len(found.logs) == 12
    assert {each.service for each in found.logs} >= {"s249", "s250", "s251"}


def test_the_nearest_are_found_both_ways_and_in_circles() -> None:
    calls = {"a": ("b",), "b": ("c",), "c": ("a",), "x": ("a",)}
    assert nearest("a", calls, 10) == ["a", "b", "c", "x"]
    assert nearest("a", calls, 2) == ["a", "b"]
    assert nearest("", calls, 2) == ["a", "b"]
    assert nearest("alone", {}, 5) == ["alone"]
    assert graph(policy_of({"Api": ("DB Main",), "db-main": ()})) == {"Api": ("db-main",), "db-main": ()}


async def test_the_service_is_spelled_as_the_series_do() -> None:
    metrics = Metrics(series(1, service="check-out"))
    found = await collect(
        Request("Check Out", NOON, NOON),
        policy_of({}, signals=SIGNALS),
        Sources(metrics={"metrics": metrics}),
        None,
        one_by_one,
    )
    assert found.service == "check-out"
    assert spelled_as_seen("a", ()) == "a"


def test_the_window_ends_now_or_as_long_after_the_alert_as_it_began_before() -> None:
    window = timedelta(minutes=30)
    assert until_when(NOON, NOON + 2 * MINUTE, window) == NOON + 2 * MINUTE
    assert until_when(NOON, NOON + timedelta(days=9), window) == NOON + window
    assert until_when(NOON, NOON - MINUTE, window) == NOON


def test_nobody_is_named_without_evidence() -> None:
    named = Cause(service="a", signal="", score=1, confidence=0.9)
    seen = named.copy_with(service="b", evidence=(Evidence(kind="series", text="up"),))
    answer = Answer(service="a", at=NOON, verdict="cause", causes=(named, seen))
    assert (evident(answer).verdict, evident(answer).causes) == ("inconclusive", ())
    assert evident(answer.copy_with(causes=(seen, named))).causes == (seen,)
