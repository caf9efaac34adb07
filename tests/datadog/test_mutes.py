"""Muting a monitor from a room: one downtime, one line, whatever goes wrong on the way."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from blocks import ids
from blocks.incident_card import incident_card
from tests.datadog.conftest import NIGHT, Night
from warroom.errors import AlreadyDone, Refused
from warroom.incident import Incident
from warroom.notices import Muted, Problem
from warroom.timeline import Happened
from warroom.usecases import monitors
from warroom.views import incident_view


async def firing(night: Night) -> Incident:
    """An incident that monitor 42 opened."""
    await night.hook(alert_id="42", alert_title="High error rate", alert_transition="Triggered", alert_cycle_key="c")
    return await night.incident()


async def test_a_mute_is_one_downtime_and_one_line(night: Night) -> None:
    incident = await firing(night)
    await monitors.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    (downtime,) = night.datadog.downtimes
    assert downtime["attributes"]["monitor_identifier"] == {"monitor_id": 42}
    assert downtime["attributes"]["schedule"]["end"] == "2026-11-21T04:00:00+00:00"
    until = NIGHT + timedelta(hours=1)
    assert night.chat.said("muted") == [Muted(monitor_id="42", until=until, by="UADA")]
    assert [each.by for each in await night.timeline() if each.what is Happened.MUTED] == ["UADA"]


async def test_a_second_press_mutes_nothing_more_until_the_hour_is_over(night: Night) -> None:
    incident = await firing(night)
    await monitors.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    with pytest.raises(AlreadyDone, match="until 04:00"):
        await monitors.mute(night.world, incident.id, "42", "UGRACE")
    await night.wait(minutes=61)
    await monitors.mute(night.world, incident.id, "42", "UGRACE")
    await night.settle()
    assert len(night.datadog.downtimes) == 2


@pytest.mark.parametrize("lost", ["drop", "error"])
async def test_an_answer_that_was_lost_makes_no_second_downtime(night: Night, lost: str) -> None:
    incident = await firing(night)
    if lost == "drop":
        night.datadog.fail("POST", "/api/v2/downtime", drop=True, after=True)
    else:
        night.datadog.fail("POST", "/api/v2/downtime", 502, after=True)
    await monitors.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    assert night.chat.said("muted") == []
    await night.wait(minutes=1)
    assert len(night.datadog.downtimes) == 1
    assert len(night.chat.said("muted")) == 1


async def test_our_downtime_is_found_among_many(night: Night) -> None:
    incident = await firing(night)
    night.datadog.fail("POST", "/api/v2/downtime", 502, after=True)
    night.datadog.downtimes += [
        {"type": "downtime", "id": f"d{n}", "attributes": {"message": "not ours" if n % 2 else None}}
        for n in range(150)
    ]
    await monitors.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    await night.wait(minutes=1)
    assert len(night.datadog.downtimes) == 151


async def test_a_refusal_is_said_in_the_room_and_may_be_tried_again(night: Night) -> None:
    incident = await firing(night)
    night.datadog.fail("POST", "/api/v2/downtime", 403, body=b'{"errors": ["Forbidden"]}')
    await monitors.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    (problem,) = night.chat.said("problem")
    assert isinstance(problem, Problem)
    assert problem.what == "The monitor could not be muted: Muting: Forbidden"
    assert "scopes" in problem.advice
    await monitors.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    assert len(night.datadog.downtimes) == 1


async def test_a_mute_that_comes_too_late_is_not_made(night: Night) -> None:
    incident = await firing(night)
    night.datadog.fail("GET", "/api/v2/downtime", 503)
    await monitors.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    await night.wait(hours=2)
    assert night.datadog.downtimes == []
    assert len(night.chat.said("problem")) == 1


async def test_what_is_no_monitor_cannot_be_muted(night: Night) -> None:
    incident = await firing(night)
    with pytest.raises(Refused, match="nothing to mute"):
        await monitors.mute(night.world, incident.id, "abc", "UADA")


async def test_the_card_offers_it_only_where_it_would_work(night: Night) -> None:
    incident = await firing(night)
    plain = json.dumps(incident_card(incident_view(incident, night.world.policy), NIGHT).blocks)
    assert ids.MONITOR not in plain
    pages = "https://app.datadoghq.com"
    card = json.dumps(incident_card(incident_view(incident, night.world.policy, datadog=pages), NIGHT).blocks)
    assert ids.carry(incident.id, "mute:42") in card
    assert "https://app.datadoghq.com/monitors/42" in card
    unnamed = incident.but(alerts=incident.alerts.but(monitor_id=None))
    assert ids.MONITOR not in json.dumps(
        incident_card(incident_view(unnamed, night.world.policy, datadog=pages), NIGHT).blocks
    )


@pytest.mark.parametrize(
    ("snapshot", "shown"),
    [("https://p.datadoghq.com/snapshot/1.png", True), ("javascript:alert(1)", False), ("", False)],
)
async def test_the_card_shows_the_metrics_picture(night: Night, snapshot: str, shown: bool) -> None:
    await night.hook(alert_id="42", alert_title="High error rate", alert_transition="Triggered", snapshot=snapshot)
    card = incident_card(incident_view(await night.incident(), night.world.policy), NIGHT)
    pictures = [block["image_url"] for block in card.blocks if block["type"] == "image"]
    assert pictures == ([snapshot] if shown else [])
