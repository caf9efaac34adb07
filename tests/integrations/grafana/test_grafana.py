"""What Grafana sends, now and before: status and state are told apart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alert_sources import alert, sent
from warroom.alerts.model import AlertState, Transition

ONE: dict[str, Any] = {
    "status": "firing",
    "labels": {"alertname": "HighLatency", "service": "checkout", "severity": "critical", "grafana_folder": "SLO"},
    "annotations": {"summary": "p99 is above 2 s"},
    "startsAt": "2026-11-21T02:59:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "values": {"B": 2.31},
    "valueString": "[ var='B' labels={} value=2.31 ]",
    "generatorURL": "https://grafana.example.com/alerting/grafana/abc/view",
    "panelURL": "https://grafana.example.com/d/abc?viewPanel=2",
    "imageURL": "https://grafana.example.com/image.png",
    "fingerprint": "57c6d9296de2ad39",
}
GROUP: dict[str, Any] = {
    "receiver": "warroom",
    "status": "firing",
    "state": "alerting",
    "orgId": 1,
    "title": "[FIRING:1] HighLatency",
    "version": "1",
    "groupKey": "{}:{alertname=HighLatency}",
    "truncatedAlerts": 0,
    "alerts": [ONE],
}
LEGACY: dict[str, Any] = {
    "dashboardId": 1,
    "evalMatches": [{"value": 1, "metric": "Count", "tags": {}}],
    "imageUrl": "https://grafana.example.com/image.png",
    "message": "Notification Message",
    "orgId": 1,
    "panelId": 2,
    "ruleId": 12,
    "ruleName": "Panel Title alert",
    "ruleUrl": "https://grafana.example.com/d/abc?viewPanel=2",
    "state": "alerting",
    "tags": {"service": "api"},
    "title": "[Alerting] Panel Title alert",
}


def test_an_alert_of_a_group() -> None:
    found = alert(GROUP, source="grafana")
    assert (found.title, found.severity, found.service) == ("HighLatency", "critical", "checkout")
    assert (found.transition, found.state, found.source) == (Transition.TRIGGER, AlertState.ALERT, "grafana")
    assert (found.link, found.snapshot) == (ONE["panelURL"], ONE["imageURL"])
    assert found.keys == ("1:id:grafana:57c6d9296de2ad39",)


def test_in_a_group_that_still_fires_each_alert_has_its_own_status() -> None:
    over = ONE | {"status": "resolved", "fingerprint": "aaaa", "endsAt": "2026-11-21T03:00:00Z"}
    first, second = sent(GROUP | {"alerts": [ONE, over]}, source="grafana").alerts
    assert (first.transition, second.transition) == (Transition.TRIGGER, Transition.RECOVER)


@pytest.mark.parametrize(
    ("state", "transition"),
    [("alerting", Transition.TRIGGER), ("ok", Transition.RECOVER), ("no_data", Transition.NO_DATA)],
)
def test_a_rule_of_the_alerting_before_has_a_state(state: str, transition: Transition) -> None:
    found = alert(LEGACY | {"state": state}, source="grafana")
    assert (found.transition, found.title) == (transition, "Panel Title alert")
    assert found.keys == ("1:id:grafana:12",)
    assert found.link == LEGACY["ruleUrl"]


def test_no_data_and_errors_are_the_rules_own() -> None:
    labels = {"rulename": "HighLatency", "datasource_uid": "x"}
    nothing = alert(
        GROUP | {"alerts": [ONE | {"labels": labels | {"alertname": "DatasourceNoData"}}]}, source="grafana"
    )
    assert (nothing.title, nothing.state) == ("HighLatency", AlertState.NO_DATA)
    broken = alert(GROUP | {"alerts": [ONE | {"labels": labels | {"alertname": "DatasourceError"}}]}, source="grafana")
    assert broken.title == "HighLatency cannot be evaluated"


@pytest.mark.parametrize("source", ["grafana", "alertmanager"])
def test_alerts_that_the_sender_left_out_are_said(source: str) -> None:
    found = sent(GROUP | {"truncatedAlerts": 3}, source=source)
    assert len(found.alerts) == 1
    assert found.refused[0].startswith("The sender left 3 more alerts of this group out (truncatedAlerts)")
