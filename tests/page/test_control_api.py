"""Faults, time and scenarios over the control API."""

from __future__ import annotations

from datetime import timedelta

from sandbox import Scenario
from tests.page.conftest import Visitor


async def test_fault_is_planned_applied_and_cleared(visitor: Visitor) -> None:
    status, state = await visitor.post("/control/faults", {"method": "auth.*", "kind": "503", "nth": 2, "times": None})
    assert status == 200
    assert state["faults"][0] | {"seen": 0} == {
        "method": "auth.*", "kind": "503", "nth": 2, "times": None, "probability": 1.0, "seconds": 1.0, "seen": 0, "applied": 0,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {visitor.slack.bot_token}"}
    seen = []
    for _ in range(3):
        async with visitor.session.post(f"{visitor.slack.api_url}auth.test", headers=headers) as answer:
            seen.append(answer.status)
    assert seen == [200, 503, 503]
    _, state = await visitor.post("/control/faults", {"clear": True})
    assert state["faults"] == []


async def test_control_api_refuses_invalid_values_with_a_sentence(visitor: Visitor) -> None:
    for path, body, said in (
        ("faults", {"kind": "earthquake"}, "no fault is called 'earthquake'"),
        ("faults", {"kind": "503", "probability": 2}, "probability must be from 0 to 1"),
        ("latency", {"seconds": -1}, "seconds must be from 0 to 600"),
        ("clock", {"minutes": "soon"}, "could not convert"),
        ("events", {"do": "eat"}, "not 'eat'"),
        ("sockets", {}, "drop or refresh"),
        ("scenarios", {"name": "opera"}, "no scenario is called 'opera'"),
    ):
        status, answer = await visitor.post(f"/control/{path}", body)
        assert status == 400
        assert said in answer["error"]


async def test_clock_is_advanced_through_on_advance(visitor: Visitor) -> None:
    before = visitor.slack.clock.now()
    await visitor.post("/control/clock", {"minutes": 15})
    assert visitor.slack.clock.now() - before >= timedelta(minutes=15)
    wound: list[timedelta] = []

    async def follow(by: timedelta) -> None:
        wound.append(by)

    visitor.slack.on_advance = follow
    await visitor.post("/control/clock", {"minutes": 60})
    assert wound == [timedelta(minutes=60)]


async def test_latency_events_and_scenarios_are_controlled(visitor: Visitor) -> None:
    played: list[str] = []

    async def play() -> None:
        played.append("storm")

    visitor.slack.scenarios = [Scenario("Storm", play)]
    await visitor.post("/control/latency", {"seconds": 0.25})
    await visitor.post("/control/events", {"do": "duplicate"})
    await visitor.post("/control/scenarios", {"name": "Storm"})
    _, state = await visitor.post("/control/events", {"do": "hold"})
    assert (visitor.slack.latency, visitor.slack.sockets.duplicates, played) == (0.25, 1, ["storm"])
    assert (state["held"], state["scenarios"]) == (0, ["Storm"])
    await visitor.slack.open_home("ada")
    _, state = await visitor.post("/control/events", {"do": "reverse"})
    assert state["held"] is None
