"""Every shape of body that arrives, with what it says: one fixture each."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.warroom.alerts.conftest import COLUMNS, FIXTURES, NIGHT, alert, fixture, sent
from warroom.alerts.model import Transition
from warroom.alerts.parsing import parse, row


@pytest.mark.parametrize("name", FIXTURES)
def test_a_body_says(name: str) -> None:
    story = fixture(name)
    parsed = sent(story["body"])
    assert len(parsed.alerts) == len(story["alerts"])
    for found, wanted in zip(parsed.alerts, story["alerts"], strict=True):
        said = found.model_dump(mode="json")
        assert {key: said[key] for key in wanted} == wanted
    assert len(parsed.refused) == len(story["refused"])
    for reason, beginning in zip(parsed.refused, story["refused"], strict=True):
        assert reason.startswith(beginning)


@pytest.mark.parametrize("name", [name for name in FIXTURES if "recovers" in fixture(name)])
def test_a_recovery_has_the_key_of_what_it_recovers(name: str) -> None:
    story = fixture(name)
    recovered, triggered = sent(story["body"]), sent(fixture(story["recovers"])["body"])
    for one, other in zip(recovered.alerts, triggered.alerts, strict=True):
        assert one.transition is Transition.RECOVER
        assert one.dedup_key == other.dedup_key
        assert one.delivery_id != other.delivery_id


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


@pytest.mark.parametrize("encoded_as", ["fields", "payload", "text in JSON", "with a byte order mark"])
def test_one_body_is_one_delivery_however_it_is_wrapped(encoded_as: str) -> None:
    body = {"id": "SHOP-7", "title": "High memory", "severity": "critical"}
    text = json.dumps(body, indent=4)
    raw, content_type = {
        "fields": (urlencode(body), "application/x-www-form-urlencoded"),
        "payload": (urlencode({"payload": text}), "application/x-www-form-urlencoded; charset=utf-8"),
        "text in JSON": (json.dumps(text), "application/json"),
        "with a byte order mark": ("\ufeff" + text, ""),
    }[encoded_as]
    assert parse(raw.encode(), content_type, NIGHT).alerts == (alert(body),)


def test_json_sent_as_a_form_is_json() -> None:
    raw = json.dumps({"title": "a=b&c=d"}).encode()
    assert parse(raw, "application/x-www-form-urlencoded", NIGHT).alerts[0].title == "a=b&c=d"


def test_where_a_name_is_given_twice_the_last_one_wins() -> None:
    parsed = parse(b'{"title": "first", "title": "second"}', "application/json", NIGHT)
    assert parsed.alerts[0].title == "second"


def test_a_row_names_what_is_there_and_what_is_not() -> None:
    said = row(alert(fixture("plain_smallest")["body"]))
    assert list(said) == COLUMNS
    assert said["title"] == "High memory"
    assert said["monitor_id"] is None
    assert json.loads(json.dumps(said)) == said
