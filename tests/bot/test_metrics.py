"""The record in numbers on the command line and at /metrics, and the dashboard that shows them."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blocks import charts
from bot.runtime.observability import Meters
from storage import open_store
from tests.bot.conftest import OUTAGE, bot
from tests.stores import fresh_store, new_database
from tests.year import END, store_year
from warroom.incident.model import State
from warroom.metrics.usecases import public_report
from warroom.outbox.changes import Changeset
from warroom.policy import Policy

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC)  # noqa: TID251  # the command line counts back from the real now


@pytest.fixture
async def record(alone: None, tmp_path: Path) -> None:
    """One incident of two days ago, resolved within 50 minutes, and a private one."""
    store = await open_store(new_database(tmp_path))
    began = NOW - timedelta(days=2)
    outage = OUTAGE.copy_with(
        declared_at=began,
        acknowledged_at=began + timedelta(minutes=4),
        resolved_at=began + timedelta(minutes=50),
        state=State.RESOLVED,
        services=("=cmd()",),
    )
    hidden = OUTAGE.copy_with(id="i2", number=8, origin_key="cli:2", declared_at=began, private=True)
    for incident in (outage, hidden):
        await store.commit(Changeset(now=began, incident=incident))
    await store.close()


@pytest.mark.usefixtures("record")
def test_figures_for_people_programs_and_spreadsheets() -> None:
    said = bot("metrics", "30d").stdout
    assert "2 declared" in said
    assert "Resolve: median 50 min" in said
    report = json.loads(bot("metrics", "--json").stdout)
    assert report["times"]["acknowledge"] == {"count": 1, "mean": 240.0, "median": 240.0, "p90": 240.0}
    rows = list(csv.reader(io.StringIO(bot("metrics", "--csv").stdout)))
    assert ["severity", "SEV-1", "resolve_median", "3000.0"] in rows
    assert ["service", "'=cmd()", "incidents", "1"] in rows, "no spreadsheet takes it for a formula"


@pytest.mark.usefixtures("record")
def test_what_is_passed_on_holds_no_private_incident_and_what_cannot_be_read_is_said() -> None:
    assert json.loads(bot("metrics", "--public", "--json").stdout)["declared"] == 1
    assert bot("metrics", "yesterday").exit_code == 2
    assert bot("metrics", "--team", "nobody").exit_code == 2
    assert bot("metrics", "--json", "--csv").exit_code == 2


@pytest.mark.usefixtures("record")
def test_the_chart_is_a_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert bot("metrics", "--chart", "chart.png").exit_code == 0
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("record")
def test_without_matplotlib_there_are_figures_and_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "available", lambda: False)
    assert bot("metrics").exit_code == 0
    missing = bot("metrics", "--chart", "chart.png")
    assert missing.exit_code == 1
    assert "extra" in missing.stderr


async def test_prometheus_and_the_dashboard_speak_of_the_same_figures() -> None:
    async with fresh_store() as store:
        await store_year(store, 60)
        report = await public_report(store, Policy(), since=END - timedelta(days=365), until=END)
    meters = Meters()
    meters.report(report)
    lines = meters.text().decode().splitlines()
    by_severity = {each.name: each.incidents for each in report.by_severity}
    assert by_severity
    for severity, count in by_severity.items():
        assert f'warroom_incidents_30d{{severity="{severity}"}} {float(count)}' in lines
    assert f'warroom_promises_kept_ratio{{promise="updates"}} {report.cadence.share}' in lines
    there = {re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("#")}
    dashboard = (ROOT / "docs/grafana.json").read_text()
    panels = json.loads(dashboard)["panels"]
    named = {
        name for each in panels for target in each["targets"] for name in re.findall(r"warroom_\w+", target["expr"])
    }
    assert named - {"warroom_open_incidents"} <= there
    documented = set(re.findall(r"^\| `(warroom_\w+)`", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE))
    assert documented <= there
    assert len(documented) == 5
