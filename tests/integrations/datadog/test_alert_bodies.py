"""What Datadog's webhooks, its API and people's templates say."""

from __future__ import annotations

import pytest

from integrations.datadog.monitors import GroupState
from integrations.datadog.monitors import alert_of as polled
from tests.alert_sources import alert, fixture, sent
from tests.clock import NIGHT
from warroom.alerts.model import AlertState


def test_a_recovery_is_that_of_its_trigger_whatever_the_order_of_the_scope() -> None:
    triggered, recovered = (alert(fixture(f"template_{word}")["body"]) for word in ("triggered", "recovered"))
    assert triggered.dedup_key == recovered.dedup_key
    assert triggered.keys == recovered.keys
    assert triggered.delivery_id != recovered.delivery_id


def test_the_next_cycle_of_a_group_is_known_by_monitor_and_group() -> None:
    body = fixture("template_triggered")["body"]
    first, second = alert(body), alert(body | {"alert_cycle_key": "900200", "event_id": "7300000000000000077"})
    assert first.dedup_key != second.dedup_key
    assert set(first.keys) & set(second.keys)


def test_another_group_of_the_monitor_shares_no_key() -> None:
    body = fixture("template_triggered")["body"]
    other = alert(body | {"alert_scope": "env:prod,service:search", "alert_cycle_key": "900300"})
    assert not set(alert(body).keys) & set(other.keys)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("[P1] [Triggered on {host:a,env:b}] Queue", "Queue"),
        ("[Triggered] [P1] Queue", "Queue"),
        ("[Triggered on {host:a}] [TEST] Queue", "Queue"),
        ("[Triggered] [Synthetics] Queue", "[Synthetics] Queue"),
        ("[Error] Queue", "[Error] Queue"),
        ("[] Queue", "[] Queue"),
        ("[Triggered on {host:a Queue", "[Triggered on {host:a Queue"),
        ("[Warn]", "[Warn]"),
    ],
)
def test_the_name_is_what_is_left_of_a_title(title: str, name: str) -> None:
    assert alert({"title": title}).title == name


@pytest.mark.parametrize(
    ("body", "transition", "state"),
    [
        ({"title": "[No data on {host:a}] Queue"}, "no_data", "no_data"),
        ({"title": "[P3] [Re-Triggered] Queue", "alert_type": "warning"}, "retrigger", "alert"),
    ],
)
def test_without_a_transition_the_title_tells(body: dict[str, str], transition: str, state: str) -> None:
    found = alert(body)
    assert (found.transition, found.state, found.title) == (transition, state, "Queue")


@pytest.mark.parametrize(
    ("body", "priority"),
    [
        ({"title": "[p3] Queue"}, "P3"),
        ({"alert_priority": "", "title": "[P5] [Triggered] Queue"}, "P5"),
    ],
)
def test_the_title_tells_the_priority(body: dict[str, str], priority: str) -> None:
    assert alert(body).priority == priority


def test_what_is_read_from_the_api_has_the_key_of_what_the_webhook_sends() -> None:
    group = GroupState(monitor_id="4711", name="Error rate", group="service:checkout,env:prod", state=AlertState.ALERT)
    assert polled(group, NIGHT).dedup_key in alert(fixture("template_triggered")["body"]).keys


def test_huge_texts_are_cut_and_still_told_apart() -> None:
    long = "x" * 100_000
    body = dict.fromkeys(fixture("template_triggered")["body"], long) | {"tags": [long] * 3, long: long}
    found = alert(body)
    assert (len(found.title), len(found.text), len(found.tags)) == (500, 8000, 1)
    assert all(len(key) < 200 for key in (found.delivery_id, *found.keys))
    assert alert(body).keys == found.keys


def test_several_are_read_one_by_one() -> None:
    found = sent([fixture("template_triggered")["body"], 7, fixture("incident")["body"]])
    assert [each.kind for each in found.alerts] == ["monitor", "incident"]
    assert found.refused == ("Alert 2 of 3 is a number, not an object; send an object with at least a title.",)
