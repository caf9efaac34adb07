"""What an investigation answers, one test per hard case."""

from __future__ import annotations

import math
import random
import time
from datetime import timedelta

import pytest

from tests.warroom.investigation.world import (
    AT,
    DB_SLOW,
    MINUTE,
    PAYMENTS_SLOW,
    SHOP,
    change,
    daily,
    fact,
    failing,
    log,
    noise,
    series,
    shop,
    step_up,
    takes,
)
from warroom.investigation.model import NOT_SAID, Answer, Bad, Findings, NotLookedAt, PastIncident
from warroom.investigation.rules import investigate

SIGNALS: tuple[tuple[str, Bad], ...] = (("latency", "up"), ("requests", "both"))


def first(answer: Answer) -> str | None:
    return answer.causes[0].service if answer.causes else None


def test_the_deepest_service_that_explains_those_above_it_is_the_cause() -> None:
    assert first(investigate(shop(PAYMENTS_SLOW))) == "payments"
    answer = investigate(shop(DB_SLOW))
    assert first(answer) == "db"
    assert answer.verdict == "cause"
    assert "db" in " ".join(each.text for each in answer.causes[0].evidence)
    assert {each.service for each in answer.ruled_out} >= {"search", "index", "stock"}


def test_where_it_was_noticed_is_the_cause_when_nothing_below_is_unusual() -> None:
    assert first(investigate(shop({"web": 6.0}))) == "web"


def test_nothing_unusual_is_inconclusive_and_says_what_to_do() -> None:
    for seed in range(8):
        answer = investigate(shop({}, seed=seed))
        assert answer.verdict == "inconclusive"
        assert not answer.causes
        assert answer.next_steps


def test_nothing_at_all_is_inconclusive() -> None:
    answer = investigate(Findings(service="web", at=AT, until=AT))
    assert (answer.verdict, answer.causes) == ("inconclusive", ())


def test_evidence_can_be_repeated() -> None:
    (evidence, *_) = [each for each in investigate(shop(DB_SLOW)).causes[0].evidence if each.kind == "series"]
    assert evidence.query == "latency(db)"
    assert evidence.since is not None
    assert evidence.until is not None
    assert evidence.since < AT < evidence.until
    assert "latency of db: up at" in evidence.text
    assert "UTC" in evidence.text


def test_missing_samples_and_gaps_do_not_hide_it() -> None:
    found = shop(DB_SLOW)
    thin = tuple(
        each.copy_with(points=tuple(p for i, p in enumerate(each.points) if i % 3 and not 300 < i < 420))
        for each in found.series
    )
    assert first(investigate(found.copy_with(series=thin))) == "db"


def test_a_gap_for_all_is_nobodys_fault() -> None:
    found = shop({})
    gone = AT - 6 * MINUTE
    cut = tuple(each.copy_with(points=tuple(p for p in each.points if p[0] < gone)) for each in found.series)
    assert investigate(found.copy_with(series=cut)).verdict == "inconclusive"


def test_a_service_that_stops_reporting_while_others_go_on_is_named() -> None:
    found = shop({})
    cut = tuple(
        each
        if each.service != "payments"
        else each.copy_with(points=tuple(p for p in each.points if p[0] < AT - 4 * MINUTE))
        for each in (*found.series, *failing("web", "checkout"))
    )
    answer = investigate(found.copy_with(series=cut))
    assert first(answer) == "payments"
    assert any("not reported any more" in each.text for each in answer.causes[0].evidence)


def test_a_counter_that_resets_is_what_it_grows_by() -> None:
    total = {"n": 0.0}

    def counting(minute: int, draw: object) -> float:
        total["n"] = 0.0 if minute in (-700, -60) else total["n"] + 60.0
        return total["n"]

    quiet = shop({}).series
    found = shop({}).copy_with(series=(*quiet, series("db", "error_count", counting)))
    assert investigate(found).verdict == "inconclusive"

    def more(minute: int, draw: object) -> float:
        total["n"] = 0.0 if minute in (-700, -60) else total["n"] + (600.0 if minute >= -4 else 60.0)
        return total["n"]

    counted = [series(name, "error_count", more) for name in ("web", "checkout", "payments")]
    answer = investigate(found.copy_with(series=(*quiet, *counted)))
    assert first(answer) == "payments"
    assert any("error_count of payments: up at" in each.text for each in answer.causes[0].evidence)


