"""The policy's own alert sources: any body, read by JMESPath, each with an address and a secret of its own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jmespath
import pytest

from bot.clock import SystemClock
from bot.integrations import INTEGRATIONS, alone, integrations_of, policy_model, problems, settings_model
from bot.policy_file import effective_yaml, json_schema
from integrations.sources.policy import TAKEN
from sandbox import Sandbox
from sandbox.vendors.system import FakeSystem
from tests.integrations.stories import hook, policy_of, room_beside
from tests.scenarios.conftest import WarRoom
from tests.scenarios.conftest import slack as slack
from warroom.alerts.model import Alert, Transition
from warroom.alerts.parsing.parse import MOST_ALERTS
from warroom.incident.model import State
from warroom.outbox.incoming import Incoming
from warroom.policy import check
from warroom.webhook import WebhookBody

SECTION: dict[str, Any] = {
    "probe": {
        "token": "env:PROBE_TOKEN",
        "items": "alerts[*]",
        "map": {
            "title": "labels.check",
            "id": "labels.id",
            "status": "state",
            "severity": "labels.level",
            "service": "labels.app",
            "link": "urls[0]",
            "text": "join(' ', [labels.app, 'is', state])",
            "region": "labels.region",
        },
    }
}
BODY = {
    "alerts": [
        {
            "state": "firing",
            "labels": {"check": "certificate", "id": 7, "level": "critical", "app": "checkout", "region": "eu"},
            "urls": ["https://probe.example.com/7"],
        }
    ]
}
OVER = {"alerts": [BODY["alerts"][0] | {"state": "resolved"}]}


def read(body: object, **section: Any) -> Incoming:
    """What the source makes of it."""
    policy = policy_of(sources=section or SECTION)
    sources = integrations_of(settings_model(INTEGRATIONS)(**alone()), policy=policy)
    return sources.webhook("probe").read(
        WebhookBody(json.dumps(body).encode(), "application/json", SystemClock().now())
    )


def only(body: object, **section: Any) -> Alert:
    found = read(body, **section)
    assert found.refused == ()
    [alert] = found.alerts
    return alert


def test_each_part_is_found_where_the_policy_says() -> None:
    alert = only(BODY)
    assert (alert.title, alert.severity, alert.service) == ("certificate", "critical", "checkout")
    assert (alert.link, alert.text, alert.source) == ("https://probe.example.com/7", "checkout is firing", "probe")
    assert ("region", "eu") in alert.facts
    over = only(OVER)
    assert over.transition is Transition.RECOVER
    assert over.keys == alert.keys == ("1:id:probe:7",)


def test_a_body_without_a_map_is_a_plain_one() -> None:
    alert = only({"data": [{"title": "disk full", "severity": "high"}]}, probe={"token": "env:P", "items": "data"})
    assert (alert.title, alert.severity) == ("disk full", "high")


def test_what_is_not_there_is_said_and_an_empty_list_is_nothing() -> None:
    assert read({"other": 1}).refused == ("There is nothing at alerts[*] in the body.",)
    assert read({"alerts": []}) == Incoming()
    assert read({"alerts": [{"state": "firing"}]}).refused[0].startswith("The alert has neither a title")
    partly = only({"alerts": [{"labels": {"check": "x"}, "state": "firing"}]})
    assert (partly.title, partly.text) == ("x", ""), "a part that cannot be made costs only itself"


def test_expressions_are_applied_only_to_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body may hold hundreds of thousands of items, and everybody waits while it is read."""
    asked: list[str] = []
    search = jmespath.search

    def counted(said: str, item: Any) -> Any:
        asked.append(said)
        return search(said, item)

    monkeypatch.setattr("integrations.sources.integration.jmespath.search", counted)
    found = read({"alerts": [{"labels": {"check": f"c{n}"}} for n in range(5_000)]})
    assert len(found.alerts) == MOST_ALERTS
    assert found.refused == (
        f"Alerts {MOST_ALERTS + 1} to 5000 were not read: a body may hold {MOST_ALERTS}. Send the others in a second one.",
    )
    assert len(asked) == 1 + MOST_ALERTS * len(SECTION["probe"]["map"])


def test_mistakes_in_the_section_are_named_with_their_places() -> None:
    section = {
        "My Probe": {"token": "env:X"},
        "jira": {"token": "env:X"},
        "probe": {"token": "s3cret!", "items": "a[", "tokn": 1},
    }
    mistakes = check({"sources": section}, policy_model()).mistakes
    assert {each.path for each in mistakes} == {
        "sources.My Probe",
        "sources.jira",
        "sources.probe.token",
        "sources.probe.items",
        "sources.probe.tokn",
    }
    assert "s3cret" not in str(mistakes)


def test_the_section_is_in_the_effective_policy_and_the_schema() -> None:
    policy = policy_of(sources=SECTION)
    assert "env:PROBE_TOKEN" in effective_yaml(policy)
    assert "SourcePolicy" in json.dumps(json_schema(policy_model()))


def test_names_of_other_addresses_are_taken() -> None:
    others = integrations_of(settings_model(INTEGRATIONS)(**alone())).webhooks
    assert {each.path.removeprefix("/hooks/") for each in others} | {each.name for each in others} <= TAKEN


async def test_check_names_a_secret_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROBE_TOKEN", raising=False)
    policy = policy_of(sources=SECTION)
    integrations = integrations_of(settings_model(INTEGRATIONS)(**alone()), policy=policy)
    found = await problems(integrations, policy, SystemClock())
    assert found == ["The policy names env:PROBE_TOKEN, but the environment variable PROBE_TOKEN is not set"]


class Nothing(FakeSystem):
    """No other system."""


@pytest.fixture
async def room(slack: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WarRoom]:
    """A bot with that source."""
    monkeypatch.setenv("PROBE_TOKEN", "obviously-not-a-token")
    rules = [{"name": "probes", "when": {"source": "probe"}, "declare": {"severity": "SEV-2"}}]
    async with room_beside(slack, Nothing(), tmp_path, policy_of(sources=SECTION, rules=rules)) as warroom:
        yield warroom


async def test_it_opens_an_incident_by_its_rule_and_recovers_it(room: WarRoom) -> None:
    known = {"X-Warroom-Token": "obviously-not-a-token", "Content-Type": "application/json"}
    assert await hook(room, "/hooks/probe", json.dumps(BODY).encode(), {}) == 401
    assert await hook(room, "/hooks/probe", json.dumps(BODY).encode(), known) == 202
    assert await hook(room, "/hooks/probe", json.dumps(BODY).encode(), known) == 202
    incident = await room.incident()
    assert (incident.title, incident.severity, incident.alerts.firing) == ("certificate", "SEV-2", 1)
    assert await hook(room, "/hooks/probe", json.dumps(OVER).encode(), known) == 202
    incident = await room.incident()
    assert (incident.state, incident.alerts.firing) == (State.DETECTED, 0)
    assert await room.bot.store.last_number() == 1
    assert await hook(room, "/hooks/probe", b"{", known) == 400
    assert [each.source for each in await room.bot.store.quarantined()] == ["probe"]
