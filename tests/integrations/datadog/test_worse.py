"""An alert that is worse than its incident: raised while it is nobody's, offered once it is somebody's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alert_sources import sent
from tests.integrations.datadog.conftest import DatadogWarRoom
from tests.refusals import refuses
from warroom.alerts import usecases as alerts
from warroom.errors import AlreadyDone
from warroom.incident import events
from warroom.incident import usecases as incidents
from warroom.incident.declaration import Declare
from warroom.incident.declare import declare
from warroom.incident.model import Incident, Origin
from warroom.incident.notices import SeverityChangedNotice, WorseAlert


@pytest.fixture
def written() -> dict[str, Any]:
    """Related alerts join; some only count."""
    return {
        "rules": [
            {"name": "batch", "when": {"tags": "batch:*"}, "attach_only": {"group_by": "service"}},
            {"name": "all", "when": {}, "attach_or_declare": {"group_by": "service"}},
        ]
    }


async def told(night: DatadogWarRoom, monitor: int = 42, word: str = "Warn", **more: object) -> Incident:
    """An alert of checkout; returns the incident after it."""
    body = {"alert_id": str(monitor), "alert_title": f"Monitor {monitor}", "alert_transition": word}
    await night.hook(**body, service="checkout", date=str(night.ago() * 1000), **more)
    night.clock.time = night.clock.time.replace(second=(night.clock.time.second + 1) % 60)
    return await night.incident()


def offers(night: DatadogWarRoom) -> list[str]:
    """Severities that the room was offered."""
    return [each.severity for each in night.chat.said("worse_alert") if isinstance(each, WorseAlert)]


async def test_while_it_is_nobodys_it_becomes_as_severe_as_the_alert(night: DatadogWarRoom) -> None:
    before = await told(night)
    assert before.severity == "SEV-3"
    after = await told(night, word="Triggered")
    assert (after.severity, await night.count()) == ("SEV-2", 1)
    assert after.deadlines.ack is not None
    assert before.deadlines.ack is not None
    assert after.deadlines.ack < before.deadlines.ack, "it has to be acknowledged sooner"
    said, _ = night.chat.said("severity_changed")
    assert isinstance(said, SeverityChangedNotice)
    assert (said.by, said.why) == (None, "Monitor 42")
    assert [each.event for each in await night.timeline() if isinstance(each.event, events.SeverityChanged)] == [
        events.SeverityChanged(before="SEV-3", after="SEV-2", why="Monitor 42")
    ]
    assert (await told(night, 43, "Triggered", alert_priority="P1")).severity == "SEV-1"
    assert offers(night) == []


async def test_whoever_has_it_is_asked_once_for_each_step(night: DatadogWarRoom) -> None:
    incident = await told(night)
    await incidents.acknowledge(night.world, incident.id, "UADA")
    for _ in range(3):
        assert (await told(night, word="Triggered")).severity == "SEV-3"
    assert offers(night) == ["SEV-2"]
    await told(night, 43, "Triggered", alert_priority="P1")
    await told(night, 44, "Triggered", alert_priority="P2")
    assert offers(night) == ["SEV-2", "SEV-1"]
    await incidents.raise_severity(night.world, incident.id, "UADA", "SEV-1")
    with refuses(AlreadyDone, match="SEV-1 already"):
        await incidents.raise_severity(night.world, incident.id, "UADA", "SEV-2")
    assert (await night.incident()).severity == "SEV-1"


async def test_a_severity_that_somebody_chose_is_not_touched(night: DatadogWarRoom) -> None:
    incident = await told(night, word="Triggered", alert_priority="P1")
    await incidents.assign_role(night.world, incident.id, "UADA", "scribe", "UADA")
    await incidents.set_severity(night.world, incident.id, "UADA", "SEV-4")
    for _ in range(2):
        incident = await told(night, word="Re-Triggered", alert_priority="P1")
    assert (incident.severity, offers(night)) == ("SEV-4", []), "it was known how severe the alert is"


async def test_one_that_was_declared_is_asked_about(night: DatadogWarRoom) -> None:
    declared = Declare(
        origin=Origin.COMMAND,
        origin_key="c",
        title="slow",
        severity="SEV-3",
        by="UADA",
        group_key="1:public:service=checkout",
    )
    await declare(night.world, declared)
    await night.settle()
    assert (await told(night, word="Triggered")).severity == "SEV-3"
    assert (offers(night), await night.count()) == (["SEV-2"], 1)


async def test_what_only_attaches_says_nothing_of_severity(night: DatadogWarRoom) -> None:
    incident = await told(night)
    await told(night, 50, "Triggered", alert_priority="P1", tags="batch:nightly")
    incident = await night.incident()
    assert (incident.severity, incident.alerts.count, offers(night)) == ("SEV-3", 2, [])


async def test_a_recovery_with_a_high_priority_raises_nothing(night: DatadogWarRoom) -> None:
    await told(night)
    assert (await told(night, word="Recovered", alert_priority="P1")).severity == "SEV-3"


async def test_many_at_once_raise_it_once_to_the_worst(night: DatadogWarRoom) -> None:
    await told(night)
    bodies = [
        {
            "alert_id": "42",
            "alert_title": "Monitor 42",
            "alert_transition": word,
            "alert_priority": level,
            "event_id": str(n),
        }
        for n, (word, level) in enumerate([("Triggered", "P2"), ("Re-Triggered", "P1"), ("Re-Triggered", "P3")] * 5)
    ]

    parsed = sent(bodies, night.clock.now())
    await alerts.receive(night.world, parsed.alerts, "webhook")
    await night.settle()
    assert (await night.incident()).severity == "SEV-1"
    assert len(night.chat.said("severity_changed")) == 2, "in the channel and under the announcement"
