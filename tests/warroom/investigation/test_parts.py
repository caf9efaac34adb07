"""Log templates, counters, the graph and the words of evidence."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from tests.warroom.investigation.world import AT, MINUTE, change, log, noise, series, step_up
from warroom.investigation import words
from warroom.investigation.abnormal import compared
from warroom.investigation.graph import graph_of
from warroom.investigation.logs import masked, templates
from warroom.investigation.model import Findings
from warroom.investigation.samples import is_counter
from warroom.investigation.signals import kind_of


def test_values_in_lines_are_masked() -> None:
    line = "2026-03-16T14:00:00Z user 8f14e45f-ceea-467f-a5d4-1234567890ab from 10.0.0.7:443 took 35.2ms, block 0xdeadbeef01"
    assert masked(line) == ["<time>", "user", "<id>", "from", "<address>", "took", "<n>ms,", "block", "<id>"]
    assert masked("") == [""]


def test_new_templates_and_those_that_grew_are_told() -> None:
    usual = [(-600 + i * 5, f"request {i} done") for i in range(119)]
    retry = [(-590 + i * 50, f"error: retry {i} of upstream") for i in range(11)] + [
        (-3 + i / 20, f"error: retry {i} of upstream") for i in range(40)
    ]
    new = [(-2 + i / 10, f"error: pool of {i} exhausted") for i in range(9)]
    found = templates(Findings(service="web", at=AT, until=AT + 5 * MINUTE, logs=(log("web", *usual, *retry, *new),)))
    told = {each.text: each for each in found["web"]}
    assert set(told) == {"error: pool of <n> exhausted", "error: retry <n> of upstream"}
    assert told["error: pool of <n> exhausted"].new
    assert told["error: pool of <n> exhausted"].count == 9
    assert not told["error: retry <n> of upstream"].new
    assert told["error: retry <n> of upstream"].usual < 8


def test_lines_that_differ_in_a_word_are_one_template() -> None:
    lines = [
        (-2 + i / 10, f"could not charge card of {name} at the bank")
        for i, name in enumerate(["ada", "ben", "kim", "lee"])
    ]
    found = templates(Findings(service="web", at=AT, until=AT, logs=(log("web", *lines),)))
    assert [(each.text, each.count) for each in found["web"]] == [("could not charge card of <*> at the bank", 4)]


def test_a_flood_of_different_lines_is_bounded() -> None:
    lines = [(-2, " ".join(f"w{i}x{j}" for j in range(i % 7 + 2))) for i in range(6000)]
    assert len(templates(Findings(service="web", at=AT, until=AT, logs=(log("web", *lines),)))["web"]) == 5


def test_counters_are_told_from_gauges() -> None:
    grown = np.cumsum(np.full(300, 5.0))
    assert is_counter(grown)
    assert is_counter(np.concatenate([grown, grown]))
    assert not is_counter(np.sin(np.arange(300.0)) + 5)
    assert not is_counter(np.zeros(300))
    assert not is_counter(np.array([1.0, 2.0, 3.0]))


@pytest.mark.parametrize("since", [-25, -12, -4])
def test_an_onset_is_found_to_the_minute(since: int) -> None:
    found = Findings(
        service="web", at=AT, until=AT + 5 * MINUTE, series=(series("web", "latency", step_up(0.1, 0.3, since)),)
    )
    (only,) = compared(found)
    assert only.onset is not None
    assert abs(only.onset - (AT + since * MINUTE)) <= MINUTE
    assert only.deviation > 5
    assert only.level == pytest.approx(0.3, rel=0.1)
    assert only.usual == pytest.approx(0.1, rel=0.1)


def test_the_direction_that_is_bad_counts() -> None:
    falling = step_up(100, 40)

    def surprise(bad: str) -> float:
        made = series("web", "requests", falling, bad=bad)  # type: ignore[arg-type]
        return compared(Findings(service="web", at=AT, until=AT + 5 * MINUTE, series=(made,)))[0].surprise

    assert surprise("up") < 4
    assert surprise("down") > 10
    assert surprise("both") > 10


def test_most_quiet_series_are_not_unusual() -> None:
    many = tuple(series(f"s{i}", "latency", noise(1.0, 0.2), seed=i) for i in range(100))
    found = compared(Findings(service="s1", at=AT, until=AT + 5 * MINUTE, series=many))
    assert sum(each.abnormal for each in found) <= 8


def test_a_graph_with_cycles_and_strangers() -> None:
    graph = graph_of({"a": ("b", "a"), "b": ("c",), "c": ("a",), "x": ("y",)}, "a")
    assert graph.below("a") == {"a": 0, "b": 1, "c": 2}
    assert graph.above("c") == {"c": 0, "b": 1, "a": 2}
    assert graph.paths("a", ["c", "y"]) == {"c": ("a", "b", "c")}
    assert not graph_of({"x": ("y",)}, "a").known


def test_kinds_of_signals() -> None:
    wanted = {"latency p99": "latency", "request errors": "errors", "availability": "errors", "requests": "load", "cpu": "consumption",
              "memory": "consumption", "queue depth": "queueing", "pool saturation": "queueing", "foo": "other"}  # fmt: skip
    assert {name: kind_of(name) for name in wanted} == wanted


def test_numbers_and_durations_are_short() -> None:
    told = [words.number(each) for each in (0, 0.0125, 12.34, 1234.5, float("nan"), 1e-12)]
    assert told == ["0", "0.0125", "12.3", "1,234", "nothing", "1e-12"]
    assert words.minutes(timedelta(minutes=-2)) == "2 minutes"
    told = [words.of_change(change("web", each), AT, timedelta(minutes=5)) for each in (-2, 3, 9)]
    assert told == [
        "deployment of web 2.4.1 at 13:58 UTC, 2 minutes before it began",
        "deployment of web 2.4.1 at 14:03 UTC, about when it began",
        "deployment of web 2.4.1 at 14:09 UTC, 9 minutes after it began",
    ]
    assert words.short("a\n b" + "x" * 300) == "a b" + "x" * 156 + "…"
