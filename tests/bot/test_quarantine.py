"""What could not be used is seen, and tried again, from the command line; rules are tried on what arrived."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import open_store
from tests.alert_sources import posted
from tests.bot.conftest import bot
from warroom.alerts.quarantine import unusable
from warroom.outbox.changes import Changeset, Quarantined

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)

POLICY = """
rules:
  - {name: staging is quiet, when: {tags: "env:staging"}, drop: true}
  - {name: memory, when: {monitor: "*memory*"}, declare: {severity: SEV-1}}
"""


pytestmark = pytest.mark.usefixtures("alone")


def put(*kept: Quarantined, bodies: tuple[bytes, ...] = ()) -> None:
    """As the webhook would have stored it."""

    async def write() -> None:
        from warroom.outbox.changes import ReceivedAlert

        store = await open_store(f"sqlite:///{Path.cwd()}/warroom.db")
        alerts = [alert for body in bodies for alert in posted(body, at=NIGHT).alerts]
        received = tuple(ReceivedAlert(alert=alert, received_at=NIGHT) for alert in alerts)
        await store.commit(Changeset(now=NIGHT, quarantined=kept, received=received))
        await store.close()

    asyncio.run(write())


def useless(body: bytes, source: str = "webhook") -> Quarantined:
    """A body of which the source once made nothing."""
    return unusable(body, "application/json", ("It could not be read then.",), source, NIGHT)


def test_what_could_not_be_used_is_shown_in_one_line_each() -> None:
    assert "everything that arrived could be used" in bot("alerts", "--quarantined").output
    kept = useless(b'{"a\x1b[31m\n')
    put(kept)
    shown = bot("alerts", "--quarantined").output
    assert kept.id in shown
    assert "It could not be read then." in shown
    assert "\x1b" not in shown


def test_after_a_fix_it_is_read_again_and_leaves() -> None:
    fine, bad = useless(b'{"title": "High memory"}'), useless(b'{"a')
    put(fine, bad)
    result = bot("alerts", "--replay", fine.id, bad.id, "nothing")
    assert result.exit_code == 1
    assert f"{fine.id}: 1 accepted" in result.output
    assert "The body is not JSON" in result.output
    assert "Nothing in quarantine has the id nothing" in result.output
    left = bot("alerts", "--quarantined").output
    assert fine.id not in left
    assert bad.id in left
    assert "High memory" in bot("alerts").output
    rows = [json.loads(line) for line in bot("audit", "--json").output.splitlines()]
    assert [(row["what"], row["said"], row["result"].partition(":")[0]) for row in reversed(rows)] == [
        ("alerts --replay", fine.id, "1 accepted"),
        ("alerts --replay", bad.id, "0 accepted; refused"),
        ("alerts --replay", "nothing", "0 accepted; refused"),
    ]


def test_the_same_body_is_the_same_thing_in_quarantine() -> None:
    assert useless(b"{").id == useless(b"{").id != useless(b"[").id


LABELLED = {"labels": {"alertname": "HighLatency"}, "startsAt": "2026-11-21T02:59:00Z"}


def test_it_is_read_again_by_the_source_that_it_came_to() -> None:
    kept = useless(json.dumps(LABELLED).encode(), "alertmanager")
    unknown = useless(b'{"title": "High memory"}', "pigeon")
    put(kept, unknown)
    shown = bot("alerts", "--quarantined").output
    assert f"{kept.id}  2026-11-21 03:00:00  alertmanager" in shown
    result = bot("alerts", "--replay", kept.id, unknown.id)
    assert f"{kept.id}: 1 accepted" in result.output
    assert "There is no alert source pigeon. Those there are: alertmanager, changes, datadog," in result.output
    assert unknown.id in bot("alerts", "--quarantined").output
    assert kept.id not in bot("alerts", "--quarantined").output


def test_rules_are_tried_with_the_source_that_is_named() -> None:
    Path("warroom.yml").write_text("rules: [{name: theirs, when: {source: alertmanager}, drop: true}]")
    Path("a.json").write_text(json.dumps(LABELLED))
    assert "rule “theirs”: dropped" in bot("rules", "test", "a.json", "--source", "alertmanager").output
    assert "rule “theirs”: dropped" not in bot("rules", "test", "a.json").output


def test_rules_are_tried_on_files_and_on_what_arrived() -> None:
    Path("warroom.yml").write_text(POLICY)
    Path("a.json").write_text(json.dumps({"title": "High memory", "tags": "env:prod"}))
    put(bodies=(b'{"title": "Disk", "tags": "env:staging"}',))
    shown = bot("rules", "test", "a.json", "--stored", "5").output
    assert "– staging is quiet: tags is env:prod, wanted env:staging" in shown
    assert "✓ rule “memory”; SEV-1 by the rule: opens “High memory”, SEV-1" in shown
    assert "stored 1: Disk (trigger, alert)\n    ✓ rule “staging is quiet”: dropped" in shown


def test_nothing_to_try_is_said() -> None:
    result = bot("rules", "test")
    assert result.exit_code == 2
    assert "--stored 20" in result.output
