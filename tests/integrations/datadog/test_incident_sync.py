"""Incidents in both places: made once, told what changes here, followed in what changes there, and never an echo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integrations.datadog.state import state_of
from tests.clock import NIGHT
from tests.integrations.datadog.conftest import DatadogWarRoom
from tests.integrations.datadog.sync_steps import FULL, INCIDENTS, declared, followed, patches, theirs
from warroom.errors import AlreadyDone
from warroom.incident import corrections, events
from warroom.incident import usecases as incidents
from warroom.incident.model import State
from warroom.incident.notices import EffectFailedNotice
from warroom.outbox.effects import Post


@pytest.fixture
def written() -> dict[str, Any]:
    """Both ways, with everything on."""
    return FULL


class TestOutgoing:
    async def test_a_room_has_its_incident_in_datadog(self, night: DatadogWarRoom) -> None:
        incident = await declared(night, description="since the deploy")
        attributes = theirs(night)["attributes"]
        assert attributes["title"] == "checkout returns 500s [INC-1]"
        assert (attributes["severity"], attributes["state"]) == ("SEV-2", "active")
        assert attributes["fields"]["summary"]["value"] == "since the deploy"
        ((integration,),) = night.datadog.integrations.values()
        channel = integration["attributes"]["metadata"]["channels"][0]
        assert (channel["channel_id"], channel["channel_name"]) == (
            incident.room.channel_id,
            f"#{incident.room.channel_name}",
        )
        assert any(link.url == "https://app.datadoghq.com/incidents/1" for link in incident.links)
        assert [each.event.text for each in await night.timeline() if isinstance(each.event, events.Reported)] == [
            "Datadog incident 1"
        ]

    async def test_severity_state_and_commander_follow(self, night: DatadogWarRoom) -> None:
        night.datadog.user(1, "ada@example.com")
        grace = night.datadog.user(2, "grace@example.com")
        incident = await declared(night)
        await incidents.acknowledge(night.world, incident.id, "UADA")
        await incidents.set_severity(night.world, incident.id, "UADA", "SEV-4")
        await incidents.assign_role(night.world, incident.id, "UADA", "commander", "UGRACE")
        await incidents.mitigate(night.world, incident.id, "UGRACE")
        await night.settle()
        attributes = theirs(night)["attributes"]
        assert (attributes["severity"], attributes["state"]) == ("SEV-5", "stable")
        assert theirs(night)["relationships"]["commander_user"]["data"]["id"] == grace["id"]
        await incidents.resolve_incident(night.world, incident.id, "UGRACE")
        await night.settle()
        assert attributes["state"] == "resolved"
        await incidents.reopen(night.world, incident.id, "UGRACE")
        await night.settle()
        assert attributes["state"] == "active"

    async def test_a_commander_datadog_does_not_know_costs_nothing(self, night: DatadogWarRoom) -> None:
        incident = await declared(night)
        await incidents.acknowledge(night.world, incident.id, "UADA")
        await night.settle()
        assert theirs(night)["relationships"]["commander_user"]["data"] is None
        assert (patches(night), night.chat.said("problem", "effect_failed")) == ([], [])

    async def test_action_items_are_todos_once(self, night: DatadogWarRoom) -> None:
        incident = await declared(night)
        due = NIGHT + timedelta(days=7)
        await corrections.add_action(night.world, incident.id, "UADA", "raise the threshold", "UGRACE", due)
        await corrections.add_action(night.world, incident.id, "UADA", "raise the threshold", None, None)
        await night.settle()
        await followed(night)
        (todos,) = night.datadog.todos.values()
        assert [todo["attributes"]["content"] for todo in todos] == ["raise the threshold"] * 2
        assert todos[0]["attributes"]["assignees"] == ["@grace@example.com"]
        assert todos[0]["attributes"]["due_date"].startswith("2026-11-28")

    async def test_what_changes_nothing_tells_nothing(self, night: DatadogWarRoom) -> None:
        incident = await declared(night)
        await incidents.post_update(night.world, incident.id, "UADA", "still looking")
        await night.settle()
        for _ in range(3):
            await followed(night)
        assert patches(night) == []

    async def test_a_private_incident_is_never_told(self, night: DatadogWarRoom) -> None:
        incident = await declared(night, private=True)
        await incidents.acknowledge(night.world, incident.id, "UADA")
        await night.settle()
        assert not [path for _, path, _ in night.datadog.asked if path.startswith(INCIDENTS)]


class TestTrouble:
    @pytest.mark.parametrize("lost", [{"status": 502}, {"drop": True}, {"status": 201, "body": b"<html>"}])
    async def test_a_creation_whose_answer_was_lost_is_found_again(
        self, night: DatadogWarRoom, lost: dict[str, Any]
    ) -> None:
        night.datadog.fail("POST", INCIDENTS, after=True, **lost)
        incident = await declared(night)
        assert (incident.room.channel_id is not None, state_of(incident).link) == (True, None), "the room does not wait"
        await night.wait(minutes=1)
        assert len(night.datadog.incidents) == 1
        assert state_of(await night.incident()).link is not None
        assert await night.count() == 1, "nor does our own incident open another room"

    @pytest.mark.parametrize(
        "body",
        [
            b"{}",
            b"[]",
            b'{"data": null}',
            b'{"data": {"type": "incidents", "id": "x"}}',
            b'{"data": {"attributes": {"fields": ["severity"]}}, "included": {"id": 1}}',
            b'{"data": {"attributes": {"incidents": [{}]}}}',
        ],
    )
    @pytest.mark.parametrize(("method", "path"), [("GET", "/search"), ("POST", ""), ("GET", "/1"), ("PATCH", "/1")])
    async def test_an_answer_in_a_shape_nobody_foresaw_ends_well(
        self, night: DatadogWarRoom, method: str, path: str, body: bytes
    ) -> None:
        night.datadog.fail(method, f"{INCIDENTS}{path}", 200, body=body, after=True)
        incident = await declared(night, services=("api",))
        assert incident.room.card_ts is not None
        await incidents.mitigate(night.world, incident.id, "UADA")
        for _ in range(3):
            await night.wait(minutes=1)
            await followed(night)
        assert len(night.datadog.incidents) == 1
        attributes = theirs(night)["attributes"]
        assert (attributes["state"], attributes["fields"]["services"]["value"]) == ("stable", ["api"])
        assert (await night.incident()).state is State.MITIGATED

    async def test_a_lost_todo_or_room_is_not_doubled(self, night: DatadogWarRoom) -> None:
        night.datadog.fail("POST", f"{INCIDENTS}/", 500, after=True)
        incident = await declared(night)
        await night.wait(minutes=1)
        await corrections.add_action(night.world, incident.id, "UADA", "raise the threshold", None, None)
        night.datadog.fail("POST", f"{INCIDENTS}/", drop=True, after=True)
        await night.settle()
        await night.wait(minutes=2)
        assert [len(kept) for kept in (*night.datadog.integrations.values(), *night.datadog.todos.values())] == [1, 1]

    async def test_datadog_is_down_for_an_hour_and_the_room_does_not_notice(self, night: DatadogWarRoom) -> None:
        for _ in range(8):
            night.datadog.fail("GET", f"{INCIDENTS}/search", 503)
        incident = await declared(night)
        assert incident.room.card_ts is not None
        await incidents.mitigate(night.world, incident.id, "UADA")
        for _ in range(12):
            await night.wait(minutes=5)
        assert theirs(night)["attributes"]["state"] == "stable"
        assert night.chat.said("problem", "effect_failed") == []

    async def test_a_refusal_is_one_line_in_the_room(self, night: DatadogWarRoom) -> None:
        night.datadog.fail("POST", INCIDENTS, 403, body=b'{"errors": ["no scope"]}')
        night.datadog.fail("POST", INCIDENTS, 403, body=b'{"errors": ["no scope"]}')
        incident = await declared(night)
        await incidents.mitigate(night.world, incident.id, "UADA")
        await night.settle()
        problem = night.chat.said("problem", "effect_failed")[-1]
        assert isinstance(problem, EffectFailedNotice)
        slots = {
            each.slot for each in night.chat.done if isinstance(each, Post) and each.notice.kind == "effect_failed"
        }
        assert slots == {f"problem:{incident.id}:datadog"}, "the newest line takes the place of the one before"
        assert problem.what == "The incident in Datadog could not be kept up to date"
        assert (problem.effect, problem.error) == (events.EffectKind.EXTERNAL, "Creating an incident: no scope")
        await incidents.resolve_incident(night.world, incident.id, "UADA")
        await night.settle()
        assert theirs(night)["attributes"]["state"] == "resolved"


class TestOnlyLinked:
    @pytest.fixture
    def written(self) -> dict[str, Any]:
        return {"datadog": {"incidents": "link"}}

    async def test_datadog_changes_nothing_here(self, night: DatadogWarRoom) -> None:
        incident = await declared(night)
        night.datadog.change(theirs(night)["id"], severity="SEV-1", state="resolved")
        night.datadog.incident(77, "payments are slow")
        incident = await followed(night)
        assert (incident.severity, incident.state, await night.count()) == ("SEV-2", State.DETECTED, 1)
        await incidents.mitigate(night.world, incident.id, "UADA")
        await night.settle()
        assert (await night.incident()).state is State.MITIGATED


class TestOff:
    @pytest.fixture
    def written(self) -> dict[str, Any]:
        return {"datadog": {"incidents": False}}

    async def test_datadog_is_not_asked(self, night: DatadogWarRoom) -> None:
        incident = await declared(night)
        await incidents.acknowledge(night.world, incident.id, "UADA")
        with pytest.raises(AlreadyDone):
            await incidents.acknowledge(night.world, incident.id, "UADA")
        await followed(night)
        assert night.datadog.asked == []
