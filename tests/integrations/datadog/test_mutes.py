"""Muting a monitor from a room: one downtime, one line, whatever goes wrong on the way."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from blocks import ids
from blocks.incident_card import incident_card
from integrations.datadog import Datadog, mutes
from integrations.datadog.policy import DatadogSettings
from tests.clock import NIGHT
from tests.integrations.datadog.conftest import DatadogWarRoom
from tests.refusals import refuses
from warroom.errors import AlreadyDone, Refused
from warroom.incident import events
from warroom.incident.model import Incident
from warroom.incident.notices import EffectFailedNotice, Muted
from warroom.incident.view import incident_view
from warroom.registry import Integrations


async def firing(night: DatadogWarRoom) -> Incident:
    """An incident that monitor 42 opened."""
    await night.hook(alert_id="42", alert_title="High error rate", alert_transition="Triggered", alert_cycle_key="c")
    return await night.incident()


async def test_a_mute_is_one_downtime_and_one_line(night: DatadogWarRoom) -> None:
    incident = await firing(night)
    await mutes.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    (downtime,) = night.datadog.downtimes
    assert downtime["attributes"]["monitor_identifier"] == {"monitor_id": 42}
    assert downtime["attributes"]["schedule"]["end"] == "2026-11-21T04:00:00+00:00"
    until = NIGHT + timedelta(hours=1)
    assert night.chat.said("muted") == [Muted(monitor_id="42", until=until, by="UADA")]
    assert [each.by for each in await night.timeline() if isinstance(each.event, events.Reported)] == ["UADA"]


async def test_a_second_press_mutes_nothing_more_until_the_hour_is_over(night: DatadogWarRoom) -> None:
    incident = await firing(night)
    await mutes.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    with refuses(AlreadyDone, match="until 04:00"):
        await mutes.mute(night.world, incident.id, "42", "UGRACE")
    await night.wait(minutes=61)
    await mutes.mute(night.world, incident.id, "42", "UGRACE")
    await night.settle()
    assert len(night.datadog.downtimes) == 2


async def two_groups(night: DatadogWarRoom, *groups: str) -> Incident:
    """An incident in which these groups of monitor 42 fire."""
    night.datadog.monitor(
        42, groups={each: ("Alert", night.ago(minutes=1)) for each in (*groups, "service:idle,env:prod")}
    )
    for group in groups:
        scope = ", ".join(reversed(group.split(",")))
        await night.hook(alert_id="42", alert_title="Errors", alert_transition="Triggered", alert_scope=scope)
    return await night.incident()


async def muted(night: DatadogWarRoom, incident: Incident, by: str = "UADA") -> str:
    """The scope of the downtime that a press makes."""
    await mutes.mute(night.world, incident.id, "42", by)
    await night.settle()
    return str(night.datadog.downtimes[-1]["attributes"]["scope"])


@pytest.mark.parametrize(
    ("groups", "scope"),
    [
        (("service:cart,env:prod",), "env:prod AND service:cart"),
        (("service:cart,env:prod", "service:pay,env:prod"), "env:prod AND service:(cart OR pay)"),
        (("service:cart,env:prod", "service:pay,env:dev"), "*"),
        (("host:a b",), "*"),
        (("path:/x OR *",), "*"),
        (("service:N/A",), "*"),
        (("service:or",), "*"),
        (("kube.namespace:a/b_c-1.2",), "kube.namespace:a/b_c-1.2"),
    ],
)
async def test_only_what_fires_is_muted_where_a_scope_can_say_so(
    night: DatadogWarRoom, groups: tuple[str, ...], scope: str
) -> None:
    incident = await two_groups(night, *groups)
    assert await muted(night, incident) == scope
    (said,) = night.chat.said("muted")
    assert isinstance(said, Muted)
    assert bool(said.groups) == (scope != "*")


async def test_a_group_that_the_monitor_does_not_have_mutes_the_whole_monitor(night: DatadogWarRoom) -> None:
    incident = await two_groups(night, "service:cart,env:prod")
    night.datadog.monitor(42, groups={"host:a": ("Alert", night.ago(minutes=1))})
    assert await muted(night, incident) == "*"


async def test_what_recovered_is_not_muted_and_what_fires_later_can_be(night: DatadogWarRoom) -> None:
    incident = await two_groups(night, "service:cart,env:prod", "service:pay,env:prod")
    await night.hook(
        alert_id="42", alert_title="Errors", alert_transition="Recovered", alert_scope="service:cart,env:prod"
    )
    assert await muted(night, incident) == "env:prod AND service:pay"
    with pytest.raises(AlreadyDone):
        await muted(night, incident)
    await night.hook(
        alert_id="42", alert_title="Errors", alert_transition="Triggered", alert_scope="service:cart,env:prod"
    )
    assert await muted(night, incident, "UGRACE") == "env:prod AND service:(cart OR pay)"
    assert [each.groups for each in night.chat.said("muted") if isinstance(each, Muted)] == [
        ("env:prod,service:pay",),
        ("env:prod,service:cart", "env:prod,service:pay"),
    ]


async def test_a_lost_answer_tells_what_was_really_muted(night: DatadogWarRoom) -> None:
    incident = await two_groups(night, "service:cart,env:prod")
    night.datadog.fail("POST", "/api/v2/downtime", drop=True, after=True)
    await mutes.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    night.datadog.monitors = []
    await night.wait(minutes=1)
    (said,) = night.chat.said("muted")
    assert isinstance(said, Muted)
    assert (said.groups, len(night.datadog.downtimes)) == (("env:prod,service:cart",), 1)


@pytest.mark.parametrize("lost", ["drop", "error"])
async def test_an_answer_that_was_lost_makes_no_second_downtime(night: DatadogWarRoom, lost: str) -> None:
    incident = await firing(night)
    if lost == "drop":
        night.datadog.fail("POST", "/api/v2/downtime", drop=True, after=True)
    else:
        night.datadog.fail("POST", "/api/v2/downtime", 502, after=True)
    await mutes.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    assert night.chat.said("muted") == []
    await night.wait(minutes=1)
    assert len(night.datadog.downtimes) == 1
    assert len(night.chat.said("muted")) == 1


async def test_our_downtime_is_found_among_many(night: DatadogWarRoom) -> None:
    incident = await firing(night)
    night.datadog.fail("POST", "/api/v2/downtime", 502, after=True)
    night.datadog.downtimes += [
        {"type": "downtime", "id": f"d{n}", "attributes": {"message": "not ours" if n % 2 else None}}
        for n in range(150)
    ]
    await mutes.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    await night.wait(minutes=1)
    assert len(night.datadog.downtimes) == 151


async def test_a_refusal_is_said_in_the_room_and_may_be_tried_again(night: DatadogWarRoom) -> None:
    incident = await firing(night)
    night.datadog.fail("POST", "/api/v2/downtime", 403, body=b'{"errors": ["Forbidden"]}')
    await mutes.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    (problem,) = night.chat.said("effect_failed")
    assert isinstance(problem, EffectFailedNotice)
    assert (problem.what, problem.error) == ("The monitor could not be muted", "Muting: Forbidden")
    assert "scopes" in problem.advice
    await mutes.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    assert len(night.datadog.downtimes) == 1


async def test_a_mute_that_comes_too_late_is_not_made(night: DatadogWarRoom) -> None:
    incident = await firing(night)
    night.datadog.fail("GET", "/api/v2/downtime", 503)
    await mutes.mute(night.world, incident.id, "42", "UADA")
    await night.settle()
    await night.wait(hours=2)
    assert night.datadog.downtimes == []
    assert len(night.chat.said("problem", "effect_failed")) == 1


async def test_what_is_no_monitor_cannot_be_muted(night: DatadogWarRoom) -> None:
    incident = await firing(night)
    with refuses(Refused, match="nothing to mute"):
        await mutes.mute(night.world, incident.id, "abc", "UADA")


async def test_the_card_offers_it_only_where_it_would_work(night: DatadogWarRoom) -> None:
    incident = await firing(night)
    card = drawn(night, incident, night.integration)
    assert ids.carry(incident.id, "datadog:mute:42") in card
    assert "https://app.datadoghq.com/monitors/42" in card
    unnamed = incident.copy_with(alerts=incident.alerts.copy_with(monitor_id=None))
    assert ids.ALERT_MENU not in drawn(night, unnamed, night.integration)
    without_keys = Datadog(DatadogSettings())
    await without_keys.start(night.world.policy, night.clock)
    assert ids.ALERT_MENU not in drawn(night, incident, without_keys)


def drawn(night: DatadogWarRoom, incident: Incident, integration: Datadog) -> str:
    """The card's blocks, with what that integration offers."""
    menu = Integrations(integration).menu(incident, night.world.policy)
    return json.dumps(incident_card(incident_view(incident, night.world.policy, menu=menu), NIGHT).blocks)


async def test_the_menu_mutes_and_refuses_what_it_does_not_offer(night: DatadogWarRoom) -> None:
    incident = await firing(night)
    await night.world.integrations.choose(night.world, incident.id, "datadog:mute:42", "UADA")
    await night.settle()
    assert len(night.datadog.downtimes) == 1
    for old in ("mute:42", "datadog:paint:42", "nobody:mute:42"):
        with refuses(Refused, match="out of date"):
            await night.world.integrations.choose(night.world, incident.id, old, "UADA")


@pytest.mark.parametrize(
    ("snapshot", "shown"),
    [("https://p.datadoghq.com/snapshot/1.png", True), ("javascript:alert(1)", False), ("", False)],
)
async def test_the_card_shows_the_metrics_picture(night: DatadogWarRoom, snapshot: str, shown: bool) -> None:
    await night.hook(alert_id="42", alert_title="High error rate", alert_transition="Triggered", snapshot=snapshot)
    card = incident_card(incident_view(await night.incident(), night.world.policy), NIGHT)
    pictures = [block["image_url"] for block in card.blocks if block["type"] == "image"]
    assert pictures == ([snapshot] if shown else [])
