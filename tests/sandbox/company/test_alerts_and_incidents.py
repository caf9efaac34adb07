"""The company's monitors, the made-up incidents, and the alerts' bodies."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sandbox.company import Company, incidents
from sandbox.company.alerts import Monitors, alertmanager, datadog
from sandbox.company.made_incidents import HEALTHY
from sandbox.company.reading import changes, logs, series
from sandbox.company.services import NAMES, above
from sandbox.company.troubles import KINDS
from tests.sandbox.company.conftest import NOON, Moment, World

MINUTE = 60.0


def test_nothing_alerts_on_three_normal_days() -> None:
    for level in (0.4, 1.0, 1.7):
        now = Moment()
        company = Company(3, now, level=level)
        assert Monitors(company, company.begins + 600).look(NOON) == []


def test_alert_fires_after_its_minutes_and_recovers_when_the_cause_is_undone(world: World) -> None:
    monitors = Monitors(world.company, world.now.at)
    trouble = world.company.start_trouble("bad_configuration", "payments", strength=2)
    world.passes(6)
    fired = monitors.look(world.now.at)
    assert {each.title for each in fired} >= {"High error rate on payments", "High error rate on checkout"}
    assert all(each.state == "firing" and NOON < each.at <= NOON + 360 for each in fired)
    assert monitors.look(world.now.at) == [], "each is said once"
    world.company.end_trouble(trouble.id)
    world.passes(15)
    recovered = monitors.look(world.now.at)
    assert {each.title for each in recovered if each.state == "recovered"} == {each.title for each in fired}
    assert monitors.firing() == []


def test_looking_every_minute_or_once_says_the_same(world: World) -> None:
    world.company.start_trouble("memory_leak", "orders", strength=3)
    world.passes(30)
    once = Monitors(world.company, NOON).look(world.now.at)
    often, step = Monitors(world.company, NOON), NOON
    said = []
    while step < world.now.at:
        step += 45
        said += often.look(min(step, world.now.at))
    assert [(each.at, each.title, each.state) for each in said] == [(each.at, each.title, each.state) for each in once]
    assert once


def test_monitors_know_when_they_will_alert_if_nobody_does_anything(world: World) -> None:
    monitors = Monitors(world.company, NOON)
    assert monitors.next_at() is None
    world.company.start_trouble("memory_leak", "orders", strength=3)
    foreseen = monitors.next_at()
    assert foreseen is not None
    assert monitors.until == NOON, "looking ahead changes nothing"
    world.now.at = foreseen
    assert [each.at for each in monitors.look(foreseen)] == [foreseen]


def test_false_alarm_comes_and_goes_until_its_change_is_reverted(world: World) -> None:
    monitors = Monitors(world.company, NOON)
    trouble = world.company.start_trouble("false_alarm", "search")
    world.passes(35)
    states = [each.state for each in monitors.look(world.now.at) if each.service == "search"]
    assert states[:4] == ["firing", "recovered", "firing", "recovered"]
    world.company.end_trouble(trouble.id)
    world.passes(60)
    late = [each for each in monitors.look(world.now.at) if each.at > NOON + 42 * MINUTE]
    assert late == []
    assert changes(world.company, NOON - 60, world.now.at) == [], "who changes a monitor tells nobody"


def test_bodies_name_the_service_and_the_cycle(world: World) -> None:
    monitors = Monitors(world.company, NOON)
    trouble = world.company.start_trouble("dependency_down", "inventory")
    world.passes(6)
    fired = next(each for each in monitors.look(world.now.at) if each.service == "checkout")
    world.company.end_trouble(trouble.id)
    world.passes(15)
    over = next(each for each in monitors.look(world.now.at) if each.title == fired.title)
    first, last = datadog(fired), datadog(over)
    assert (first["alert_transition"], last["alert_transition"]) == ("Triggered", "Recovered")
    assert first["alert_cycle_key"] == last["alert_cycle_key"]
    assert first["event_id"] != last["event_id"]
    assert first["service"] == "checkout"
    begun, ended = alertmanager([fired]), alertmanager([over])
    assert (begun["status"], ended["status"]) == ("firing", "resolved")
    assert begun["alerts"][0]["fingerprint"] == ended["alerts"][0]["fingerprint"]
    assert begun["alerts"][0]["startsAt"] == ended["alerts"][0]["startsAt"]


def test_made_incidents_cover_every_kind_and_say_the_truth() -> None:
    made = list(incidents(21, 18, innocent=6))
    assert Counter(each.kind for each in made) == dict.fromkeys([*KINDS, HEALTHY], 2)
    for each in made:
        assert each.company.now() == each.until
        assert each.at <= each.until
        assert len(each.innocent) == 6
        if each.service is None:
            assert each.change is None
            assert each.kind in ("false_alarm", HEALTHY)
            continue
        assert each.trouble is not None
        assert each.trouble.at <= each.at <= each.trouble.at + 90 * MINUTE
        assert each.noticed in {each.service, *above([each.service])} or each.kind == "noisy_neighbour"
        assert each.service not in {change.service for change in each.innocent}
        if each.change is not None:
            assert each.change.service == each.service
            assert each.change in changes(each.company, each.at - 7200, each.until)


def test_made_incidents_are_the_same_for_the_same_seed() -> None:
    def said(seed: int) -> list[object]:
        return [(each.kind, each.at, each.noticed, each.service, each.innocent) for each in incidents(seed, 5)]

    assert said(4) == said(4)
    assert said(4) != said(5)


def test_made_incidents_can_be_chosen() -> None:
    assert {each.kind for each in incidents(1, 4, kinds=("slow_database",))} == {"slow_database"}
    assert all(each.change is not None for each in incidents(1, 4, by_change=True, kinds=("exhausted_pool",)))
    assert all(each.change is None for each in incidents(1, 4, by_change=False))
    with pytest.raises(ValueError, match="no kind of trouble left"):
        next(incidents(1, 1, kinds=("memory_leak",), by_change=False))


def test_everything_is_read_without_http() -> None:
    made = next(incidents(9, 1, kinds=("bad_configuration",)))
    read = list(series(made.company, made.at - 1800, made.until))
    assert {(each.service, each.signal) for each in read} >= {(name, "memory") for name in NAMES}
    for each in read:
        assert len(each.times) == len(each.values)
        assert not np.isnan(each.values).any()
        assert each.times[-1] <= made.until
    assert made.service is not None
    window = logs(made.company, made.service, made.at - 900, made.until)
    assert len(window) > 10
    assert window == sorted(window, key=lambda line: line.at)
    everything = logs(made.company, made.service, made.at - 900, made.until, containing="")
    assert [line for line in everything if "error" in line.text] == window
