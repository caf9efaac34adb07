"""The section on Datadog: strict, with `off` as YAML reads it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.integrations import policy_model
from bot.policy_file import effective_yaml, json_schema
from integrations.datadog.policy import DatadogPolicy, SyncMode, section
from integrations.datadog.snapshot import local_severity, remote_severity
from warroom.policy import Policy, check


def read(text: str) -> Policy:
    """The policy that the file says."""
    checked = check(yaml.safe_load(text), policy_model())
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest.mark.parametrize(
    ("said", "meant"),
    [("off", SyncMode.OFF), ("'off'", SyncMode.OFF), ("link", SyncMode.LINK), ("Both", SyncMode.BOTH)],
)
def test_off_is_off_however_yaml_reads_it(said: str, meant: SyncMode) -> None:
    assert section(read(f"datadog: {{incidents: {said}}}")).incidents is meant


@pytest.mark.parametrize(
    ("written", "path", "words"),
    [
        ({"incidents": "bot"}, "datadog.incidents", "off, link, both"),
        ({"incidents": True}, "datadog.incidents", "off, link, both"),
        ({"incident": "both"}, "datadog.incident", "there is no key"),
        ({"sync_every": 5}, "datadog.sync_every", "without a unit"),
        ({"states": ["broken"]}, "datadog.states[0]", "there is no state"),
        ({"open_rooms": True, "incidents": "link"}, "datadog.open_rooms", "incidents: both"),
        ({"fields": {"state": "Status"}}, "datadog.fields.state", "follows its own way"),
        ({"fields": {"attack_vector": 7}}, "datadog.fields.attack_vector", "must be text"),
        ({"severities": {"SEV-9": "SEV-1"}}, "datadog.severities.SEV-9", "there is no severity"),
    ],
)
def test_a_mistake_is_named_with_its_place(written: dict[str, Any], path: str, words: str) -> None:
    checked = check({"datadog": written}, policy_model())
    assert [str(mistake.path) for mistake in checked.mistakes] == [path]
    assert words in str(checked.mistakes[0])


def test_a_field_that_nobody_fills_is_a_warning() -> None:
    written = {
        "datadog": {"fields": {"attack_vector": "Attack vektor", "regions": "Region"}},
        "templates": {"security": {"fields": [{"name": "Attack vector"}]}},
        "rules": [{"name": "all", "declare": {"fields": {"Region": "eu"}}}],
    }
    (warning,) = check(written, policy_model()).warnings
    assert str(warning.path) == "datadog.fields.attack_vector"
    assert "Attack vector" in warning.suggestion


def test_editors_and_the_effective_policy_know_it() -> None:
    validator = Draft202012Validator(json_schema(policy_model()))
    for way in ("off", "link", "both", False):
        assert not list(validator.iter_errors({"datadog": {"incidents": way}}))
    assert list(validator.iter_errors({"datadog": {"incidents": "maybe"}}))
    policy = read("datadog: {incidents: both, sync_every: 2m, states: alert}")
    assert section(read(effective_yaml(policy))) == section(policy) != DatadogPolicy()


def test_severities_by_number_by_rank_and_as_the_policy_says() -> None:
    assert [remote_severity(key, Policy()) for key in Policy().severities] == ["SEV-1", "SEV-2", "SEV-3", "SEV-4"]
    written = "severities: {Blocker: {name: Blocker, acknowledge_within: 1m}}\ndatadog: {severities: {Blocker: SEV-0}}"
    policy = read(written)
    assert remote_severity("Blocker", policy) == "SEV-0"
    assert local_severity("SEV-0", policy) == "Blocker"
    assert local_severity("UNKNOWN", policy) is None