def test_constant_series_are_not_unusual_until_they_move() -> None:
    flat = [series(name, "errors", lambda *_: 0.0) for name in ("web", "checkout", "payments")]
    assert investigate(shop({}).copy_with(series=tuple(flat))).verdict == "inconclusive"
    moved = [
        series(name, "errors", lambda minute, _: 3.0 if minute >= -4 else 0.0)
        for name in ("web", "checkout", "payments")
    ]
    assert first(investigate(shop({}).copy_with(series=tuple(moved)))) == "payments"


def test_a_signal_that_exists_only_since_the_first_error_counts() -> None:
    found = shop({})
    new = [
        series(name, "errors", lambda minute, _: 5.0 if minute >= -4 else None)
        for name in ("web", "checkout", "payments")
    ]
    assert first(investigate(found.copy_with(series=(*found.series, *new)))) == "payments"


def test_a_single_spike_is_no_cause() -> None:
    found = shop({})
    spike = series("db", "latency", step_up(0.07, 0.7, since=-12, until=-11))
    rest = [each for each in found.series if (each.service, each.signal) != ("db", "latency")]
    assert investigate(found.copy_with(series=(*rest, spike))).verdict == "inconclusive"
    # Nor does it hide one.
    slow = shop(PAYMENTS_SLOW)
    rest = [each for each in slow.series if (each.service, each.signal) != ("db", "latency")]
    assert first(investigate(slow.copy_with(series=(*rest, spike)))) == "payments"


@pytest.mark.parametrize("days", [1, 3])
def test_a_strong_daily_course_is_usual(days: int) -> None:
    """The busiest hour of the day is no incident, and half of it at night is none at noon but one at night."""
    before = days * 1440 + 30
    names = ("web", "checkout", "payments")
    calm = tuple(
        series(name, signal, daily(20, 200), bad=bad, before=before) for name in names for signal, bad in SIGNALS
    )
    found = shop({}).copy_with(series=calm, baseline=timedelta(days=days))
    assert investigate(found).verdict == "inconclusive"

    def at_night(minute: int, draw: object) -> float:
        share = (1 - math.cos(minute / 1440 * 2 * math.pi)) / 2
        return 120.0 if minute >= -5 else (20 + 180 * share) * (1 + 0.02 * math.sin(minute * 1.7))

    night = tuple(series(name, "latency", at_night, before=before) for name in names)
    assert first(investigate(found.copy_with(series=night))) == "payments"


@pytest.mark.parametrize("late", [-12, -6, -3, 0, 4, 9, 15, 22])
def test_the_onset_may_be_given_minutes_too_early_or_too_late(late: int) -> None:
    """It began at AT - 4; `late` is when somebody says it was noticed."""
    found = shop(DB_SLOW, at=AT + (late - 4) * MINUTE)
    answer = investigate(found.copy_with(until=AT + 5 * MINUTE))
    assert first(answer) == "db"
    onset = answer.causes[0].onset
    assert onset is not None
    assert abs(onset - (AT - 4 * MINUTE)) <= 2 * MINUTE


def test_five_samples_at_five_minutes_are_enough() -> None:
    found = shop(DB_SLOW, since=-10, step=5, window=15)
    assert first(investigate(found)) == "db"
    assert sum(at >= found.at - found.window for at, _ in found.series[0].points) == 5
    for seed in range(5):
        assert investigate(shop({}, step=5, window=15, seed=seed)).verdict == "inconclusive"


def test_samples_rarer_than_the_step_asked_for() -> None:
    found = shop(DB_SLOW, since=-15, step=5).copy_with(step=timedelta(minutes=1))
    assert first(investigate(found)) == "db"


def test_hundreds_of_services_in_seconds() -> None:
    count = 300
    graph = {f"s{i}": tuple(f"s{j}" for j in (2 * i + 1, 2 * i + 2) if j < count) for i in range(count)}
    slow = {0, 2, 5, 12, 25}  # A way down; the last has no trouble below it.
    made = []
    for i in range(count):
        made.append(series(f"s{i}", "latency", step_up(0.1, 0.4 if i in slow else 0.1)))
        made.append(series(f"s{i}", "errors", noise(1.0, 0.3)))
    found = Findings(service="s0", at=AT, until=AT + 5 * MINUTE, depends_on=graph, series=tuple(made))
    began = time.process_time()
    answer = investigate(found)
    assert time.process_time() - began < 20  # About 2 s of computing on a machine of one's own.
    assert first(answer) == "s25"


def test_a_cycle_of_calls() -> None:
    graph = {**SHOP, "db": ("web",), "payments": ("db", "checkout")}
    assert first(investigate(shop(DB_SLOW, graph=graph))) == "db"


def test_without_a_graph_what_began_first_and_changed_most_is_named() -> None:
    answer = investigate(shop(DB_SLOW, graph={}))
    assert answer.causes
    assert "db" in [each.service for each in answer.causes]


