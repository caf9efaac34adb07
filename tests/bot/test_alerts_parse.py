"""`python -m bot alerts parse`: what a body becomes, read off a file, with nothing set up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.app import cli
from tests.warroom.alerts import conftest as normalise

COLUMNS = ["file", "accepted", "reason", *normalise.COLUMNS, "rule", "opens", "resolves"]

TRIGGERED = {
    "event_id": "1001",
    "alert_id": "42",
    "alert_title": "High error rate",
    "alert_transition": "Triggered",
    "alert_cycle_key": "7",
    "alert_scope": "service:checkout",
    "alert_priority": "P1",
    "tags": "service:checkout,env:prod",
    "date": "1593702931000",
    "hostname": "$HOSTNAME",
}

POLICY = """
rules:
  - {name: staging is quiet, when: {tags: "env:staging"}, drop: true}
  - {name: night, when: {hours: "22:00-06:00"}, declare: {severity: SEV-2}}
"""


pytestmark = pytest.mark.usefixtures("alone")


def parsed(*bodies: object, code: int = 0) -> list[dict[str, Any]]:
    """The lines of `--json` for files with these bodies."""
    names = []
    for number, body in enumerate(bodies):
        path = Path(f"{number}.json")
        path.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        names.append(str(path))
    result = CliRunner().invoke(cli, ["alerts", "parse", *names, "--json"])
    assert result.exit_code == code, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_line_has_exactly_these_columns() -> None:
    for line in parsed(TRIGGERED, b'{"a', {"id": "SHOP-7", "title": "High memory", "severity": "critical"}):
        assert list(line) == COLUMNS


def test_an_alert_is_shown_as_the_bot_sees_it_however_old_it_is() -> None:
    [line] = parsed(TRIGGERED)
    assert (line["file"], line["accepted"], line["reason"]) == ("0.json", True, None)
    assert (line["transition"], line["state"], line["priority"], line["severity"]) == (
        "trigger",
        "alert",
        "P1",
        "SEV-1",
    )
    assert (line["opens"], line["resolves"], line["rule"]) == (True, False, None)
    assert line["occurred_at"] == "2020-07-02T15:15:31Z"
    assert (line["dedup_key"], line["group"], line["snapshot"]) == ("1:cycle:7", "service:checkout", None)


def test_a_recovery_resolves_and_opens_nothing() -> None:
    [line] = parsed(TRIGGERED | {"alert_transition": "Recovered"})
    assert (line["transition"], line["opens"], line["resolves"]) == ("recover", False, True)


def test_the_policys_rules_are_applied() -> None:
    Path("warroom.yml").write_text(POLICY)
    quiet, night = parsed(TRIGGERED | {"tags": "env:staging"}, TRIGGERED | {"date": "1593730800000"})
    assert (quiet["rule"], quiet["opens"]) == ("staging is quiet", False)
    assert (night["rule"], night["opens"], night["severity"]) == ("night", True, "SEV-2")


def test_what_cannot_be_used_has_its_reason_and_a_list_gives_a_line_each() -> None:
    bad, first, second = parsed(b'{"a', {"alerts": [{"title": "one"}, 7]})
    assert (bad["accepted"], bad["title"]) == (False, None)
    assert bad["reason"].startswith("The body is not JSON")
    assert (first["file"], first["title"], second["accepted"]) == ("1.json", "one", False)


@pytest.mark.parametrize(
    ("source", "key"),
    [
        (None, "1:title:datadog:HighLatency:"),
        ("webhook", "1:title:datadog:HighLatency:"),
        ("datadog", "1:title:datadog:HighLatency:"),
        ("alertmanager", "1:title:alertmanager:HighLatency:"),
    ],
)
def test_a_source_is_named_by_its_own_name_or_its_integrations(source: str | None, key: str) -> None:
    body = {"labels": {"alertname": "HighLatency"}, "startsAt": "2020-07-02T15:15:31Z"}
    Path("a.json").write_text(json.dumps(body))
    named = ["--source", source] if source else []
    result = CliRunner().invoke(cli, ["alerts", "parse", "a.json", "--json", *named])
    line = json.loads(result.stdout)
    assert (line["dedup_key"], line["occurred_at"]) == (key, "2020-07-02T15:15:31Z")


def test_a_source_that_is_not_there_is_said_with_those_there_are() -> None:
    Path("a.json").write_text("{}")
    result = CliRunner().invoke(cli, ["alerts", "parse", "a.json", "--source", "pigeon"])
    assert result.exit_code == 2
    assert "There is no alert source pigeon. Those there are: alertmanager, changes, datadog," in result.output


def test_a_form_is_known_by_its_look() -> None:
    [line] = parsed(b"alert_title=High+memory&alert_id=42&alert_transition=Warn")
    assert (line["title"], line["monitor_id"], line["state"]) == ("High memory", "42", "warn")


def test_a_file_that_is_not_there_is_said_and_the_others_are_shown() -> None:
    result = CliRunner().invoke(cli, ["alerts", "parse", "missing.json", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["reason"] == "The file cannot be read: No such file or directory."


def test_people_get_a_table() -> None:
    Path("a.json").write_text(json.dumps(TRIGGERED))
    Path("b.json").write_text("[]")
    result = CliRunner().invoke(cli, ["alerts", "parse", "a.json", "b.json"])
    assert "trigger" in result.output
    assert "✗ b.json: The list of alerts is empty." in result.output


def test_an_empty_environment_is_enough(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"id": "1", "title": "Größe \u202e"}))
    done = subprocess.run(
        [sys.executable, "-m", "bot", "alerts", "parse", str(body), "--json"],
        cwd=root,
        env={},
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(done.stdout)["title"] == "Größe"
