"""`warroom.yml`: read with line numbers, shown with its defaults, described for editors."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.integrations import policy_model
from bot.policy_file import PolicyError, effective_yaml, json_schema, load
from warroom.policy import Policy

WHOLE = """
workspace:
  announce: "#incidents"
  default_team: Platform
  timezone: Europe/Berlin
severities:
  SEV-1: {name: Critical, acknowledge_within: 5m, update_every: 15m, postmortem_within: 48h, aliases: [critical, P1]}
  SEV-4: null
teams:
  platform:
    channel: "#sre-alerts"
    services: [api, checkout]
    escalation:
      - {after: 0m,  notify: ["@sre-oncall"]}
      - {after: 30m, notify: ["VP Engineering"], only: [critical]}
rules:
  - name: prompt injection
    when: {monitor: "*Prompt Injection*", transition: [triggered, re-triggered]}
    declare: {title: "Security: {monitor}", severity: SEV-1, private: true, template: security}
  - name: staging is quiet
    when: {tags: ["env:staging"]}
    drop: true
templates:
  security:
    fields:
      - {name: Attack vector, type: choice, options: [jailbreak, unknown]}
links:
  runbooks: {"*Memory*": "https://runbooks.example.com/memory"}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "warroom.yml"


def test_without_a_file_the_built_in_policy_works() -> None:
    loaded = load(None, policy_model())
    assert (loaded.policy, loaded.path, loaded.warnings) == (policy_model()(), None, ())


def test_a_whole_file_is_understood(file: Path) -> None:
    file.write_text(WHOLE)
    policy = load(file, policy_model()).policy
    assert policy.workspace.default_team == "platform"
    assert list(policy.severities) == ["SEV-1", "SEV-2", "SEV-3"]
    assert [level.only for level in policy.teams["platform"].escalation] == [(), ("SEV-1",)]
    assert policy.teams["platform"].escalation[1].after == timedelta(minutes=30)


def test_every_mistake_of_the_file_is_named_with_its_line(file: Path) -> None:
    file.write_text("workspace:\n  default_team: nobody\nteams:\n  web:\n    chanel: x\n    escalation: []\n")
    with pytest.raises(PolicyError) as told:
        load(file, policy_model())
    lines = str(told.value).splitlines()
    assert lines[0] == f"The policy {file} has 2 mistakes:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "line 2, workspace.default_team",
        "line 5, teams.web.chanel",
    ]
    assert "did you mean channel?" in lines[2]


def test_a_key_that_stands_twice_would_hide_the_first(file: Path) -> None:
    file.write_text("teams:\n  web: {}\n  web: {}\n")
    with pytest.raises(PolicyError, match=r"line 3, teams\.web: the key stands twice, first in line 2"):
        load(file, policy_model())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("workspace:\n\tannounce: x\n", "indent with spaces, not tabs"),
        ("workspace: {announce: @here}\n", "put quotes around"),
        ("rules: [a\nteams: {}\n", "a bracket or brace is not closed"),
        ("a: b: c\n", "put quotes around text that contains a colon"),
        ("alert_channels: *alerts\n", "put quotes around text that begins with *"),
        ("--- 1\n--- 2\n", "keep one policy in the file"),
    ],
)
def test_what_is_not_yaml_is_told_where_and_how_to_mend_it(file: Path, text: str, told: str) -> None:
    file.write_text(text)
    with pytest.raises(PolicyError) as error:
        load(file, policy_model())
    assert told in str(error.value)


def test_a_file_that_is_not_there_and_one_that_is_not_text(file: Path) -> None:
    with pytest.raises(PolicyError, match="give the right path in WARROOM_POLICY"):
        load(file, policy_model())
    file.write_bytes(b"workspace: \xff\n")
    with pytest.raises(PolicyError, match="not UTF-8"):
        load(file, policy_model())


def test_an_oversight_is_a_warning_with_its_line(file: Path) -> None:
    file.write_text("rules:\n  - {when: {}, drop: true}\n  - {when: {env: prod}, attach_only: {}}\n")
    (warning,) = load(file, policy_model()).warnings
    assert (warning.path, warning.line) == ("rules[1]", 3)


@pytest.mark.parametrize("text", ["", WHOLE])
def test_the_effective_policy_is_a_file_that_means_the_same(file: Path, text: str) -> None:
    file.write_text(text)
    policy = load(file, policy_model()).policy
    file.write_text(effective_yaml(policy))
    assert load(file, policy_model()).policy == policy


def test_the_effective_policy_shows_the_defaults() -> None:
    shown = yaml.safe_load(effective_yaml(Policy()))
    assert shown["severities"]["SEV-1"]["acknowledge_within"] == "5m"
    assert shown["workspace"]["channel_name"] == "inc-{number}-{slug}"


def test_editors_get_a_schema_that_accepts_the_file_and_refuses_a_typo() -> None:
    schema = json_schema(policy_model())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert list(validator.iter_errors(yaml.safe_load(WHOLE))) == []
    typo = {"severities": {"SEV-1": {"acknowlege_within": "5m"}}}
    assert [list(error.absolute_path) for error in validator.iter_errors(typo)] == [["severities", "SEV-1"]]


def test_a_date_that_there_is_not_is_named_with_its_line_among_the_other_mistakes(file: Path) -> None:
    file.write_text(
        "workspace: {anounce: x}\n"
        "schedules:\n"
        "  web:\n"
        "    layers:\n"
        "      - {people: [ada@example.com], from: 2026-13-05}\n"
    )
    with pytest.raises(PolicyError) as caught:
        load(file, policy_model())
    told = str(caught.value)
    assert "line 1, workspace.anounce" in told
    assert "line 5, schedules.web.layers[0].from: " in told