def test_a_change_right_before_the_onset_is_named_and_an_old_one_is_not() -> None:
    guilty = change("payments", -6, text="Pool of 5")
    answer = investigate(shop(PAYMENTS_SLOW, changes=(guilty, change("payments", -300), change("search", -5))))
    assert first(answer) == "payments"
    assert answer.causes[0].change == guilty
    assert "Pool of 5" in answer.causes[0].evidence[0].text
    assert any("Roll back payments" in step for step in answer.next_steps)


@pytest.mark.parametrize("made", [-9, -7, -6, -5, -4, -3, -2])
def test_the_guilty_change_is_named_when_the_onset_is_found_a_little_early_or_late(made: float) -> None:
    """It began at AT - 4, as the samples say."""
    for seed in range(3):
        guilty = change("payments", made + 0.5)
        found = shop(PAYMENTS_SLOW, seed=seed, changes=(guilty, change("payments", -170)))
        assert investigate(found).causes[0].change == guilty


@pytest.mark.parametrize("made", [-24, -19, -16, -14, -11])
@pytest.mark.parametrize("late", [-7, 0, 8])
def test_the_guilty_change_is_named_at_five_minute_steps(made: int, late: int) -> None:
    """The first slow sample is that of AT - 15. Some systems give a sample the time at which it ends, some that at which it begins."""
    guilty = change("payments", made)
    found = shop(PAYMENTS_SLOW, since=-15, step=5, at=AT + late * MINUTE, changes=(guilty,))
    answer = investigate(found)
    assert first(answer) == "payments"
    assert answer.causes[0].change == guilty


def test_a_sample_that_strays_just_before_does_not_hide_the_guilty_change() -> None:
    def value(minute: int, draw: random.Random) -> float:
        usual = takes("payments", PAYMENTS_SLOW if minute >= -10 else {})
        return usual * max(0.0, draw.gauss(1.0, 0.05)) * (1.35 if minute == -15 else 1.0)

    found = shop(PAYMENTS_SLOW, since=-10, step=5)
    rest = [each for each in found.series if (each.service, each.signal) != ("payments", "latency")]
    guilty = change("payments", -7)
    found = found.copy_with(series=(*rest, series("payments", "latency", value, step=5)), changes=(guilty,))
    answer = investigate(found)
    assert (first(answer), answer.causes[0].change) == ("payments", guilty)
    assert "about when it began" in answer.causes[0].evidence[0].text


def test_a_signal_that_strayed_some_time_before_does_not_hide_the_guilty_change() -> None:
    busy = series("payments", "cpu", lambda minute, draw: draw.gauss(0.3, 0.02) + (0.5 if -28 <= minute < -20 else 0.0))
    guilty = change("payments", -5)
    found = shop(PAYMENTS_SLOW, changes=(guilty,))
    answer = investigate(found.copy_with(series=(*found.series, busy)))
    assert (first(answer), answer.causes[0].change) == ("payments", guilty)
    assert answer.causes[0].onset == AT - 4 * MINUTE


def test_an_onset_is_the_time_of_a_sample() -> None:
    for seconds in (0, 37, 299, 0.000271):
        found = shop(DB_SLOW, at=AT + timedelta(seconds=seconds), step=5, since=-10)
        assert investigate(found).causes[0].onset == AT - 10 * MINUTE


def test_innocent_changes_around_change_nothing() -> None:
    innocent = tuple(
        change(name, -3 - i) for i, name in enumerate(("search", "index", "stock", "web", "checkout")) for _ in (1,)
    )
    answer = investigate(shop(DB_SLOW, changes=innocent))
    assert first(answer) == "db"
    assert answer.causes[0].change is None
    assert any(each.kind == "change" for each in answer.causes[0].against)


def test_a_change_after_it_began_is_not_the_cause() -> None:
    answer = investigate(shop(PAYMENTS_SLOW, since=-15, changes=(change("payments", 0),)))
    assert first(answer) == "payments"
    assert answer.causes[0].change is None


def test_out_of_memory_restarts_health_and_alerts_weigh_in() -> None:
    facts = (fact("stock", "out_of_memory", -4), fact("stock", "restart", -4), fact("stock", "alert", -3))
    found = shop({}, facts=facts)
    answer = investigate(found.copy_with(series=(*found.series, *failing("web", "checkout"))))
    assert first(answer) == "stock"
    assert any(each.kind == "fact" for each in answer.causes[0].evidence)


