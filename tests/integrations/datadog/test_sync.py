"""Asking which monitors fire: one alert however many sources it comes from, and recoveries that nobody told us of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integrations.datadog.conftest import DatadogWarRoom
from warroom.alerts.model import AlertState


def triggered(night: DatadogWarRoom, **more: object) -> dict[str, object]:
    """What the webhook says of monitor 42 on the checkout service."""
    return {
        "kind": "monitor",
        "event_id": "7000000000000000001",
        "alert_id": "42",
        "alert_title": "[Triggered on {service:checkout,env:prod}] High error rate",
        "alert_transition": "Triggered",
        "alert_cycle_key": "cycle-1",
        "alert_scope": "service:checkout,env:prod",
        "date": str(night.ago(minutes=10) * 1000 + 350),
        **more,
    }


async def test_what_the_webhook_missed_opens_a_room_once(night: DatadogWarRoom) -> None:
    groups = {"env:prod,service:checkout": ("Alert", night.ago(minutes=10)), "env:prod,service:api": ("OK", 1)}
    night.datadog.monitor(42, groups=groups, priority=1)
    for _ in range(3):
        await night.sync()
        await night.wait(minutes=5)
    assert await night.count() == 1
    incident = await night.incident()
    assert (incident.title, incident.severity, incident.alerts.count) == ("High error rate", "SEV-1", 1)
    assert incident.alerts.monitor_id == "42"
    assert incident.alerts.last_link is not None
    assert incident.alerts.last_link.startswith("https://app.datadoghq.com/monitors/42?group=env")


async def test_the_same_firing_through_two_doors_is_one_alert(night: DatadogWarRoom) -> None:
    await night.hook(**triggered(night))
    night.datadog.monitor(42, groups={"env:prod,service:checkout": ("Alert", night.ago(minutes=10))})
    await night.sync()
    incident = await night.incident()
    assert (await night.count(), incident.alerts.count, incident.alerts.firing) == (1, 1, 1)


async def test_a_webhook_that_comes_after_we_asked_is_the_same_alert_too(night: DatadogWarRoom) -> None:
    night.datadog.monitor(42, groups={"env:prod,service:checkout": ("Alert", night.ago(minutes=10))})
    await night.sync()
    await night.hook(**triggered(night))
    incident = await night.incident()
    assert (await night.count(), incident.alerts.count, incident.alerts.firing) == (1, 1, 1)
    await night.hook(**triggered(night, event_id="7000000000000000002", alert_transition="Re-Triggered"))
    assert (await night.incident()).alerts.count == 2


async def test_a_recovery_while_we_were_deaf(night: DatadogWarRoom) -> None:
    await night.hook(**triggered(night))
    night.datadog.monitor(42, groups={"env:prod,service:checkout": ("OK", night.ago(minutes=2))})
    await night.sync()
    incident = await night.incident()
    assert (incident.alerts.firing, incident.alerts.last_state) == (0, AlertState.OK)
    assert len(night.chat.said("all_recovered")) == 1
    await night.sync()
    assert len(night.chat.said("all_recovered")) == 1


async def test_a_group_that_is_gone_recovered_when_its_monitor_is_well(night: DatadogWarRoom) -> None:
    await night.hook(**triggered(night))
    night.datadog.monitor(42, groups={"env:prod,service:other": ("OK", night.ago(minutes=2))})
    await night.sync()
    assert (await night.incident()).alerts.firing == 0


async def test_a_recovery_that_is_older_than_the_newest_trigger_closes_nothing(night: DatadogWarRoom) -> None:
    await night.hook(**triggered(night))
    night.datadog.monitor(42, groups={"env:prod,service:checkout": ("OK", night.ago(minutes=30))})
    await night.sync()
    assert (await night.incident()).alerts.firing == 1


async def test_a_monitor_that_datadog_does_not_know_closes_nothing(night: DatadogWarRoom) -> None:
    await night.hook(**triggered(night))
    await night.sync()
    assert (await night.incident()).alerts.firing == 1
    assert night.datadog.count("GET", "/api/v1/monitor/42") == 1


async def test_it_fires_again_after_a_recovery(night: DatadogWarRoom) -> None:
    night.datadog.monitor(42, groups={"service:checkout": ("Alert", night.ago(minutes=10))})
    await night.sync()
    night.datadog.monitor(42, groups={"service:checkout": ("OK", night.ago(minutes=5))})
    await night.sync()
    night.datadog.monitor(42, groups={"service:checkout": ("Alert", night.ago(minutes=1))})
    await night.sync()
    incident = await night.incident()
    assert (await night.count(), incident.alerts.firing, incident.alerts.count) == (1, 1, 2)


async def test_warn_becomes_alert(night: DatadogWarRoom) -> None:
    night.datadog.monitor(42, groups={"service:checkout": ("Warn", night.ago(minutes=1))})
    await night.sync()
    night.datadog.monitor(42, groups={"service:checkout": ("Alert", night.ago(seconds=30))})
    await night.sync()
    incident = await night.incident()
    assert (await night.count(), incident.alerts.firing, incident.alerts.last_state) == (1, 1, AlertState.ALERT)


async def test_muted_and_old_firings_open_nothing(night: DatadogWarRoom) -> None:
    silent = {"id": 1, "scope": ["service:checkout"], "start": 1, "end": None}
    group = {"env:prod,service:checkout": ("Alert", night.ago(minutes=10))}
    night.datadog.monitor(42, groups=group, matching_downtimes=[silent])
    night.datadog.monitor(43, groups={"service:api": ("Alert", night.ago(days=3))})
    night.datadog.monitor(44, overall_state="No Data")
    night.datadog.monitor(45, overall_state="Alert", overall_state_modified="2026-11-01T00:00:00+00:00")
    await night.sync()
    assert await night.count() == 0


async def test_a_downtime_of_tomorrow_silences_nothing_today(night: DatadogWarRoom) -> None:
    planned = {"id": 1, "scope": ["*"], "start": 1, "end": None, "active": False}
    night.datadog.monitor(42, groups={"service:api": ("Alert", night.ago(minutes=1))}, matching_downtimes=[planned])
    await night.sync()
    assert await night.count() == 1


async def test_a_monitor_without_groups(night: DatadogWarRoom) -> None:
    night.datadog.monitor(42, overall_state="Alert", overall_state_modified="2026-11-21T02:50:00+00:00")
    await night.sync()
    await night.sync()
    assert (await night.count(), (await night.incident()).alerts.count) == (1, 1)
    night.datadog.monitor(42, overall_state="OK", overall_state_modified="2026-11-21T02:58:00+00:00")
    await night.sync()
    assert (await night.incident()).alerts.firing == 0


async def test_a_synthetic_test_is_one_alert_with_the_webhooks_key(night: DatadogWarRoom) -> None:
    at = ("Alert", night.ago(minutes=1))
    night.datadog.monitor(42, groups={"total": at, "aws:eu-west-1": at, "@SYNTHETICS_OVERALL@": at})
    await night.sync()
    assert ((await night.incident()).alerts.monitors, await night.count()) == (1, 1)
    found = await night.world.store.firings_for(["1:monitor:42:"])
    assert len(found) == 1


async def test_a_monitor_in_a_shape_nobody_foresaw_keeps_no_other_away(night: DatadogWarRoom) -> None:
    night.datadog.monitor(41, groups={"service:a": ("Alert", 1_795_230_000_000_000_000)})
    night.datadog.monitor(42, groups={"service:a": ("Alert", night.ago(minutes=2))})
    night.datadog.monitor(43)["state"] = {"groups": {"service:a": None}}
    broken = night.datadog.monitor(44, groups={"service:a": ("Alert", night.ago(minutes=2))})
    del broken["id"]
    broken["tags"] = "env:prod"
    await night.sync()
    titles = {(await night.incident(number)).alerts.monitor_id for number in range(1, await night.count() + 1)}
    assert "42" in titles
    assert titles <= {"41", "42"}


@pytest.mark.parametrize("body", [b"{}", b'{"data": null}', b'{"data": {"id": "x", "attributes": null}}', b"[]"])
async def test_an_answer_of_another_shape_is_asked_for_again(night: DatadogWarRoom, body: bytes) -> None:
    night.datadog.monitor(42, groups={"service:a": ("Alert", night.ago(minutes=2))})
    night.datadog.fail("GET", "/api/v1/monitor", 200, body=body)
    await night.sync()
    await night.wait(minutes=2)
    await night.sync()
    assert await night.count() == 1


async def test_every_page_is_read_and_no_monitor_twice(night: DatadogWarRoom) -> None:
    for number in range(1, 251):
        fires = number in (100, 101, 250)
        night.datadog.monitor(number, groups={"service:api": ("Alert" if fires else "OK", night.ago(minutes=1))})
    await night.sync()
    pages = [query.get("page") for _, path, query in night.datadog.asked if path == "/api/v1/monitor"]
    assert pages == ["0", "1", "2"]
    assert await night.count() == 3


class TestOnlyTheTagsAndStatesOfThePolicy:
    @pytest.fixture
    def written(self) -> dict[str, Any]:
        return {"datadog": {"monitor_tags": ["team:sre"], "states": "alert"}}

    async def test_nothing_else_opens_a_room(self, night: DatadogWarRoom) -> None:
        at = night.ago(minutes=1)
        night.datadog.monitor(1, tags=["team:web"], groups={"service:a": ("Alert", at)})
        night.datadog.monitor(2, tags=["team:sre"], groups={"service:b": ("Warn", at)})
        night.datadog.monitor(3, tags=["team:sre"], groups={"service:c": ("Alert", at)})
        await night.sync()
        assert await night.count() == 1
        assert (await night.incident()).alerts.monitor_id == "3"


async def test_datadog_asks_to_wait(night: DatadogWarRoom) -> None:
    night.datadog.monitor(42, groups={"service:checkout": ("Alert", night.ago(minutes=1))})
    night.datadog.fail("GET", "/api/v1/monitor", 429, headers={"X-RateLimit-Reset": "40"})
    await night.sync()
    assert await night.count() == 0
    await night.wait(seconds=39)
    assert night.datadog.count("GET", "/api/v1/monitor") == 1
    await night.wait(seconds=2)
    assert await night.count() == 1


async def test_datadog_is_away_and_comes_back(night: DatadogWarRoom) -> None:
    night.datadog.monitor(42, groups={"service:checkout": ("Alert", night.ago(minutes=1))})
    night.datadog.fail("GET", "/api/v1/monitor", 503)
    night.datadog.fail("GET", "/api/v1/monitor", drop=True)
    night.datadog.fail("GET", "/api/v1/monitor", 200, body=b"<html>maintenance</html>")
    night.datadog.fail("GET", "/api/v1/monitor", 200, body=b"")
    night.datadog.fail("GET", "/api/v1/monitor", 500, body=b"\xff\xfe\x00")
    await night.sync()
    for _ in range(5):
        await night.wait(minutes=2)
    assert await night.count() == 1
