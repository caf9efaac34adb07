"""A Datadog that hangs holds only some workers; the others go on with the room."""

from __future__ import annotations

import asyncio

import pytest

from bot.runtime.external import AT_ONCE
from integrations.datadog import effects
from tests.clock import NIGHT
from tests.integrations.datadog.conftest import DatadogWarRoom
from warroom.errors import Retryable
from warroom.outbox.effects import ExternalEffect


def reading(number: int) -> ExternalEffect:
    """The question how that monitor is."""
    return effects.read_monitor(str(number))


async def test_only_some_wait_for_a_datadog_that_hangs(night: DatadogWarRoom) -> None:
    hung, all_hang = [0], asyncio.Event()

    def one_more() -> None:
        hung[0] += 1
        if hung[0] == AT_ONCE:
            all_hang.set()

    for _ in range(AT_ONCE):
        night.datadog.fail("GET", "/api/v1/monitor/", hang=True, do=one_more)
    at_it = [asyncio.create_task(night.performer.perform(reading(number))) for number in range(AT_ONCE)]
    async with asyncio.timeout(60):
        await all_hang.wait()
    waits = []
    for number in range(3):
        with pytest.raises(Retryable, match="waits for its turn") as told:
            await night.performer.perform(reading(100 + number), outcome_unknown=number == 2)
        waits.append(told.value.after or 0.0)
        assert told.value.outcome_unknown == (number == 2), "what may have happened before may have happened still"
    assert 0 < waits[0] < waits[1] < waits[2] < 1
    request = effects.MuteRequest(monitor_id="42", until=NIGHT.replace(hour=4), by="UADA")
    await night.hook(alert_id="42", alert_title="Errors", alert_transition="Triggered")
    pressed = effects.mute_monitor(await night.incident(), request)
    assert await night.performer.perform(pressed) is not None, "who pressed a button does not wait for them"
    for task in at_it:
        task.cancel()
    await asyncio.gather(*at_it, return_exceptions=True)
    assert await night.performer.perform(reading(7)) is not None, "then there are workers again"


async def test_hundreds_of_monitors_are_all_asked_in_the_end(night: DatadogWarRoom) -> None:
    for number in range(60):
        night.datadog.monitor(number, groups={"service:a": ("Alert", night.ago(minutes=1))})
        body = {"alert_id": str(number), "alert_title": f"M{number}", "alert_transition": "Triggered"}
        await night.hook(**body, alert_scope="service:a")
    for number in range(60):
        night.datadog.monitor(number, groups={"service:a": ("OK", night.ago())})
    await night.wait(minutes=1)
    await night.sync()
    for _ in range(20):
        await night.wait(seconds=5)
    assert [(await night.incident(number)).alerts.firing for number in range(1, 61)] == [0] * 60
