"""`python -m bot investigate`: with a policy and settings alone, for people and for programs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import yaml
from typer.testing import CliRunner

from bot.cli.app import cli
from bot.cli.investigate import ExitStatus
from bot.clock import SystemClock
from bot.runtime.investigation import source_problems
from tests.integrations.prometheus.server import FakePrometheus
from tests.integrations.stories import policy_of
from warroom.registry import Integrations

END = datetime(2026, 11, 20, 3, tzinfo=UTC)
QUERY = "errors_by_service"


@pytest.fixture
def metrics() -> Iterator[FakePrometheus]:
    """In a loop and a thread of its own: the command line has its own loop."""
    made = FakePrometheus()
    loop = asyncio.new_event_loop()
    runner = loop.run_until_complete(made.start())
    thread = Thread(target=loop.run_forever)
    thread.start()
    yield made
    asyncio.run_coroutine_threadsafe(made.stop(runner), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def healthy(metrics: FakePrometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = {"checkout": {"depends_on": ["payments"]}, "payments": None}
    signals = {"errors": {"source": "prometheus", "query": QUERY}}
    policy = {"services": services, "investigate": {"baseline": "6h", "signals": signals}}
    (tmp_path / "warroom.yml").write_text(yaml.safe_dump(policy))
    monkeypatch.setenv("WARROOM_POLICY", str(tmp_path / "warroom.yml"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/warroom.db")
    monkeypatch.setenv("PROMETHEUS_URL", metrics.url)
    monkeypatch.chdir(tmp_path)
    fill(metrics, 0.0)


def fill(metrics: FakePrometheus, high: float) -> None:
    series = []
    for number, service in enumerate(("checkout", "payments")):
        values = {}
        for ago in range(500):
            at = END.timestamp() + 600 - 60 * ago
            usual = 0.5 + 0.05 * ((at // 60 * (7 + number)) % 11)
            broken = high * (2 if service == "payments" else 1) if ago < 20 - 2 * number else 0.0
            values[at] = usual + broken
        series.append(({"service": service}, values))
    metrics.series[QUERY] = series


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["investigate", *arguments], catch_exceptions=False)
    return done.exit_code, done.stdout


@pytest.mark.usefixtures("healthy")
def test_a_cause_is_one_object_and_status_zero(metrics: FakePrometheus) -> None:
    fill(metrics, 4.0)
    status, printed = run("--service", "checkout", "--at", END.isoformat(), "--json")
    assert status == ExitStatus.CAUSE
    answer = json.loads(printed)
    assert set(answer) == {
        "service", "at", "verdict", "causes", "ruled_out", "not_looked_at", "similar", "next_steps", "took_seconds",
    }  # fmt: skip
    assert (answer["service"], answer["at"], answer["verdict"]) == ("checkout", "2026-11-20T03:00:00Z", "cause")
    cause = answer["causes"][0]
    assert set(cause) == {"service", "signal", "score", "confidence", "onset", "change", "evidence", "against"}
    assert cause["service"] == "payments"
    assert 0 < cause["confidence"] <= 1
    series = next(each for each in cause["evidence"] if each["kind"] == "series")
    assert set(series) == {"kind", "text", "query", "from", "to", "url"}
    assert series["query"] == QUERY
    assert datetime.fromisoformat(series["to"]) <= END + timedelta(minutes=30)


@pytest.mark.usefixtures("healthy")
def test_nothing_that_stands_out_is_inconclusive_and_has_a_status_of_its_own() -> None:
    status, printed = run("--service", "checkout", "--at", END.isoformat(), "--json")
    assert status == ExitStatus.INCONCLUSIVE
    assert json.loads(printed)["verdict"] == "inconclusive"
    status, printed = run("--service", "checkout", "--at", str(END.timestamp()))
    assert status == 3
    assert "Inconclusive" in printed
    assert "logs: the policy does not say how" in printed


@pytest.mark.usefixtures("healthy")
def test_people_read_the_evidence_and_the_query(metrics: FakePrometheus) -> None:
    fill(metrics, 4.0)
    status, printed = run("--service", "Checkout", "--at", END.isoformat())
    assert status == 0
    assert "1. payments" in printed
    assert QUERY in printed


@pytest.mark.usefixtures("healthy")
def test_a_source_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    status, printed = run("--service", "checkout", "--at", END.isoformat(), "--json")
    assert status == 3
    missed = {each["source"]: each["why"] for each in json.loads(printed)["not_looked_at"]}
    assert "cannot be reached" in missed["errors (Prometheus)"]
    assert "our own record" in missed


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((), 2),
        (("--service", "  "), 2),
        (("--service", "x", "--at", "soon"), 2),
        (("--service", "x", "--at", "0001-01-01T00:00:00Z"), 2),
        (("--service", "x", "--at", "nan"), 2),
        (("--service", "x", "--at", "9999-12-31T23:59:59-12:00"), 2),
        (("99",), 1),
        (("12x",), 2),
        (("99999999999999999999", "--json"), 2),
    ],
)
def test_what_cannot_be_asked_is_an_error(arguments: tuple[str, ...], status: int) -> None:
    assert run(*arguments) == (status, "")


@pytest.mark.usefixtures("healthy")
def test_a_name_that_nobody_knows_is_said_to_be_unknown_and_calls_nobody(metrics: FakePrometheus) -> None:
    for name in ("chekout", "<!channel>", '"} or vector(1) #'):
        status, printed = run("--service", name, "--at", END.isoformat(), "--json")
        assert status == ExitStatus.INCONCLUSIVE
        assert any(step.startswith(f"Check the name {name}") for step in json.loads(printed)["next_steps"])


@pytest.mark.usefixtures("healthy")
def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    status = run("--service", "checkout", "--at", END.isoformat())[0]
    assert status == ExitStatus.ERROR
    assert "extra “investigate”" in missing_extra_said()


def missing_extra_said() -> str:
    """What the check of the settings says of it."""
    policy = policy_of(investigate={"signals": {"errors": {"source": "prometheus", "query": QUERY}}})
    return "\n".join(asyncio.run(source_problems(Integrations(), policy, SystemClock())))
