"""`alerts parse --source` and `rules test --source` for every source, the policy's own too, and rules that match on `source`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.app import cli

POLICY = """
sources:
  nagios:
    token: env:NAGIOS_TOKEN
    items: "problems[*]"
    map: {title: check, severity: level, service: host.service}
rules:
  - {name: nagios pages, when: {source: nagios}, declare: {severity: SEV-1}}
  - {name: pager is known, when: {source: [pagerduty]}, declare: {severity: SEV-3}}
  - {name: grafana is quiet, when: {source: grafana}, drop: true}
  - {name: prometheus, when: {source: "alert*"}, declare: {severity: SEV-2}}
  - {name: everything else, when: {}, attach_or_declare: {severity: SEV-4}}
"""
BODIES: dict[str, tuple[dict[str, Any], str, str]] = {
    "nagios": (
        {"problems": [{"check": "disk full", "level": "warning", "host": {"service": "db"}}]},
        "disk full",
        "nagios pages",
    ),
    "pagerduty": (
        {
            "event": {
                "id": "01E",
                "event_type": "incident.triggered",
                "occurred_at": "2026-11-21T03:00:00.000Z",
                "agent": None,
                "data": {
                    "id": "PTHEIRS",
                    "type": "incident",
                    "status": "triggered",
                    "incident_key": "theirs",
                    "title": "basket is slow",
                    "html_url": "https://example.pagerduty.com/incidents/PTHEIRS",
                    "service": {"summary": "checkout"},
                    "urgency": "high",
                },
            }
        },
        "basket is slow",
        "pager is known",
    ),
    "grafana": (
        {
            "receiver": "warroom",
            "status": "firing",
            "orgId": 1,
            "title": "[FIRING:1] latency",
            "state": "alerting",
            "version": "1",
            "groupKey": "{}",
            "alerts": [
                {
                    "status": "firing",
                    "labels": {"alertname": "latency", "service": "checkout"},
                    "annotations": {},
                    "startsAt": "2026-11-21T03:00:00Z",
                    "endsAt": "0001-01-01T00:00:00Z",
                    "fingerprint": "f1",
                    "generatorURL": "https://grafana.example.com/alerting/1",
                }
            ],
        },
        "latency",
        "grafana is quiet",
    ),
    "alertmanager": (
        {
            "version": "4",
            "groupKey": "{}",
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "warroom",
            "groupLabels": {},
            "commonLabels": {},
            "commonAnnotations": {},
            "externalURL": "https://alertmanager.example.com",
            "alerts": [
                {
                    "status": "firing",
                    "labels": {"alertname": "HighLatency", "service": "checkout", "severity": "critical"},
                    "annotations": {"summary": "slow"},
                    "startsAt": "2026-11-21T03:00:00Z",
                    "endsAt": "0001-01-01T00:00:00Z",
                    "generatorURL": "https://prometheus.example.com",
                    "fingerprint": "f2",
                }
            ],
        },
        "HighLatency",
        "prometheus",
    ),
    "datadog": (
        {
            "event_id": "1",
            "alert_id": "42",
            "alert_title": "High error rate",
            "alert_transition": "Triggered",
            "alert_cycle_key": "7",
            "alert_scope": "service:checkout",
            "date": "1795230000000",
        },
        "High error rate",
        "everything else",
    ),
}


@pytest.fixture(autouse=True)
def policy(alone: None) -> None:
    """The policy of the working directory."""
    Path("warroom.yml").write_text(POLICY)


@pytest.mark.parametrize("source", BODIES)
def test_every_source_reads_its_own_bodies_and_its_rule_acts(source: str) -> None:
    body, title, rule = BODIES[source]
    Path("body.json").write_text(json.dumps(body))
    result = CliRunner().invoke(cli, ["alerts", "parse", "body.json", "--source", source, "--json"])
    assert result.exit_code == 0, result.output
    (line,) = [json.loads(each) for each in result.stdout.splitlines()]
    assert line["accepted"], line["reason"]
    assert title in line["title"]
    assert line["rule"] == rule
    tried = CliRunner().invoke(cli, ["rules", "test", "body.json", "--source", source])
    assert tried.exit_code == 0, tried.output
    assert rule in tried.output.splitlines()[-1], tried.output


def test_a_body_of_another_source_says_what_it_lacks() -> None:
    Path("body.json").write_text(json.dumps(BODIES["datadog"][0]))
    result = CliRunner().invoke(cli, ["alerts", "parse", "body.json", "--source", "nagios", "--json"])
    (line,) = [json.loads(each) for each in result.stdout.splitlines()]
    assert (line["accepted"], line["reason"]) == (False, "There is nothing at problems[*] in the body.")


def test_an_unknown_source_is_told_with_the_policys_own_among_those_there_are() -> None:
    Path("body.json").write_text("{}")
    result = CliRunner().invoke(cli, ["rules", "test", "body.json", "--source", "pigeon"])
    assert result.exit_code == 2
    for name in ("alertmanager", "datadog", "grafana", "nagios", "pagerduty"):
        assert name in result.output