def test_new_lines_in_a_log_are_evidence() -> None:
    old = [(-600 + i * 10, f"GET /charge/{i} took {i} ms") for i in range(58)]
    new = [(-4 + i / 10, f"connection to 10.0.0.{i}:5432 refused after {i} ms") for i in range(30)]
    answer = investigate(shop(PAYMENTS_SLOW, logs=(log("payments", *old, *new),)))
    (evidence,) = [each for each in answer.causes[0].evidence if each.kind == "log"]
    assert "30 lines" in evidence.text
    assert "refused" in evidence.text
    assert evidence.query == '{service="payments"}'


def test_a_similar_incident_is_evidence_and_says_what_helped() -> None:
    past = PastIncident(number=12, title="Card payments slow", cause="payments", fixed_by="Raised the pool to 50")
    answer = investigate(shop(PAYMENTS_SLOW, similar=(past,)))
    assert any(each.kind == "similar" and "#12" in each.text for each in answer.causes[0].evidence)
    assert any("Raised the pool" in step for step in answer.next_steps)
    assert answer.similar == (past,)


def test_what_gave_no_answer_is_said() -> None:
    missing = NotLookedAt(source="the log store", why="no answer in 20 s")
    answer = investigate(shop({}, not_looked_at=(missing,)))
    assert answer.not_looked_at == (missing,)
    assert any("the log store" in step for step in answer.next_steps)


def test_trouble_that_nobody_feels_where_it_was_noticed_is_not_blamed_first() -> None:
    """The index is slow all day long for another reason; payments is what the web feels."""
    slow = shop(PAYMENTS_SLOW)
    other = series("index", "latency", step_up(0.06, 0.3, since=-25))
    rest = [each for each in slow.series if (each.service, each.signal) != ("index", "latency")]
    answer = investigate(slow.copy_with(series=(*rest, other)))
    assert first(answer) == "payments"


def test_what_is_not_a_number_is_no_sample() -> None:
    found = shop(DB_SLOW)
    odd = tuple(
        each.copy_with(
            points=tuple(
                (at, math.nan if i % 7 == 0 else math.inf if i % 11 == 0 else v)
                for i, (at, v) in enumerate(each.points)
            )
        )
        for each in found.series
    )
    assert first(investigate(found.copy_with(series=odd))) == "db"


def test_what_cannot_be_seen_below_makes_it_less_sure() -> None:
    seen = shop(PAYMENTS_SLOW)
    calls = {**seen.depends_on, "payments": (*seen.depends_on.get("payments", ()), "vault")}
    clear, unsure = investigate(seen), investigate(seen.model_copy(update={"depends_on": calls}))
    assert [first(each) for each in (clear, unsure)] == ["payments", "payments"]
    assert unsure.causes[0].confidence <= 0.6 < clear.causes[0].confidence
    assert any("Nothing was measured of vault" in each.text for each in unsure.causes[0].against)


def test_nothing_measured_is_not_said_to_be_as_usual() -> None:
    missed = (
        NotLookedAt(source="latency (the metrics)", why="away"),
        NotLookedAt(source="errors (the metrics)", why="away"),
    )
    answer = investigate(Findings(service="web", at=AT, until=AT, not_looked_at=missed))
    assert answer.next_steps == (
        "Nothing was measured of web.",
        "Look yourself at what gave no answer: the metrics.",
    )


def test_a_service_that_nobody_knows_is_said_to_be_unknown() -> None:
    for slow in (PAYMENTS_SLOW, {}):
        steps = investigate(shop(slow, noticed="wbe")).next_steps
        assert "Check the name wbe: nothing was measured of it, and the policy does not name it." in steps
    assert not any("Check the name" in step for step in investigate(shop({})).next_steps)


def test_what_is_not_called_from_where_it_was_noticed_needs_to_stand_out_more() -> None:
    """Something always strays among many services; only who is known to depend on it has reason to suspect it."""
    stray = series("batch", "latency", step_up(0.1, 0.16))
    found = shop({}).copy_with(series=(*shop({}).series, stray))
    apart = investigate(found)
    below = investigate(found.copy_with(depends_on={**SHOP, "db": ("batch",)}))
    assert apart.verdict == "inconclusive"
    assert first(below) == "batch"


def test_what_the_policy_does_not_name_is_to_be_written_into_it() -> None:
    missed = (NotLookedAt(source="metrics", why=NOT_SAID), NotLookedAt(source="errors (the metrics)", why="away"))
    assert investigate(Findings(service="web", at=AT, until=AT, not_looked_at=missed)).next_steps[1:] == (
        "Look yourself at what gave no answer: the metrics.",
        "Write into the policy how to read metrics: see docs/investigation.md.",
    )
