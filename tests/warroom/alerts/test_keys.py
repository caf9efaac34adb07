"""Open incidents are found by the keys that alerts had when they opened them, so no key may change by itself."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from integrations.datadog.monitors import GroupState, alert_of
from tests.warroom.alerts.conftest import FIXTURES, NIGHT, fixture, sent
from warroom.alerts.model import AlertState
from warroom.alerts.parsing import parse

PINNED: dict[str, list[list[str]]] = json.loads(Path(__file__).with_name("keys.json").read_text("utf-8"))
"""The keys of the alerts of each body. Written once, from what was stored then; a line that must be changed here is one
by which an incident that is open will not be found any more."""


@pytest.mark.parametrize("name", PINNED)
def test_an_open_incident_is_found_by_the_key_it_was_opened_with(name: str) -> None:
    found = [list(alert.keys) for alert in sent(fixture(name)["body"]).alerts]
    assert found == PINNED[name]


def test_most_bodies_are_pinned() -> None:
    assert set(PINNED) <= set(FIXTURES)
    assert len(PINNED) > 70


@pytest.mark.parametrize("name", FIXTURES)
def test_keys_do_not_depend_on_when_or_in_which_order_a_body_is_sent(name: str) -> None:
    body = fixture(name)["body"]
    turned = dict(reversed(body.items())) if isinstance(body, dict) else body
    later = parse(json.dumps(turned).encode(), "", NIGHT + timedelta(days=400)).alerts
    assert [(one.keys, one.delivery_id) for one in sent(body).alerts] == [(one.keys, one.delivery_id) for one in later]


def test_what_is_read_from_the_api_has_the_key_of_what_the_webhook_sends() -> None:
    group = GroupState(monitor_id="4711", name="Error rate", group="service:checkout,env:prod", state=AlertState.ALERT)
    assert alert_of(group, NIGHT).dedup_key in PINNED["template_triggered"][0]
