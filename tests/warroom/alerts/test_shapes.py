"""Every plain shape of body that arrives, with what it says: one fixture each."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.warroom.alerts.conftest import COLUMNS, FIXTURES, alert, fixture, posted, sent
from warroom.alerts.model import Transition
from warroom.alerts.parsing import row


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
    assert posted(raw.encode(), content_type).alerts == (alert(body),)


def test_json_sent_as_a_form_is_json() -> None:
    raw = json.dumps({"title": "a=b&c=d"}).encode()
    assert posted(raw, "application/x-www-form-urlencoded").alerts[0].title == "a=b&c=d"


def test_where_a_name_is_given_twice_the_last_one_wins() -> None:
    parsed = posted(b'{"title": "first", "title": "second"}')
    assert parsed.alerts[0].title == "second"


def test_a_row_names_what_is_there_and_what_is_not() -> None:
    said = row(alert(fixture("plain_smallest")["body"]))
    assert list(said) == COLUMNS
    assert said["title"] == "High memory"
    assert said["monitor_id"] is None
    assert json.loads(json.dumps(said)) == said
