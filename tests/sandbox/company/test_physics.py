"""What goes wrong shows where it would show and nowhere else, and ends with its cause."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sandbox.company import Company
from sandbox.company.logs import lines
from sandbox.company.metrics import SIGNALS
from sandbox.company.promql_values import by_service
from sandbox.company.services import NAMES, above, below
from sandbox.company.troubles import KINDS, ended_at
from tests.sandbox.company.conftest import NOON, Moment, World, everything

MINUTE = 60.0
EVERY = [(kind, place) for kind, shape in KINDS.items() for place in shape.places[:3]]


def strongly(kind: str) -> float:
    return 2.0 if kind == "memory_leak" else 1.3


def test_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    def day(seed: int) -> dict[tuple[str, str], tuple[bytes, bytes]]:
        return everything(Company(seed, Moment()), NOON - 6 * 3600, NOON)

    assert day(3) == day(3)
    assert day(3) != day(4)


def test_what_is_asked_for_in_parts_or_first_is_the_same(world: World) -> None:
    whole = by_service(world.company, SIGNALS["latency"], NOON - 7200, NOON)
    other = Company(7, Moment())
    late = by_service(other, SIGNALS["latency"], NOON - 3600, NOON)
    for name in NAMES:
        inside = whole[name][0] >= NOON - 3600
        assert np.array_equal(whole[name][1][inside], late[name][1])


@pytest.mark.parametrize("kind", list(KINDS))
def test_nothing_that_happens_changes_what_was_before(kind: str) -> None:
    quiet, troubled = World(Moment(), Company(7, Moment())), World(now := Moment(), Company(7, now))
    quiet.now.at = NOON
    before = everything(quiet.company, NOON - 5400, NOON - 15)
    logged = {name: list(lines(quiet.company, name, NOON - 900, NOON)) for name in NAMES}
    trouble = troubled.company.start_trouble(kind)
    troubled.passes(25)
    troubled.company.end_trouble(trouble.id)
    troubled.passes(25)
    assert everything(troubled.company, NOON - 5400, NOON - 15) == before
    assert {name: list(lines(troubled.company, name, NOON - 900, NOON - 1)) for name in NAMES} == {
        name: [line for line in found if line.at <= NOON - 1] for name, found in logged.items()
    }


def test_there_is_nothing_of_the_future_and_nothing_before_the_beginning(world: World) -> None:
    for times, _ in by_service(world.company, "sum by (service) (up)", NOON - 60, NOON + 3600).values():
        assert times[-1] <= NOON + 300, "an old sample counts for five minutes"
    assert by_service(world.company, SIGNALS["memory"], world.company.begins - 7200, world.company.begins - 600) == {}
    assert list(lines(world.company, "web", NOON, NOON + 600)) == []


@pytest.mark.parametrize(("kind", "place"), EVERY)
def test_trouble_shows_at_its_cause_and_above_it_and_nowhere_else(kind: str, place: str) -> None:
    world = World(now := Moment(), Company(11, now))
    trouble = world.company.start_trouble(kind, place, strength=strongly(kind))
    world.passes(19)
    seen = world.abnormal(trouble.at)
    allowed = {place, *above([place])}
    if kind == "noisy_neighbour":
        node = next(each.node for each in world.company.services if each.name == place)
        starved = {each.name for each in world.company.services if each.node == node}
        allowed |= starved | above(sorted(starved))
    if kind == "false_alarm":
        allowed = set()
    assert seen <= allowed, f"shows at {sorted(seen - allowed)}"
    if kind in ("bad_configuration", "slow_database", "exhausted_pool", "noisy_neighbour", "memory_leak"):
        assert place in seen or world.value("cpu", place) > 0.5
    if kind in ("dependency_down", "expired_certificate"):
        assert math.isnan(world.value("requests", place)) or world.value("requests", place) == 0


@pytest.mark.parametrize(("kind", "place"), EVERY)
def test_trouble_ends_when_what_caused_it_is_undone(kind: str, place: str) -> None:
    world = World(now := Moment(), Company(12, now))
    trouble = world.company.start_trouble(kind, place, strength=strongly(kind))
    world.passes(19)
    assert world.company.going_on() == [trouble]
    world.company.end_trouble(trouble.id)
    world.passes(12)
    assert world.company.going_on() == []
    usual = {
        signal: {n: w[1] for n, w in by_service(world.company, q, NOON - 1800, NOON).items()}
        for signal, q in SIGNALS.items()
    }
    for signal in ("errors", "latency", "saturation", "memory"):
        for name in NAMES:
            now_is, was = world.value(signal, name, 3), float(np.median(usual[signal][name]))
            assert now_is <= was * 1.6 + 0.06, f"{signal} of {name} is {now_is:.3f} and was {was:.3f}"
    with pytest.raises(ValueError, match="has ended already"):
        world.company.end_trouble(trouble.id)


def test_less_reaches_what_a_failing_service_calls_and_what_it_does_not_call_is_untouched(world: World) -> None:
    before = {name: world.value("requests", name, 10) for name in NAMES}
    world.company.start_trouble("bad_configuration", "checkout", strength=2)
    world.passes(12)
    assert world.value("requests", "payments") < 0.5 * before["payments"]
    assert world.value("errors", "payments") < 0.02
    # Every full hour there are more reports; there are fewer notifications because there are fewer orders.
    for name in set(NAMES) - below(["checkout"]) - {"checkout", "reports", "notifications"}:
        assert world.value("requests", name) == pytest.approx(before[name], rel=0.35), name


def test_restart_clears_a_leak_for_a_while_and_a_rollback_for_good(world: World) -> None:
    company = world.company
    trouble = company.start_trouble("memory_leak", "checkout", strength=2)
    assert company.image("checkout").endswith(":1.4.41")
    world.passes(16)
    full = world.value("memory", "checkout", 1)
    company.restart("checkout")
    world.passes(3)
    assert world.value("memory", "checkout", 1) < full - 0.2
    world.passes(13)
    assert world.value("memory", "checkout", 1) > full - 0.1, "it fills again"
    company.rollback("checkout")
    assert company.image("checkout").endswith(":1.4.40")
    world.passes(40)
    assert world.value("memory", "checkout", 1) < 0.5
    assert ended_at(company, trouble) is not None
    company.set_image("checkout", "1.4.41")
    world.passes(16)
    assert world.value("memory", "checkout", 1) > full - 0.1, "the release still leaks"


def test_full_memory_kills_and_is_an_event_a_restart_and_a_stack_trace(world: World) -> None:
    company = world.company
    restarts = company.workload("orders").restarts
    company.start_trouble("memory_leak", "orders", strength=4)
    world.passes(25)
    killed = [each for each in company.events(NOON, world.now.at) if each.reason == "OOMKilled"]
    assert len(killed) == 2
    assert company.workload("orders").restarts == 2, f"of the new pods; the old ones had {restarts}"
    traces = [
        line for line in lines(company, "orders", NOON, world.now.at, level="error") if "OutOfMemory" in line.text
    ]
    assert [line.at for line in traces] == [pytest.approx(each.at, abs=1) for each in killed]
    # What is counted begins anew: `rate` must not fall below zero or jump.
    _, rates = by_service(company, SIGNALS["requests"], NOON, world.now.at)["orders"]
    assert 0 <= rates.min() <= rates.max() < 3 * np.median(rates)


def test_scaling_relieves_a_pool_and_a_leak(world: World) -> None:
    company = world.company
    company.start_trouble("exhausted_pool", "inventory", by_change=False)
    world.passes(18)
    failing = world.value("errors", "inventory")
    assert failing > 0.3
    company.scale("inventory", 8)
    world.passes(10)
    assert world.value("errors", "inventory") < failing / 5
    company.start_trouble("memory_leak", "cart", strength=2)
    company.scale("cart", 9)
    world.passes(20)
    assert world.value("memory", "cart", 1) < 0.6, "three times the pods fill three times as slowly"


def test_who_is_scaled_to_nothing_is_down_until_he_is_scaled_up(world: World) -> None:
    company = world.company
    company.scale("fraud", 0)
    world.passes(10)
    assert world.value("errors", "payments") > 0.9
    assert math.isnan(world.value("latency", "fraud", 2))
    assert not company.workload("fraud").ready
    company.scale("fraud", 2)
    world.passes(10)
    assert world.value("errors", "payments") < 0.02


def test_certificate_says_when_it_expires_and_renewing_says_another_day(world: World) -> None:
    query = "max by (service) (certificate_expiry_timestamp_seconds) - time()"
    company = world.company
    assert by_service(company, query, NOON, NOON)["auth"][1][0] > 30 * 86400
    company.start_trouble("expired_certificate", "auth")
    world.passes(10)
    assert by_service(company, query, world.now.at, world.now.at)["auth"][1][0] == pytest.approx(-600, abs=1)
    refused = [
        line.text for line in lines(company, "gateway", NOON, world.now.at, level="error") if "x509" in line.text
    ]
    assert any("upstream=auth" in text for text in refused)
    assert not [line for line in lines(company, "web", NOON, world.now.at) if "x509" in line.text], (
        "it does not call auth"
    )
    company.renew("auth")
    world.passes(10)
    assert by_service(company, query, world.now.at, world.now.at)["auth"][1][0] > 80 * 86400
    assert world.value("errors", "gateway") < 0.01


def test_queue_grows_while_nobody_takes_from_it(world: World) -> None:
    world.company.scale("notifications", 0)
    world.passes(20)
    grown = world.value("queue", "queue", 1)
    assert grown > 2000
    world.company.scale("notifications", 4)
    world.passes(20)
    assert world.value("queue", "queue", 1) < grown / 2


def test_normal_operation_has_seasons_noise_gaps_and_odd_samples(world: World) -> None:
    day = world.company.physics.day(int(NOON // 86400) - 1)
    gateway = day["gateway"]
    assert gateway.rate.max() > 3 * gateway.rate.min()
    assert 0.001 < 1 - gateway.scraped.mean() < 0.1
    assert gateway.latency.max() > 1.4 * np.median(gateway.latency)
    for name, each in day.items():
        assert np.median(each.errors) < 0.01, name
        assert (each.in_use <= next(s.pool for s in world.company.services if s.name == name)).all()
        for counter in (each.ok, each.failed, each.seconds, each.cpu):
            assert (np.diff(counter) >= 0).all(), f"nothing of {name} was restarted"
    reports = day["reports"].rate
    assert reports[:20].mean() > 1.5 * reports[40:220].mean(), "every full hour"


def test_wishes_that_make_no_sense_are_refused(world: World) -> None:
    company = world.company
    for do, said in (
        (lambda: company.start_trouble("flood"), "is no trouble"),
        (lambda: company.start_trouble("slow_database", "web"), "cannot begin at web"),
        (lambda: company.start_trouble("memory_leak", "web", by_change=False), "is always caused by a change"),
        (lambda: company.start_trouble("memory_leak", "web", strength=0), "is no strength"),
        (lambda: company.scale("web", 101), "no number of replicas"),
        (lambda: company.restart("mainframe"), "there is no service mainframe"),
        (lambda: company.set_image("web", "web:9.9"), "there is no image"),
        (lambda: company.revert("web"), "nothing to revert"),
        (lambda: company.act("reboot", "web"), "reboot is no act"),
        (lambda: company.end_trouble("trouble-9"), "there is no trouble-9"),
    ):
        with pytest.raises(ValueError, match=said):
            do()
    for _ in range(3):
        company.rollback("web")
    with pytest.raises(ValueError, match="no version before"):
        company.rollback("web")


def test_listeners_hear_of_every_record(world: World) -> None:
    heard: list[object] = []
    world.company.listeners.append(heard.append)
    trouble = world.company.start_trouble("memory_leak")
    assert [type(each).__name__ for each in heard] == ["Change", "Act", "Trouble"]
    world.company.end_trouble(trouble.id)
    assert type(heard[-1]).__name__ == "Act"
