"""`/incident metrics`: figures for whoever asks, of what they may see."""

from __future__ import annotations

from datetime import timedelta

import pytest

from blocks import charts
from tests.handlers.conftest import HandlerHarness
from tests.refusals import refuses
from warroom.errors import Refused
from warroom.outbox.effects import SendChart


async def test_the_figures_come_at_once_and_the_chart_as_a_direct_message(desk: HandlerHarness) -> None:
    incident = await desk.room("declare checkout returns 500s --sev 1 --team platform")
    desk.clock.advance(240)
    await desk.type("ack", channel=incident.room.channel_id or "")
    desk.clock.advance(36 * 60)
    await desk.type("resolve", channel=incident.room.channel_id or "")
    card = await desk.type("metrics 2w platform")
    shown = str(card.blocks)
    assert "Incidents of platform in the last 14 days" in shown
    assert "Acknowledge: median 4 min" in shown
    assert "resolve the most severe: 40 min on average" in shown
    assert "Required post-mortems: 1 not due yet" in shown, "what is not due has not failed"
    sent = [effect for effect in await desk.outbox() if isinstance(effect, SendChart)]
    assert [(each.user, each.team, each.until - each.since) for each in sent] == [
        ("UADA", "platform", timedelta(days=14))
    ]


async def test_without_matplotlib_the_figures_come_alone(desk: HandlerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "available", lambda: False)
    await desk.room()
    desk.clock.advance(60)
    assert "chart" not in str((await desk.type("metrics")).blocks)
    assert not [effect for effect in await desk.outbox() if isinstance(effect, SendChart)]


async def test_somebody_who_may_not_see_a_private_incident_cannot_count_it(desk: HandlerHarness) -> None:
    await desk.room("declare tokens in a public bucket --sev 1 --private")
    desk.clock.advance(60)
    assert "none" in (await desk.type("metrics", user="USTRANGER")).text
    shown = str((await desk.type("metrics", user="UADA")).blocks)
    assert "1 private incident that you may see is counted" in shown


async def test_what_is_neither_span_nor_team_is_said(desk: HandlerHarness) -> None:
    for said in ("metrics sofa", "metrics 30d sofa", "metrics 0d"):
        with refuses(Refused, match="neither a span"):
            await desk.type(said)
