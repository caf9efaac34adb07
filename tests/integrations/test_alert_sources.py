"""Every body that was ever sent to the first address says there what it said then; each sender's own address reads its bodies."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.alert_sources import BODIES, FIRST, GENERIC, SOURCES, fixture, of, posted, sent
from tests.clock import NIGHT
from tests.warroom.alerts.conftest import SOURCE
from warroom.alerts.model import Transition
from warroom.errors import Rejected
from warroom.outbox.incoming import Incoming
from warroom.webhook import AlertParser

PINNED: dict[str, list[list[str]]] = json.loads(Path(__file__).with_name("keys.json").read_text("utf-8"))
"""The keys of the alerts of each body. Written once, from what was stored then; a line that must be changed here is one
by which an incident that is open will not be found any more."""


def says(name: str, found: Incoming, *, with_keys: bool = True) -> None:
    """Asserts what the file of that name promises."""
    story = fixture(name)
    if BODIES[name].parent == GENERIC:
        # What a plain body is known by is in the name of the address that it came to.
        story = json.loads(json.dumps(story).replace(f"1:id:{SOURCE}:", "1:id:datadog:"))
    assert len(found.alerts) == len(story["alerts"])
    for alert, wanted in zip(found.alerts, story["alerts"], strict=True):
        said = alert.model_dump(mode="json")
        compared = [key for key in wanted if with_keys or key not in ("dedup_key", "keys", "source")]
        assert {key: said[key] for key in compared} == {key: wanted[key] for key in compared}
    assert len(found.refused) == len(story["refused"])
    for reason, beginning in zip(found.refused, story["refused"], strict=True):
        assert reason.startswith(beginning)


@pytest.mark.parametrize("name", BODIES)
def test_a_body_says_at_the_first_address(name: str) -> None:
    says(name, sent(fixture(name)["body"]))


@pytest.mark.parametrize("name", of("alertmanager"))
def test_a_body_says_the_same_at_its_senders_own_address(name: str) -> None:
    says(name, sent(fixture(name)["body"], source="alertmanager"), with_keys=False)


@pytest.mark.parametrize("source", [each.name for each in SOURCES.webhooks if isinstance(each.parse, AlertParser)])
def test_a_plain_body_is_read_at_every_address(source: str) -> None:
    [found] = sent({"id": "SHOP-7", "title": "High memory", "severity": "critical"}, source=source).alerts
    assert (found.title, found.severity, found.event_id) == ("High memory", "critical", "SHOP-7")
    assert found.source == {FIRST: "datadog"}.get(source, source)


@pytest.mark.parametrize("name", [name for name in BODIES if "recovers" in fixture(name)])
def test_a_recovery_has_the_key_of_what_it_recovers(name: str) -> None:
    story = fixture(name)
    recovered, triggered = sent(story["body"]), sent(fixture(story["recovers"])["body"])
    for one, other in zip(recovered.alerts, triggered.alerts, strict=True):
        assert one.transition is Transition.RECOVER
        assert one.dedup_key == other.dedup_key
        assert one.delivery_id != other.delivery_id


@pytest.mark.parametrize("name", PINNED)
def test_an_open_incident_is_found_by_the_key_it_was_opened_with(name: str) -> None:
    found = [list(alert.keys) for alert in sent(fixture(name)["body"]).alerts]
    assert found == PINNED[name]


def test_most_bodies_are_pinned() -> None:
    assert set(PINNED) <= set(BODIES)
    assert len(PINNED) > 70


@pytest.mark.parametrize("name", BODIES)
def test_keys_do_not_depend_on_when_or_in_which_order_a_body_is_sent(name: str) -> None:
    body = fixture(name)["body"]
    turned = dict(reversed(body.items())) if isinstance(body, dict) else body
    later = posted(json.dumps(turned).encode(), "", NIGHT + timedelta(days=400)).alerts
    assert [(one.keys, one.delivery_id) for one in sent(body).alerts] == [(one.keys, one.delivery_id) for one in later]


def test_a_source_is_found_by_its_own_name_or_its_integrations() -> None:
    assert SOURCES.webhook("webhook") is SOURCES.webhook("datadog")
    assert SOURCES.webhook("alertmanager").path == "/hooks/alertmanager"
    with pytest.raises(Rejected, match="no alert source pigeon") as refused:
        SOURCES.webhook("pigeon")
    assert (
        refused.value.advice
        == "Those there are: alertmanager, changes, datadog, github, grafana, jira, pagerduty, webhook."
    )
