"""What cannot be worked off by a fault of our own holds up nothing else, and ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from bot.runtime.directory import CachedDirectory
from tests.alert_sources import sent
from tests.clock import ManualClock
from tests.integrations.test_dispatcher import Nobody
from tests.stores import fresh_store
from warroom.alerts import usecases as alerts
from warroom.alerts.model import Alert
from warroom.alerts.rules import RuleAction, match_rules
from warroom.outbox.changes import AlertDecision
from warroom.outbox.effects import PostReview, SendChart
from warroom.policy import Policy
from warroom.ports import World

YEAR_1, YEAR_9999 = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


async def test_an_alert_that_cannot_be_decided_keeps_no_other_waiting(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poisoned(alert: Alert, policy: Policy, received_at: datetime) -> RuleAction:
        if "poison" in alert.title:
            raise OverflowError("date value out of range")
        return match_rules(alert, policy, received_at)

    monkeypatch.setattr(alerts, "match_rules", poisoned)
    async with fresh_store() as store:
        world = World(store, CachedDirectory(store, Nobody()), Policy(), clock, Nobody(), lambda: None)
        for number, title in enumerate(["disk", "poison", "memory", "disk", "errors"]):
            body = {"alert_id": title, "alert_title": title, "alert_transition": "Triggered", "event_id": f"e{number}"}
            await alerts.receive(world, sent(body, clock.now()).alerts, "webhook")
        with pytest.raises(OverflowError):
            await alerts.decide_pending(world)
        assert [each.alert.title for each in await store.pending_alerts(10)] == ["poison"]
        assert {each.title for each in await store.incidents()} == {"disk", "memory", "errors"}
        monkeypatch.undo()
        assert await alerts.decide_pending(world) == 1, "once the fault is mended, it is decided too"


async def test_a_fault_that_only_several_alerts_together_have_is_logged(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> list[AlertDecision]:
        raise ZeroDivisionError

    monkeypatch.setattr(alerts, "attach_together", broken)
    async with fresh_store() as store:
        world = World(store, CachedDirectory(store, Nobody()), Policy(), clock, Nobody(), lambda: None)
        body = {"alert_id": "disk", "alert_title": "disk", "alert_transition": "Triggered"}
        for number in range(3):
            await alerts.receive(world, sent(body | {"event_id": f"e{number}"}, clock.now()).alerts, "webhook")
        with capture_logs() as logged:
            assert await alerts.decide_pending(world) == 3, "each is decided alone"
        faults = [line for line in logged if line["event"] == "several alerts could not be decided together"]
        assert [(line["log_level"], line["alerts"]) for line in faults] == [("error", 2), ("error", 1)]


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (YEAR_1, YEAR_9999),
        (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(1980, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(2026, 1, 1), datetime(2026, 1, 2)),  # noqa: DTZ001  # without a zone
    ],
)
def test_a_span_with_which_nothing_can_be_reckoned_is_no_effect(since: datetime, until: datetime) -> None:
    with pytest.raises(ValidationError):
        SendChart(key="k", user="UADA", since=since, until=until)
    with pytest.raises(ValidationError):
        PostReview(key="k", channel="#general", week="2026-01-01", since=since, until=until)


def test_ten_years_can_be_drawn() -> None:
    until = datetime(2026, 1, 1, tzinfo=UTC)
    assert SendChart(key="k", user="UADA", since=until - timedelta(days=3650), until=until).until == until
