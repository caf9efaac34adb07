"""Datadog calls: one room per monitor and group, everything counted, nothing lost."""

from __future__ import annotations

import pytest

from tests.scenarios.conftest import WarRoom

ALERT = {
    "kind": "monitor",
    "template": 1,
    "event_id": "1001",
    "alert_id": "42",
    "alert_title": "High error rate on checkout",
    "alert_transition": "Triggered",
    "alert_cycle_key": "cycle-1",
    "alert_scope": "service:checkout",
    "alert_priority": "P1",
    "service": "checkout",
    "tags": "service:checkout,env:prod",
    "link": "https://app.datadoghq.com/monitors/42",
}


async def test_an_alert_opens_a_room_and_its_repeats_join_it(room: WarRoom) -> None:
    assert await room.hook(ALERT) == 202
    await room.settle()
    incident = await room.incident()
    assert (incident.severity, incident.team) == ("SEV-1", "platform")
    channel = room.channel_of(incident)
    assert set(room.slack.usergroup("sre-oncall").users) <= set(channel.members)
    for number in range(3):
        assert await room.hook(ALERT | {"event_id": f"20{number}", "alert_transition": "Re-Triggered"}) == 202
    assert await room.hook(ALERT) == 202, "the same delivery twice is accepted and counted once"
    await room.settle()
    assert (await room.incident()).alerts.count == 4
    assert await room.bot.store.last_number() == 1
    assert len(channel.messages_by_bot()) == 1


async def test_whoever_has_it_decides_whether_a_worse_alert_raises_it(room: WarRoom) -> None:
    await room.hook(ALERT | {"alert_transition": "Warn", "alert_priority": "P3"})
    await room.settle()
    incident = await room.incident()
    channel = room.channel_of(incident)
    (card,) = channel.messages_by_bot()
    await room.slack.click("ada", channel, card, "Acknowledge")
    await room.hook(ALERT | {"event_id": "1002"})
    await room.settle()
    offer = channel.messages_by_bot()[-1]
    assert "would be *SEV-1* by itself; this incident is SEV-3" in offer.plain()
    await room.slack.click("ada", channel, offer, "Raise to SEV-1")
    await room.settle()
    assert (await room.incident()).severity == "SEV-1"
    assert not any("Raise to" in label for each in channel.messages_by_bot() for label in each.labels()), "it is gone"
    assert "Severity changed to *SEV-1 Critical* (was SEV-3)" in channel.messages_by_bot()[-1].plain()
    await room.slack.click("ada", channel, offer, "Raise to SEV-1")
    await room.settle()
    assert "SEV-1 already" in room.slack.ephemerals("ada")[-1].text


async def test_recovery_offers_to_resolve_and_a_stale_one_closes_nothing(room: WarRoom) -> None:
    now = int(room.slack.clock.now().timestamp() * 1000)
    await room.hook(ALERT | {"date": str(now)})
    await room.hook(ALERT | {"event_id": "1002", "alert_transition": "Recovered", "date": str(now - 60_000)})
    await room.settle()
    assert (await room.incident()).alerts.firing == 1
    await room.hook(ALERT | {"event_id": "1003", "alert_transition": "Recovered", "date": str(now + 60_000)})
    await room.settle()
    incident = await room.incident()
    assert incident.alerts.firing == 0
    channel = room.channel_of(incident)
    assert channel.messages_by_bot()[-1].labels() == ["Resolve"]


@pytest.mark.parametrize(
    "body",
    [
        {"id": "DATADOG-MEM-001", "title": "High Memory Usage", "severity": "critical"},
        {
            "id": "DATADOG-PROD-1",
            "title": "Critical Memory Alert",
            "severity": "critical",
            "description": "95 % memory",
            "source": "datadog",
            "monitor_id": "987654321",
            "affected_hosts": ["api-01.prod", "api-02.prod"],
            "error_rate": "15.2%",
            "response_time": "3.1s",
            "notification_teams": "grace@example.com",
        },
        {
            "alert_id": "A-1",
            "service": "checkout",
            "message": "errors",
            "labels": {"service": "checkout", "severity": "critical"},
            "annotations": {"summary": "Errors on checkout"},
            "timestamp": "2026-11-21T03:00:00Z",
        },
    ],
)
async def test_plain_shapes_open_a_sev_1(room: WarRoom, body: dict[str, object]) -> None:
    assert await room.hook(body) == 202
    await room.settle()
    incident = await room.incident()
    assert incident.severity == "SEV-1"
    if "notification_teams" in body:
        assert room.slack.person("grace").id in room.channel_of(incident).members


async def test_a_wrong_secret_is_refused_and_stores_nothing(room: WarRoom) -> None:
    assert await room.hook(ALERT, token="wrong") == 401
    await room.settle()
    assert await room.bot.store.last_number() == 0
