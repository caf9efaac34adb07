"""Why is it broken: the whole bot looks for the cause, and says it in the thread of the card."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.integrations import integrations_of
from bot.runtime import investigation
from bot.runtime.app import running
from bot.runtime.investigation import source_problems
from bot.runtime.side_by_side import side_by_side
from sandbox import Sandbox
from sandbox.model import SlackMessage
from tests.integrations.prometheus.server import FakePrometheus
from tests.integrations.stories import policy_of, room_beside, settings_of, types
from tests.scenarios.conftest import WarRoom
from warroom.changes.model import Change
from warroom.changes.usecases import record_changes
from warroom.incident.events import CauseAnswered, Investigated
from warroom.metrics.usecases import report_for

MINUTE = timedelta(minutes=1)
QUERY = "errors_by_service"
SERVICES = {
    "checkout": {"team": "platform", "depends_on": ["payments", "cart"]},
    "payments": {"team": "money", "depends_on": ["ledger"]},
    "cart": None,
    "ledger": None,
}
INVESTIGATE: dict[str, Any] = {
    "auto": ["SEV-1"],
    "baseline": "6h",
    "signals": {"errors": {"source": "prometheus", "query": QUERY, "bad": "up"}},
}
TEAMS: dict[str, Any] = {
    "platform": {
        "channel": "#sre-alerts",
        "services": ["api"],
        "escalation": [{"after": "0m", "notify": ["@sre-oncall"]}],
    },
    "money": {
        "escalation": [{"after": "0m", "notify": ["grace@example.com"]}],
        "dashboard": "https://dash.example.com/m",
    },
}


@pytest.fixture
async def metrics() -> AsyncIterator[FakePrometheus]:
    made = FakePrometheus()
    runner = await made.start()
    yield made
    await made.stop(runner)


@pytest.fixture
async def room(slack: Sandbox, metrics: FakePrometheus, tmp_path: Path) -> AsyncIterator[WarRoom]:
    policy = policy_of(services=SERVICES, investigate=INVESTIGATE, teams=TEAMS)
    settings = {"prometheus_url": metrics.url}
    async with room_beside(slack, metrics, tmp_path, policy, **settings) as warroom:
        break_payments(metrics, slack.clock.now())
        yield warroom


def break_payments(metrics: FakePrometheus, now: datetime) -> None:
    """Ten minutes ago payments began to fail, and checkout with it; cart and ledger go on as ever."""
    end = (int(now.timestamp()) // 60) * 60
    series = []
    for number, (service, high) in enumerate({"checkout": 4.0, "payments": 9.0, "cart": 0.0, "ledger": 0.0}.items()):
        values = {}
        for ago in range(500):
            at = end - 60 * ago
            usual = 0.5 + 0.05 * ((at // 60 * (7 + number)) % 11)
            values[float(at)] = usual + (high if ago < (10 if service == "payments" else 8) else 0.0)
        series.append(({"service": service}, values))
    metrics.series[QUERY] = series


HEADS = ("Probable cause", "Looking for the cause", "Inconclusive", "nothing can be said")


def thread(room: WarRoom) -> list[SlackMessage]:
    """What the bot says in the first room about the investigation."""
    channel = next(each for each in room.slack.channels() if each.name.startswith("inc-"))
    said = [each for each in channel.log if each.by_app and not each.deleted]
    return [each for each in said if any(head in each.plain() for head in HEADS)]


async def test_a_sev_1_is_investigated_by_itself_and_the_answer_is_one_message(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout fails --sev 1 --service checkout")
    (message,) = thread(room)
    said = message.plain()
    assert "Probable cause: payments" in said
    assert message.thread_ts == (await room.incident()).room.card_ts
    assert "Page money" in said
    assert "Open dashboard" in said
    events = [each.event for each in await room.bot.store.timeline(incident.id)]
    (event,) = [each for each in events if isinstance(each, Investigated)]
    assert (event.cause, event.automatic) == ("payments", True)
    answer = (await room.incident()).investigation.answer
    assert answer is not None
    assert {each.source for each in answer.not_looked_at} == {"logs"}


async def test_a_lesser_one_is_investigated_when_somebody_asks_and_again_in_place(room: WarRoom) -> None:
    await room.declare("ada", "checkout fails --sev 3 --service checkout")
    assert thread(room) == []
    await types(room, "ada", "investigate")
    (first,) = thread(room)
    assert "Probable cause: payments" in first.plain()
    await room.slack.click("ada", room.channel_of(await room.incident()), first, "Run again")
    await room.settle()
    (second,) = thread(room)
    assert second.ts == first.ts
    assert "said the same" in second.plain()
    assert (await room.incident()).investigation.runs == 2


async def test_raised_to_a_severity_that_is_investigated_by_itself(room: WarRoom) -> None:
    await room.declare("ada", "checkout fails --sev 3 --service checkout")
    await types(room, "ada", "sev 1")
    assert len(thread(room)) == 1


async def test_a_change_shortly_before_is_named(room: WarRoom) -> None:
    at = room.slack.clock.now() - 11 * MINUTE
    change = Change(id="c1", at=at, service="payments", version="2.1", source="Command line", author="grace")
    await record_changes(room.bot.world, (change,))
    await room.declare("ada", "checkout fails --sev 1 --service checkout")
    incident = await room.incident()
    cause = incident.investigation.cause
    assert cause is not None
    assert cause.change is not None
    assert cause.change.version == "2.1"


async def test_everything_is_shown_in_a_form_and_the_owner_is_paged_by_a_press(room: WarRoom) -> None:
    await room.declare("ada", "checkout fails --sev 1 --service checkout")
    (message,) = thread(room)
    channel = room.channel_of(await room.incident())
    await room.slack.click("ada", channel, message, "Show everything")
    form = await room.slack.modal("ada")
    assert QUERY in str(form.view.blocks)
    await room.slack.click("ada", channel, message, "Page money")
    await room.settle()
    assert room.slack.person("grace").id in (await room.incident()).participants.invitees


async def test_the_resolver_is_asked_once_and_the_figures_count_it(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout fails --sev 1 --service checkout")
    await types(room, "ada", "resolve rolled back")
    (question,) = [each for each in room.slack.direct("ada") if "Was that right?" in each.plain()]
    assert "payments" in question.plain()
    assert question.labels() == ["Yes", "No"]
    await room.slack.click("ada", room.slack.channel(question.channel), question, "Yes")
    await room.settle()
    assert (await room.incident()).investigation.right is True
    events = [each.event for each in await room.bot.store.timeline(incident.id)]
    assert [each.right for each in events if isinstance(each, CauseAnswered)] == [True]
    await room.slack.click("ada", room.slack.channel(question.channel), question, "No")
    await room.settle()
    assert (await room.incident()).investigation.right is True
    now = room.slack.clock.now()
    since = now - timedelta(days=1)
    report = await report_for(room.bot.store, room.bot.world.policy, None, since=since, until=now + MINUTE)
    assert (report.investigations.answered, report.investigations.right, report.investigations.wrong) == (1, 1, 0)
    await types(room, "ada", "reopen")
    await types(room, "ada", "resolve again")
    assert len([each for each in room.slack.direct("ada") if "Was that right?" in each.plain()]) <= 1


async def test_a_source_that_hangs_is_named_and_the_answer_comes_all_the_same(
    room: WarRoom, metrics: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(investigation, "side_by_side", partial(side_by_side, each=0.5))
    metrics.fail("GET", "/api/v1/query_range", hang=True)
    await room.declare("ada", "checkout fails --sev 1 --service checkout")
    (message,) = thread(room)
    assert "Inconclusive" in message.plain()
    assert "errors (Prometheus) (it took too long to answer)" in message.plain()


async def test_a_private_one_is_told_to_its_room_alone(room: WarRoom) -> None:
    await room.declare("ada", "checkout leaks --sev 1 --service checkout --private")
    incident = await room.incident()
    assert incident.private
    said = [(each.name, message.plain()) for each in room.slack.channels() for message in each.log]
    assert {name for name, text in said if "Probable cause" in text} == {incident.room.channel_name}
    answer = await room.slack.slash(room.slack.person("ben"), "general", "/incident", "investigate #1")
    await room.settle()
    assert answer.acked
    assert (await room.incident()).investigation.runs == 1


async def test_killed_in_the_middle_it_goes_on_in_the_next_process(
    slack: Sandbox, metrics: FakePrometheus, tmp_path: Path
) -> None:
    policy = policy_of(services=SERVICES, investigate=INVESTIGATE, teams=TEAMS)
    settings = settings_of(slack, tmp_path, prometheus_url=metrics.url)
    break_payments(metrics, slack.clock.now())
    metrics.fail("GET", "/api/v1/query_range", hang=True)
    async with running(settings, policy, slack.clock):
        await slack.until_connected()
        await slack.slash(
            slack.person("ada"), "general", "/incident", "declare checkout fails --sev 1 --service checkout"
        )
        await slack.until(lambda: metrics.count("GET", "/api/v1/query_range") == 1, 60, "metrics are asked for")
    async with running(settings, policy, slack.clock) as bot:
        await slack.until_connected()
        room = WarRoom(slack, bot)
        await room.wait(seconds=20)
        (message,) = thread(room)
        assert "Probable cause: payments" in message.plain()
        timeline = await bot.store.timeline((await room.incident()).id)
        assert len([each for each in timeline if isinstance(each.event, Investigated)]) == 1


async def test_the_check_asks_every_signal(slack: Sandbox, metrics: FakePrometheus, tmp_path: Path) -> None:
    signals = {"errors": {"source": "prometheus", "query": QUERY}, "typo": {"source": "prometheus", "query": "sum("}}
    logs = {"source": "loki", "query": '{service="{service}"}'}
    policy = policy_of(investigate={"signals": signals, "logs": logs})
    integrations = integrations_of(settings_of(slack, tmp_path, prometheus_url=metrics.url), policy=policy)
    break_payments(metrics, slack.clock.now())
    found = await source_problems(integrations, policy, slack.clock)
    assert found[0] == "investigate: Loki is not used: set LOKI_URL"
    assert len(found) == 2
    assert found[1].startswith("investigate: typo (Prometheus): ")
    assert "parse error" in found[1]
