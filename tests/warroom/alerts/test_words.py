"""What senders call a transition, a priority, a time and a link."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.warroom.alerts.conftest import NIGHT, alert


def _ms(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


@pytest.mark.parametrize(
    ("said", "transition", "state"),
    [
        ("Triggered", "trigger", "alert"),
        ("Re-Triggered", "retrigger", "alert"),
        ("re_triggered", "retrigger", "alert"),
        ("Renotify", "renotify", "unknown"),
        ("Warn", "warn", "warn"),
        ("Re-Warn", "rewarn", "warn"),
        ("No Data", "no_data", "no_data"),
        ("NO_DATA", "no_data", "no_data"),
        ("Re-No Data", "re_no_data", "no_data"),
        ("Recovered", "recover", "ok"),
        ("Warn Recovered", "recover", "ok"),
        ("firing", "trigger", "alert"),
        ("Escalated", "trigger", "alert"),
        ("Muted", "update", "unknown"),
        ("Imploded", "update", "unknown"),
        ("$ALERT_TRANSITION", "trigger", "alert"),
        ("Null", "trigger", "alert"),
        ("", "trigger", "alert"),
    ],
)
def test_a_transition_in_any_spelling(said: str, transition: str, state: str) -> None:
    found = alert({"title": "Queue", "alert_transition": said})
    assert (found.transition, found.state) == (transition, state)


@pytest.mark.parametrize(
    ("body", "transition", "state"),
    [
        ({"title": "Queue", "alert_type": "success"}, "recover", "ok"),
        ({"title": "Queue", "alert_type": "warning"}, "warn", "warn"),
        ({"title": "Queue", "alert_type": "info"}, "update", "unknown"),
        ({"title": "Queue", "status": "resolved"}, "recover", "ok"),
        ({"title": "Queue", "alert_status": "errors > 5 over the last 5 min"}, "trigger", "alert"),
        ({"title": "Queue", "alert_transition": "Renotify", "alert_type": "warning"}, "renotify", "warn"),
        ({"title": "Queue", "alert_transition": "Warn", "status": "resolved"}, "warn", "warn"),
    ],
)
def test_without_a_transition_something_else_tells(body: dict[str, str], transition: str, state: str) -> None:
    found = alert(body)
    assert (found.transition, found.state, found.title) == (transition, state, "Queue")


@pytest.mark.parametrize(
    ("body", "priority", "severity"),
    [
        ({"alert_priority": "P2"}, "P2", None),
        ({"priority": 4}, "P4", None),
        ({"priority": "normal"}, None, None),
        ({"priority": "P6"}, None, "P6"),
        ({"priority": "high"}, None, "high"),
        ({"severity": "SEV-2", "tags": "severity:low"}, None, "SEV-2"),
        ({"tags": "severity:low"}, None, "low"),
        ({"severity": "N/A"}, None, None),
    ],
)
def test_urgency(body: dict[str, object], priority: str | None, severity: str | None) -> None:
    found = alert({"title": "Queue"} | body)
    assert (found.priority, found.severity) == (priority, severity)


@pytest.mark.parametrize(
    "said",
    [
        _ms(NIGHT),
        str(int(NIGHT.timestamp())),
        int(NIGHT.timestamp()),
        NIGHT.timestamp() * 1000.0,
        str(int(NIGHT.timestamp()) * 10**6),
        str(int(NIGHT.timestamp()) * 10**9),
        "2026-11-21T03:00:00Z",
        "2026-11-21T04:00:00+01:00",
        "2026-11-21 03:00:00",
    ],
)
def test_a_time_in_any_unit(said: object) -> None:
    assert alert({"title": "Queue", "date": said}).occurred_at == NIGHT


@pytest.mark.parametrize(
    "said", ["soon", "", "0", "-1", "1e400", "9" * 30, "nan", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", []]
)
def test_a_time_that_cannot_be_true_is_none(said: object) -> None:
    assert alert({"title": "Queue", "date": said}).occurred_at is None


def test_a_clock_may_be_a_little_ahead_but_not_in_the_future() -> None:
    near, far = NIGHT + timedelta(minutes=4), NIGHT + timedelta(minutes=6)
    assert alert({"title": "Queue", "date": _ms(near)}).occurred_at == near
    assert alert({"title": "Queue", "date": _ms(far)}).occurred_at is None
    assert alert({"title": "Queue", "date": _ms(far), "last_updated": _ms(NIGHT)}).occurred_at == NIGHT


def test_a_late_delivery_keeps_its_time_for_days_not_for_months() -> None:
    late, ancient = NIGHT - timedelta(days=29), NIGHT - timedelta(days=31)
    assert alert({"title": "Queue", "date": _ms(late)}).occurred_at == late
    assert alert({"title": "Queue", "date": _ms(ancient)}).occurred_at is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://app.vendor.example.com/monitors/1?group=a%3Ab&x=1", True),
        ("http://graphs.internal:3000/d/1", True),
        ("javascript:alert(1)", False),
        ("ftp://example.com", False),
        ("https://", False),
        ("https://app.vendor.example.com@evil.example/", False),
        ("https://example.com/a|forged>", False),
        ("https://[::1", False),
        ("https://example.com/" + "a" * 3000, False),
    ],
)
def test_only_whole_web_addresses_are_links(url: str, shown: bool) -> None:
    found = alert({"title": "Queue", "link": url, "snapshot": url})
    assert found.link == found.snapshot == (url if shown else None)
